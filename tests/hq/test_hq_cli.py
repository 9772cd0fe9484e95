"""The `sitegate-hq` command as a person uses it."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sync_rig import Rig, note, wait_until
from typer.testing import CliRunner

from contract.messages import Command, CommandAction
from hq.cli import app
from hq.config import HqConfigError
from hq.keys import keys
from hq.reports import report

TOML = """
[[workers]]
worker_id = "w-1"
sites = ["site-1"]
valid_until = 2027-06-30
training_valid_until = 2027-03-01
consent_ref = "consent-1"

[[workers]]
worker_id = "w-2"
sites = ["site-2"]

[[risk]]
worker_id = "w-2"

[[policies]]
site_id = "site-1"
training_required = false
look_alike_second_factor = false

[[enrolments]]
worker_id = "w-1"
consent_ref = "consent-1"
captured_utc = 2026-11-21T06:00:00Z
templates = [{ model_id = "m", vector = "ADw=" }]
"""


def _run(*args: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    assert result.exit_code == code, result.output
    return result.output


def _fails(*args: object) -> str:
    """Through the real entry point, which turns errors into messages."""
    run = subprocess.run(
        [sys.executable, "-c", "from hq.cli import main; main()", *map(str, args)], capture_output=True, text=True
    )
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    return run.stderr


def test_ok__init_makes_keys_that_only_their_owner_reads(tmp_path: Path) -> None:
    _run("init", tmp_path / "hq", "--site", "site-1", "--site", "site-2")
    private = sorted((tmp_path / "hq").rglob("*.key.pem"))
    assert len(private) == 6  # of HQ two, of each site two: its own, and that of its screens
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in private)
    before = [path.read_bytes() for path in private]
    _run("init", tmp_path / "hq", "--site", "site-1", "--site", "site-3")
    assert [path.read_bytes() for path in private] == before
    assert (tmp_path / "hq/keys/sites/site-3.key.pem").exists()


def test_ok__import_and_publish(tmp_path: Path) -> None:
    folder = tmp_path / "hq"
    _run("init", folder, "--site", "site-1", "--site", "site-2")
    (tmp_path / "people.toml").write_text(TOML)
    assert "imported 2 workers, 1 risk entries, 1 policies, 1 enrolments" in _run(
        "import", tmp_path / "people.toml", "-d", folder, "--publish"
    )
    assert "site-1: roster version 2" in _run("publish", "-d", folder, "--site", "site-1", "--list", "roster")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[[workers]]\nworker_idd = 'x'", "worker_id"),
        ("wrokers = []", "wrokers"),
        ("[[policies]]\nsite_id = 'site-1'\nroster_stale_after_h = -1", "greater than 0"),
        (
            "[[enrolments]]\nworker_id='w'\nconsent_ref='c'\ncaptured_utc=2026-11-21T06:00:00Z\ntemplates=[]",
            "templates",
        ),
        ("not toml", "cannot be read"),
    ],
)
def test_fail__a_file_that_is_wrong_is_named_and_nothing_imported(tmp_path: Path, text: str, what: str) -> None:
    folder = tmp_path / "hq"
    _run("init", folder, "--site", "site-1")
    (tmp_path / "people.toml").write_text(text)
    assert what in _fails("import", tmp_path / "people.toml", "-d", folder)


def test_fail__no_hq_here(tmp_path: Path) -> None:
    assert "sitegate-hq init" in _fails("gates", "-d", tmp_path)


def test_fail__no_site_of_that_name(tmp_path: Path) -> None:
    _run("init", tmp_path / "hq", "--site", "site-1")
    assert "site-9" in _fails("publish", "-d", tmp_path / "hq", "--site", "site-9")


def test_fail__a_misspelt_site_is_not_answered_as_an_empty_one(tmp_path: Path) -> None:
    keys.init(tmp_path, ("site-1",), 1883)
    file = tmp_path / "all.csv"
    for words in (
        ("inside", "site-9"),
        ("refused", "--site", "site-9"),
        ("events", "--site", "site-9"),
        ("lock-downs", "--site", "site-9"),
        ("command", "list", "--site", "site-9"),
        ("worker", "list", "--site", "site-9"),
        ("export", "workers", file, "--site", "site-9"),
        ("export", "events", file, "--site", "site-9"),
    ):
        assert "it has site-1" in _run(*words, "--dir", tmp_path, code=1), words
    assert not file.exists()


def test_fail__the_programs_own_folder_takes_no_keys(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").touch()
    with pytest.raises(HqConfigError, match="holds this program: choose a folder elsewhere"):
        keys.init(tmp_path, ("site-1",), 1883)
    assert not (tmp_path / "keys").exists()


def test_ok__events_gates_and_verify(rig: Rig) -> None:
    rig.register()
    program = [sys.executable, "-c", "from hq.cli import main; main()", "run", "-d", str(rig.hq_folder)]
    with subprocess.Popen(program) as hq:
        try:
            _use(rig)
        finally:
            hq.terminate()
        assert hq.wait(20) == 0


def _use(rig: Rig) -> None:
    rig.sync()
    note(rig.journal(), 12)
    store = rig.store()
    wait_until(lambda: rig.holds(store, 12), "HQ holds the events")
    wait_until(lambda: report.gates(store)[0].health, "health")
    assert "HQ holds 12 of 12 events, chain verified" in _run("verify", "-d", rig.hq_folder)
    rows = [json.loads(line) for line in _run("events", "-d", rig.hq_folder, "--json", "--limit", 5).splitlines()]
    assert [row["seq"] for row in rows] == [8, 9, 10, 11, 12]
    (gate,) = json.loads(_run("gates", "-d", rig.hq_folder, "--json"))
    assert (gate["gate_id"], gate["events"], gate["status"]["online"]) == ("gate-1", 12, True)
    assert "online" in _run("gates", "-d", rig.hq_folder)
    roster = rig.roster()
    arrived: list[Command] = []
    for action in CommandAction:
        typed = action.replace("_", "-")
        _run("command", "gate-1", typed, "--why", "test", "--by", "manager-1", "--wait-s", 0, "-d", rig.hq_folder)
        wait_until(lambda: arrived.extend(roster.commands(rig.clock.utc())) or len(arrived), "the command")
        assert arrived.pop().action is action


def test_fail__verify_says_what_is_wrong(rig: Rig) -> None:
    rig.hq()
    rig.sync()
    note(rig.journal(), 5)
    store = rig.store()
    wait_until(lambda: rig.holds(store, 5), "HQ holds the events")
    with store.write() as db:
        db.exec_driver_sql("DELETE FROM events WHERE seq = 3")
    assert "NOT verified: seq 4 follows 2" in _run("verify", "-d", rig.hq_folder, code=2)


def test_ok__the_schemas_for_other_makers(tmp_path: Path) -> None:
    index = json.loads(_run("schema"))
    assert "files of contract" in _run("schema", "--out", tmp_path / "out")
    assert {*index["schemas"].values(), "index.json", "asyncapi.json"} == {p.name for p in (tmp_path / "out").iterdir()}
    (tmp_path / "file").touch()
    assert "error:" in _fails("schema", "--out", tmp_path / "file")


def test_fail__gaps_names_what_is_missing(rig: Rig) -> None:
    assert "no gaps" in _run("gaps", "-d", rig.hq_folder)
    rig.hq()
    rig.sync()
    note(rig.journal(), 5)
    store = rig.store()
    wait_until(lambda: rig.holds(store, 5) and report.gates(store)[0].health, "HQ holds the events")
    found = json.loads(
        _run("gaps", "-d", rig.hq_folder, "--json", "--minutes", 60, code=0 if rig.clock.trusted() else 2)
    )
    assert {gap["kind"] for gap in found} <= {"clock"}
    with store.write() as db:
        db.exec_driver_sql("DELETE FROM events WHERE seq = 3")
    assert "holds 4" in _run("gaps", "-d", rig.hq_folder, code=2)


@pytest.mark.parametrize("name", [command.name or command.callback.__name__ for command in app.registered_commands])
def test_ok__every_command_has_help_with_an_example(name: str) -> None:
    assert f"sitegate-hq {name}" in _run(name, "--help")


@pytest.mark.parametrize("site", ["../../elsewhere", "site 1", "", "signing", "sealing"])
def test_fail__a_site_that_is_no_id_makes_no_folder(tmp_path: Path, site: str) -> None:
    assert "site" in _fails("init", tmp_path / "hq", "--site", "site-1", "--site", site)
    assert list(tmp_path.iterdir()) == []


def test_ok__a_site_that_hq_toml_does_not_name_yet_is_told(tmp_path: Path) -> None:
    assert "stays as it was" not in _run("init", tmp_path / "hq", "--site", "site-1")
    told = " ".join(_run("init", tmp_path / "hq", "--site", "site-1", "--site", "site-2").split())
    assert "hq.toml stays as it was: sitegate-hq site add site-2 --by YOU" in told


def test_fail__a_file_to_import_that_is_no_toml_or_json_is_told(tmp_path: Path) -> None:
    _run("init", tmp_path, "--site", "site-1")
    (tmp_path / "people.txt").write_text("w-1")
    told = " ".join(_fails("import", tmp_path / "people.txt", "--dir", tmp_path).split())
    assert "people.txt is no JSON" in told
    assert "name it .toml" in told
    assert "cannot be read: No such file or directory" in _fails("import", tmp_path / "gone", "--dir", tmp_path)
