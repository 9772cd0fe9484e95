"""A gate process that cannot start, in a fire: to end at once would lock the gate."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract.signing import BadKey
from edge.app import gate as gate_process
from edge.core.config import Config, load
from edge.devices.gate import GpioGate
from edge.system.supervisor import Shutdown

CONFIG = """
[paths]
state_dir = "state"
models_dir = "missing"
[camera]
source = "folder"
path = "cam"
[liveness]
mode = "off"
[gate]
pins = "mock"
fire_pin = 27
reset_pin = 26
"""


class Systemd:
    """What it reports."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def ready(self) -> None:
        self.heard.append("ready")

    def ping(self) -> None:
        self.heard.append("ping")

    def stopping(self) -> None:
        self.heard.append("stopping")


@pytest.fixture(autouse=True)
def systemd(monkeypatch: pytest.MonkeyPatch) -> Systemd:
    made = Systemd()
    monkeypatch.setattr(gate_process, "Watchdog", lambda: made)
    return made


class Start:
    """A start that fails for want of keys, in a thread, with its pins within reach."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, reset: str, burns: bool = True) -> None:
        path = folder / "gate.toml"
        path.write_text(CONFIG + f'fire_reset = "{reset}"\nfire_normally_closed = {str(burns).lower()}\n')
        (folder / "cam").mkdir()
        self.config: Config = load(path)
        self.shutdown = Shutdown()
        self.failed: list[BaseException] = []
        made: Callable[..., Any] = gate_process.make_factory

        def factory(*args: Any) -> Any:
            self.pins = made(*args)
            return self.pins

        def gate(*args: Any, **more: Any) -> GpioGate:
            self.gate = GpioGate(*args, **more)
            return self.gate

        monkeypatch.setattr(gate_process, "make_factory", factory)
        monkeypatch.setattr(gate_process, "GpioGate", gate)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def press(self, pin: int) -> None:
        self.pins.pin(pin).drive_low()
        time.sleep(0.1)
        self.pins.pin(pin).drive_high()

    def ends(self, within_s: float) -> bool:
        self.thread.join(within_s)
        return not self.thread.is_alive()

    def _run(self) -> None:
        try:
            gate_process.run(self.config, self.shutdown)
        except BaseException as error:  # noqa: BLE001 - what the process would have ended with
            self.failed.append(error)


@pytest.mark.parametrize("reset", ["automatic", "manual"])
def test_ok__a_start_that_fails_in_a_fire_leaves_the_gate_open_until_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, systemd: Systemd, reset: str
) -> None:
    start = Start(tmp_path, monkeypatch, reset)
    assert not start.ends(within_s=5)
    assert systemd.heard[:2] == ["ready", "ping"], "or systemd ends it after TimeoutStartSec"
    assert start.gate.energised
    start.pins.pin(27).drive_low()  # the panel's contact closes: the fire is over
    if reset == "manual":
        assert not start.ends(within_s=3)
        assert start.gate.energised
        start.press(26)
    assert start.ends(within_s=20)
    assert isinstance(start.failed[0], BadKey)
    assert start.pins.pin(17).state == 0


def test_ok__it_is_stopped_in_a_fire_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = Start(tmp_path, monkeypatch, "automatic")
    assert not start.ends(within_s=5)
    start.shutdown.ask()
    assert start.ends(within_s=20)


def test_ok__without_a_fire_it_ends_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = Start(tmp_path, monkeypatch, "automatic", burns=False)
    assert start.ends(within_s=30)
    assert isinstance(start.failed[0], BadKey)
