"""The systemd units: well-formed, hardened, and true to what the pages promise."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SYSTEMD = ROOT / "systemd"
PROCESSES = ("gate", "sync", "screen")
PROGRAM = "/opt/sitegate/venv/bin/sitegate"
HQ_PROGRAM = "/opt/sitegate-hq/venv/bin/sitegate-hq"
HQ_UNITS = {"hq": "run", "hq-ingest@": "ingest", "hq-daily@": "%i"}
EXPOSURE_MAX = 11
"""systemd's exposure level times ten; 100 is a service without any hardening."""


def _unit(process: str) -> dict[str, list[str]]:
    """The [Service] section; every key may stand several times."""
    values: dict[str, list[str]] = {}
    section = ""
    for line in (SYSTEMD / f"sitegate-{process}.service").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            values.setdefault(key, []).append(value)
    return values


@pytest.fixture
def verified(tmp_path: Path) -> list[str]:
    """Copies of the units whose program exists on this machine."""
    for path in SYSTEMD.glob("sitegate*.*"):
        if path.suffix in (".service", ".target", ".path", ".timer"):
            text, true = path.read_text(encoding="utf-8"), shutil.which("true") or "/bin/true"
            text = text.replace(HQ_PROGRAM, true).replace(PROGRAM, true)
            (tmp_path / path.name).write_text(text, encoding="utf-8")
    return [str(path) for path in sorted(tmp_path.iterdir())]


def test_ok__systemd_finds_nothing_wrong(verified: list[str]) -> None:
    done = subprocess.run(["systemd-analyze", "verify", *verified], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("process", (*PROCESSES, "reboot", *HQ_UNITS))
def test_ok__exposure_is_low(process: str) -> None:
    unit = str(SYSTEMD / f"sitegate-{process}.service")
    command = ["systemd-analyze", "security", "--no-pager", "--offline=true", f"--threshold={EXPOSURE_MAX}", unit]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr


@pytest.mark.parametrize("process", PROCESSES)
def test_ok__unit_starts_its_process_and_never_gives_up(process: str) -> None:
    unit = _unit(process)
    assert unit["ExecStart"] == [f"{PROGRAM} {process} --config /etc/sitegate/sitegate.toml"]
    assert unit["Restart"] == ["always"]
    assert unit["Type"] == ["notify"]
    assert "WatchdogSec" in unit
    assert unit["User"] == [f"sitegate-{process}"]
    assert unit["Group"] == ["sitegate"]
    assert unit["UMask"] == ["0027"], "the others read, and write nothing"
    assert unit["LimitCORE"] == unit["MemorySwapMax"] == ["0"], "keys and templates never reach the disk"
    assert "MemoryMax" in unit
    assert "TasksMax" in unit
    assert unit["MemoryDenyWriteExecute"] == ["yes"]
    assert "ORT_DISABLE_TELEMETRY=1" in unit["Environment"][0], "onnxruntime reports to its maker unless told not to"
    own = {"gate": "gate", "sync": "sync", "screen": "desk"}[process]
    assert unit["ReadWritePaths"] == [f"/var/lib/sitegate/{own}"], "its own folder alone"
    assert unit["ProtectSystem"] == ["strict"]
    assert "StateDirectory" not in unit, "systemd would hand the shared folder to the process that starts last"


def test_ok__what_opens_the_gate_has_no_network() -> None:
    unit = _unit("gate")
    assert unit["PrivateNetwork"] == ["yes"]
    assert not any("INET" in families for families in unit["RestrictAddressFamilies"])


@pytest.mark.parametrize("process", ["sync", "screen"])
def test_ok__what_has_the_network_cannot_open_the_gate(process: str) -> None:
    unit = _unit(process)
    assert unit["PrivateDevices"] == ["yes"]
    assert "DeviceAllow" not in unit
    assert "SupplementaryGroups" not in unit


@pytest.mark.parametrize(
    ("process", "hidden"),
    [
        ("gate", {"broker.key.pem", "broker.password", "screen.key.pem"}),
        ("sync", {"site.key.pem", "gate-signing.key.pem", "camera.url", "screen.key.pem"}),
        ("screen", {"site.key.pem", "gate-signing.key.pem", "camera.url", "broker.key.pem", "broker.password"}),
    ],
)
def test_ok__each_process_sees_its_own_secrets_alone(process: str, hidden: set[str]) -> None:
    unseen = " ".join(_unit(process)["InaccessiblePaths"]).split()
    assert {f"-/etc/sitegate/keys/{name}" for name in hidden} <= set(unseen)
    assert ("/var/lib/sitegate/desk" in unseen) == (process == "sync"), "who writes a request there has the gate opened"


def test_ok__screen_talks_to_this_machine_only() -> None:
    unit = _unit("screen")
    assert unit["IPAddressDeny"] == ["any"]
    assert unit["IPAddressAllow"] == ["localhost"]


def test_ok__every_unit_belongs_to_the_target() -> None:
    for process in PROCESSES:
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read(SYSTEMD / f"sitegate-{process}.service", encoding="utf-8")
        assert parser["Unit"]["PartOf"] == "sitegate.target"
        assert parser["Install"]["WantedBy"] == "sitegate.target"


def test_ok__users_of_the_units_are_made() -> None:
    text = (SYSTEMD / "sitegate.sysusers").read_text(encoding="utf-8")
    made = {line.split()[1] for line in text.splitlines() if line.startswith(("u ", "g "))}
    for process in PROCESSES:
        unit = _unit(process)
        wanted = {*unit["User"], *unit["Group"], *" ".join(unit.get("SupplementaryGroups", [])).split()}
        assert wanted <= made


def test_ok__each_process_that_writes_owns_a_folder_and_its_secrets() -> None:
    text = (SYSTEMD / "sitegate.tmpfiles").read_text(encoding="utf-8")
    modes = {line.split()[1]: line.split()[2:5] for line in text.splitlines() if line and not line.startswith("#")}
    assert modes["/var/lib/sitegate"] == ["2750", "root", "sitegate"], "nobody else renames what lies in it"
    assert modes["/var/lib/sitegate/gate"] == ["2750", "sitegate-gate", "sitegate"]
    assert modes["/var/lib/sitegate/sync"] == ["2750", "sitegate-sync", "sitegate"]
    assert modes["/var/lib/sitegate/desk"] == ["2750", "sitegate-screen", "sitegate-desk"]
    for folder in ("models", "voice"):
        assert modes[f"/var/lib/sitegate/{folder}"] == ["0755", "root", "root"]
    for name in ("site.key.pem", "gate-signing.key.pem", "camera.url"):
        assert modes[f"/etc/sitegate/keys/{name}"] == ["0400", "sitegate-gate", "sitegate"]
    assert modes["/etc/sitegate/keys/screen.key.pem"] == ["0400", "sitegate-screen", "sitegate"]
    for name in ("broker.key.pem", "broker.password"):
        assert modes[f"/etc/sitegate/keys/{name}"] == ["0400", "sitegate-sync", "sitegate"]


def test_ok__only_the_gate_process_can_have_the_machine_rebooted() -> None:
    """The request lies in a folder that systemd makes for the gate's user alone, and outlives the process."""
    path = (SYSTEMD / "sitegate-reboot.path").read_text(encoding="utf-8")
    assert "PathExists=/run/sitegate-gate/reboot\n" in path
    assert "WantedBy=sitegate.target\n" in path
    gate = _unit("gate")
    assert gate["RuntimeDirectory"] == ["sitegate-gate"]
    assert gate["RuntimeDirectoryPreserve"] == ["restart"]
    assert "RuntimeDirectoryMode" not in gate, "0755: others may look, not write"


def test_ok__what_reboots_has_no_rights_systemd_does_it() -> None:
    """The request is consumed, and only then the machine goes down: an old request never reboots it twice."""
    unit = _unit("reboot")
    assert unit["ExecStart"] == ["/usr/bin/rm /run/sitegate-gate/reboot"]
    assert unit["User"] == ["sitegate-gate"], "whose folder it is"
    assert unit["CapabilityBoundingSet"] == [""]
    assert unit["PrivateNetwork"] == ["yes"]
    assert "RemainAfterExit" not in unit, "SuccessAction waits for the end"
    assert "\nSuccessAction=reboot\n" in (SYSTEMD / "sitegate-reboot.service").read_text(encoding="utf-8")


def test_ok__the_installer_installs_and_enables_every_unit() -> None:
    text = (ROOT / "scripts" / "install").read_text(encoding="utf-8")
    assert "sitegate-{gate,sync,screen,reboot}.service systemd/sitegate{.target,-reboot.path}" in text
    assert "sitegate-reboot.path" in text.partition("systemctl enable")[2]


def test_ok__the_installer_moves_an_older_state_folder_while_nothing_runs() -> None:
    text = (ROOT / "scripts" / "install").read_text(encoding="utf-8")
    stop, tmpfiles, state, start = (
        text.index(said)
        for said in (
            "systemctl stop",
            "systemd-tmpfiles --create",
            "state migrate",
            'systemctl start "',
        )
    )
    assert stop < tmpfiles < state < start


@pytest.mark.parametrize(("name", "command"), HQ_UNITS.items())
def test_ok__what_runs_of_hq_has_its_own_user_and_folder_alone(name: str, command: str) -> None:
    unit = _unit(name)
    assert unit["ExecStart"] == [f"{HQ_PROGRAM} {command} --dir /var/lib/sitegate-hq"]
    assert unit["User"] == unit["Group"] == ["sitegate-hq"]
    assert unit["UMask"] == ["0077"], "keys, people and the database are for this user alone"
    assert unit["ReadWritePaths"] == ["/var/lib/sitegate-hq"]
    assert unit["ProtectSystem"] == ["strict"]
    assert unit["CapabilityBoundingSet"] == [""]
    assert unit["LimitCORE"] == unit["MemorySwapMax"] == ["0"]
    assert ("Restart" in unit) is (name != "hq-daily@"), "a check that found something is not repeated at once"


def test_ok__hq_is_checked_once_a_day_and_its_folder_is_private() -> None:
    timer = (SYSTEMD / "sitegate-hq-daily@.timer").read_text(encoding="utf-8")
    assert "OnCalendar=*-*-* 03:00:00" in timer and "Persistent=true" in timer
    installer = (ROOT / "scripts" / "install-hq").read_text(encoding="utf-8")
    assert "sitegate-hq-daily@verify.timer sitegate-hq-daily@gaps.timer" in installer.partition("systemctl enable")[2]
    text = (SYSTEMD / "sitegate-hq.tmpfiles").read_text(encoding="utf-8")
    modes = {line.split()[1]: line.split()[2] for line in text.splitlines() if line and not line.startswith("#")}
    assert modes.pop("/var/lib/sitegate-hq") == "0700"
    assert set(modes.values()) == {"0600"}
    assert "u sitegate-hq " in (SYSTEMD / "sitegate-hq.sysusers").read_text(encoding="utf-8")
