"""The scripts are small, explain themselves, and do nothing when asked for help."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ("setup", "demo", "test", "check", "install", "bench-peers", "lock", "pre-commit", "sbom")
LINES_MAX = 60


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd="/", capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=30)


@pytest.mark.parametrize("name", SCRIPTS)
def test_ok__script_explains_itself(name: str) -> None:
    script = ROOT / "scripts" / name
    assert os.access(script, os.X_OK)
    for flag in ("--help", "-h"):
        done = _run(str(script), flag)
        assert done.returncode == 0, done.stderr
        assert f"scripts/{name} --help" in done.stdout
        assert done.stderr == ""


@pytest.mark.parametrize("name", ["setup", "check", "install", "lock"])
def test_fail__unknown_option_is_refused_with_a_hint(name: str) -> None:
    done = _run(str(ROOT / "scripts" / name), "--colour")
    assert done.returncode == 1
    assert f"scripts/{name} --help" in done.stderr


@pytest.mark.parametrize("path", [*(f"scripts/{name}" for name in SCRIPTS), "scripts/lib.sh", ".ci/run"])
def test_ok__script_is_short(path: str) -> None:
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LINES_MAX


@pytest.mark.parametrize("what", ["gate", "hq"])
def test_ok__dry_run_of_install_names_every_installed_file_and_does_nothing(what: str) -> None:
    done = _run(str(ROOT / "scripts/install"), "--dry-run", *(["--hq"] if what == "hq" else []))
    assert done.returncode == 0, done.stderr
    for path in (ROOT / "systemd").iterdir():
        assert (f"systemd/{path.name}" in done.stdout) is (path.name.startswith("sitegate-hq") is (what == "hq"))
    steps = [line for line in done.stdout.splitlines() if line.strip()]
    assert all(line.startswith("  ") for line in steps), "every step is printed, none is run"


def test_ok__the_installer_of_hq_explains_itself_and_stops_what_runs_before_it_replaces_software() -> None:
    done = _run(str(ROOT / "scripts/install"), "--hq", "--help")
    assert done.returncode == 0 and "scripts/install --hq --dry-run" in done.stdout
    assert _run(str(ROOT / "scripts/install"), "--hq", "--colour").returncode == 1
    text = (ROOT / "scripts/install-hq").read_text(encoding="utf-8")
    stop, software, start = (text.index(said) for said in ("systemctl stop", "run rm -rf", 'systemctl start "'))
    assert stop < software < start
    assert "init" not in text.partition('say "Next')[0].replace("--init-groups", ""), "it makes no keys by itself"


def test_fail__install_without_a_terminal_asks_for_the_liveness_mode_before_it_does_anything() -> None:
    if not Path("/etc/sitegate/sitegate.toml").exists():  # on a gate it would really install
        done = _run(str(ROOT / "scripts/install"))
        assert done.returncode == 1 and "--liveness=challenge_on_doubt" in done.stderr
        assert "System packages" not in done.stderr
    assert _run(str(ROOT / "scripts/install"), "--liveness=maybe", "--dry-run").returncode == 1
    dry = _run(str(ROOT / "scripts/install"), "--liveness=required", "--dry-run")
    assert "config init --out /etc/sitegate/sitegate.toml --liveness required" in dry.stdout


def test_ok__ci_runs_the_checks_and_the_tests() -> None:
    text = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert "scripts/check" in text
    assert text.index("scripts/check") < text.index("scripts/test")
