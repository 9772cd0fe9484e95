"""`sitegate lock` and a start that fails drive the relay to locked first, with nothing but its pin; real pins are stood
in for."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.app.lock_relay import keep_relay_description, lock_relay
from edge.core.config import GateConfig
from edge.core.ports import GateError
from edge.devices.gate import gpiochip
from edge.devices.gate.pins import no_chip
from edge.devices.pin_fault import explain, on_a_pi

STUB = Path(__file__).parents[1] / "rigs" / "lgpio_stub"
GATE = "[gate]\nrelay_pin = 5\nrelay_active_high = {active_high}\n"


def sitegate(command: str, config: Path, stub: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    told = {**os.environ, "PYTHONPATH": str(STUB), "LGPIO_STUB": stub, "COLUMNS": "300", **more}
    call = [sys.executable, "-m", "edge", command, "--config", str(config)]
    return subprocess.run(call, env=told, capture_output=True, text=True, timeout=60, cwd=config.parent)


def written(folder: Path, more: str = "", active_high: bool = True, state: str = "state") -> Path:
    path = folder / "gate.toml"
    start = f'[paths]\nstate_dir = "{state}"\n' + GATE.format(active_high=str(active_high).lower())
    path.write_text(start + more)
    return path


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A state folder on a disk that is full, and then cannot be written at all."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=True)
    (folder / "gate").mkdir()
    (folder / "gate" / "fill").write_bytes(b"x" * 65_536)
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("read_only", [False, True], ids=["full", "read-only"])
def test_ok__the_relay_is_locked_whatever_the_disk_says(tmp_path: Path, full: Path, read_only: bool) -> None:
    if read_only:
        subprocess.run(["mount", "-o", "remount,ro", full], check=True)
    config = written(tmp_path, state="disk")
    done = sitegate("lock", config)
    assert done.returncode == 0
    assert "PIN 5 output 0" in done.stderr
    started = sitegate("gate", config)
    assert started.returncode != 0
    assert "PIN 5 output 0" in started.stderr
    assert "Traceback" not in started.stderr


@pytest.mark.parametrize("command", ["lock", "gate"])
@pytest.mark.parametrize(
    "more",
    ["[nonsense]\n", "pulse_ms = 1\n", "[camera]\nsource = \n", "[site]\nsite_id = 'a b'\n", '[sync]\nx = """\n'],
)
def test_ok__the_relay_is_locked_whatever_else_is_wrong_in_the_configuration(
    tmp_path: Path, command: str, more: str
) -> None:
    done = sitegate(command, written(tmp_path, more))
    assert done.returncode == (0 if command == "lock" else 2)
    assert "PIN 5 output 0" in done.stderr
    assert "relay locked at pin 5" in done.stderr
    assert "Traceback" not in done.stderr


def test_ok__a_relay_that_is_active_low_never_sees_the_other_level(tmp_path: Path) -> None:
    done = sitegate("lock", written(tmp_path, active_high=False))
    assert "PIN 5 output 1" in done.stderr
    assert not [line for line in done.stderr.splitlines() if line.startswith("PIN 5") and line.endswith(" 0")]


@pytest.mark.parametrize(
    "damage", ["[gate]\nrelay_pin = ", "[gate]\nrelay_pin = 99\n", "[ga", "\0\0\0", None, "folder"]
)
def test_ok__the_last_good_description_counts_when_the_configuration_says_nothing(
    tmp_path: Path, damage: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    (tmp_path / "run").mkdir()
    keep_relay_description(
        GateConfig(relay_pin=6, relay_out_pin=7, relay_active_high=False, fire_pin=8), tmp_path / "elsewhere"
    )
    path = tmp_path / "gate.toml"
    if damage == "folder":
        path.mkdir()
    elif damage is not None:
        path.write_text(damage)
    done = sitegate("lock", path, RUNTIME_DIRECTORY=str(tmp_path / "run"))
    assert done.returncode == 0
    assert "PIN 6 output 1" in done.stderr
    assert "PIN 7 output 1" in done.stderr
    assert "PIN 17" not in done.stderr
    assert "the last gate process that started" in done.stderr


def test_ok__a_section_that_may_have_been_cut_off_counts_less_than_the_last_good_one(tmp_path: Path) -> None:
    """The rest of the file could have said that the relay is active-low: driven low it would open."""
    path = tmp_path / "gate.toml"
    path.write_text('[paths]\nstate_dir = "state"\n[sync]\nbroken = \n[gate]\nrelay_pin = 6\n')
    (tmp_path / "state" / "gate").mkdir(parents=True)
    assert "PIN 6 output 0" in sitegate("lock", path).stderr  # nothing better is known
    keep_relay_description(GateConfig(relay_pin=6, relay_active_high=False), tmp_path / "state")
    assert "PIN 6 output 1" in sitegate("lock", path).stderr


TYPING_SLIPS = {
    "the level": "[gate]\nrelay_pin = 6\nrelay_active_hihg = false\n",
    "the pin": "[gate]\nrelay_pn = 6\nrelay_active_high = false\n",
    "the section": "[gat]\nrelay_pin = 6\nrelay_active_high = false\n",
    "a section in the midst": "[gate]\nrelay_pin = 6\n[oops]]\nrelay_active_high = false\n[sync]\n",
    "a line of the gate's": "[gate]\nrelay_pin = 6\nrelay_active_high = nope\n[sync]\n",
}


@pytest.mark.parametrize("slip", TYPING_SLIPS.values(), ids=TYPING_SLIPS)
def test_ok__a_misspelt_word_opens_no_relay_that_is_active_low(
    tmp_path: Path, slip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    driven = driven_by(monkeypatch)
    keep_relay_description(GateConfig(relay_pin=6, relay_active_high=False), made(tmp_path / "state"))
    path = tmp_path / "gate.toml"
    path.write_text('[paths]\nstate_dir = "state"\n' + slip)
    lock_relay(path)
    assert driven == [(6, False)]


@pytest.mark.parametrize("slip", ["the level", "the pin", "the section"])
def test_fail__a_misspelt_word_and_nothing_better_known_drives_no_pin(
    tmp_path: Path, slip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    driven = driven_by(monkeypatch)
    path = tmp_path / "gate.toml"
    path.write_text(TYPING_SLIPS[slip])
    with pytest.raises(GateError, match="does not say"):
        lock_relay(path)
    assert driven == []


@pytest.mark.parametrize("second", ["pulse_ms = 500", "relay_active_high = false"])
def test_ok__a_section_that_stands_twice_is_read_as_one(
    tmp_path: Path, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    driven = driven_by(monkeypatch)
    path = tmp_path / "gate.toml"
    path.write_text(f"[gate]\nrelay_pin = 6\nrelay_active_high = false\n[site]\n[gate]\n{second}\n[sync]\n")
    lock_relay(path)
    assert driven == [(6, False)]


def made(state: Path) -> Path:
    (state / "gate").mkdir(parents=True)
    return state


def driven_by(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """The pins that are locked from now on, and whether as active-high."""
    driven: list[tuple[int, bool]] = []

    def drive(config: GateConfig, history: Path | None) -> None:
        driven.append((config.relay_pin, config.relay_active_high))

    monkeypatch.setattr("edge.app.lock_relay.lock_relays", drive)
    return driven


def test_fail__without_any_description_no_pin_is_driven(tmp_path: Path) -> None:
    done = sitegate("lock", tmp_path / "missing.toml")
    assert done.returncode == 1
    assert "PIN" not in done.stderr.replace("relay's pin", "")
    assert "does not say the relay's pin" in done.stderr


@pytest.mark.parametrize("text", ["[]", "7", "{", '{"relay_pin": 99}', "[" * 100_000, ""])
def test_fail__a_damaged_description_is_left_out(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    (tmp_path / "relay.json").write_text(text)
    with pytest.raises(GateError, match="does not say"):
        lock_relay(tmp_path / "missing.toml")


@pytest.mark.parametrize("kind", ["fifo", "folder", "symlink"])
def test_ok__what_lies_in_its_place_is_neither_read_nor_waited_for(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    place = tmp_path / "relay.json"
    match kind:
        case "fifo":
            os.mkfifo(place)
        case "folder":
            place.mkdir()
        case _:
            place.symlink_to(tmp_path / "other")
    with pytest.raises(GateError):
        lock_relay(tmp_path / "missing.toml")
    keep_relay_description(GateConfig(pins="mock"), tmp_path / "state")  # and stops no start
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("command", ["lock", "gate", "check"])
def test_fail__a_pin_that_somebody_else_has_is_one_sentence(tmp_path: Path, command: str) -> None:
    done = sitegate(command, written(tmp_path), stub="busy")
    told = " ".join((done.stderr + done.stdout).split())
    assert done.returncode != 0
    assert "Traceback" not in told
    if command == "check":
        assert "ways in" in told  # what comes after the pins is shown too
        return
    assert "pin 5 is in use" in told
    assert "gate.relay_pin" in told
    assert "config.txt" in told
    assert "mock" not in told


@pytest.mark.parametrize("command", ["lock", "gate"])
def test_fail__no_chip_is_one_sentence(tmp_path: Path, command: str) -> None:
    done = sitegate(command, written(tmp_path), stub="no chip")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "can not open gpiochip" in done.stderr


def test_ok__mock_is_advised_only_where_no_raspberry_pi_is(tmp_path: Path) -> None:
    error = RuntimeError("'can not open gpiochip'")
    chips = [gpiochip.Chip(Path("/dev/gpiochip11"), "pinctrl-rp1", 54)]
    assert "mock" in no_chip(error, [], tmp_path)
    model = tmp_path / "proc" / "device-tree" / "model"
    model.parent.mkdir(parents=True)
    model.write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "gpiochip12").touch()
    told = no_chip(error, chips, tmp_path)
    assert on_a_pi(tmp_path)
    assert "mock" not in told
    assert "gpiochip11 (pinctrl-rp1)" in told
    assert "gpiochip12" in told
    assert "mock" not in no_chip(error, [], tmp_path)


def test_ok__who_holds_a_pin_is_named_where_the_kernel_knows() -> None:
    told = explain("gate.fire_pin", 8, RuntimeError("'GPIO busy'"), "spi0 CS0")
    assert "pin 8 is in use by spi0 CS0" in told
    assert told.count(": ") == 1  # what is wrong, and what to do
