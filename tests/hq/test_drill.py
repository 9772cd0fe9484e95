"""The drill of docs/HQ.md, performed against a running gate: backup, loss of HQ, restore, move."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hq_postgres import Postgres
from hq_postgres_fixtures import server as server
from restore_rig import OldWorld
from sync_rig import Mosquitto, Rig, note
from typer.testing import CliRunner
from withdrawal_rig import worker

from contract.messages import ListKind
from hq import config as settings
from hq.backups import sealed_file
from hq.cli import app
from hq.registry.import_file import ImportFile
from hq.reports import report
from hq.reports.list_states import list_problems
from hq.service import HqService

ROSTER = ListKind.ROSTER
PAGE = Path(__file__).parents[2] / "docs/HQ.md"


@pytest.fixture
def world(tmp_path: Path, broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> Iterator[OldWorld]:
    monkeypatch.setattr(sealed_file, "_COST", 1024)
    rig = Rig(tmp_path, broker.port)
    made = OldWorld(rig)
    yield made
    made.close()
    rig.close()


def test_ok__the_drill_of_the_page_works_against_a_running_gate(world: OldWorld, server: Postgres) -> None:
    rig, old = world.rig, world.rig.hq_folder
    (rig.folder / "secret").write_text("correct horse battery\n")
    places = {
        "/backup/hq.sealed": f"{rig.folder}/hq.sealed",
        "FILE": f"{rig.folder}/secret",
        "NEW": f"{rig.folder}/new",
    }
    places |= {"OLD": str(rig.folder / "lost"), "NUMBER": "1", "YOU": "manager-7", "WHAT": "all"}
    steps = Steps(places, secret=places["FILE"])
    world.publish_all()
    gate, hq = world.gate(), rig.hq(known=False)
    note(gate.journal, 3)
    world.wait(lambda: rig.holds(world.store, 3) and gate.version(ROSTER) == 1, "everything is in force")

    assert "checked" in steps.run(1)
    world.withdraw("w-1")
    world.people.take(ImportFile(workers=(worker("w-4"),)))
    world.publish()
    note(gate.journal, 2)
    world.wait(lambda: rig.holds(world.store, 5) and gate.who == {"w-2", "w-3", "w-4"}, "changed since the backup")
    hq.stop()
    world.store.close()
    shutil.move(old, rig.folder / "lost")

    assert "whole and unchanged" in steps.run(3)
    assert "restored" in steps.run(5)
    rig.hq_folder = rig.folder / "new"
    world.reopen()
    hq = rig._runs(HqService(settings.load(rig.hq_folder)))
    world.wait(lambda: gate.version(ROSTER) > 3 and gate.who == {"w-2", "w-3"}, "in force again, without who withdrew")
    world.wait(lambda: not list_problems(world.store), "no gate refuses a list")
    world.wait(lambda: sum(one.held for one in report.verdicts(world.store)) >= 3, "events")
    assert "HQ works on a database of" in steps.run(7, 0)
    assert "was checked by manager-7" in steps.run(7, 1)
    assert "HQ works on a database of" not in steps.run(7, 0)
    hq.stop()
    _moved(world, server)


def _moved(world: OldWorld, server: Postgres) -> None:
    """Move to PostgreSQL: the gate notices nothing."""
    gate, before = world.gates[0], world.gates[0].who
    url = server.database("drill")
    done = CliRunner().invoke(app, ["move-to", url, "-d", str(world.rig.hq_folder)])
    assert done.exit_code == 0, done.output
    world.store.close()
    world.reopen()
    hq = world.rig._runs(HqService(settings.load(world.rig.hq_folder)))
    world.people.take(ImportFile(workers=(worker("w-8"),)))
    world.publish()
    world.wait(lambda: gate.who == {*before, "w-8"}, "changes reach the gate from the new database")
    assert not list_problems(world.store)
    hq.stop()


class Steps:
    """Runs the commands that the page names in its numbered steps."""

    def __init__(self, places: dict[str, str], secret: str) -> None:
        self.places, self._secret = places, secret
        chapter = PAGE.read_text(encoding="utf-8").split("## Backup, restore, move: the drill\n")[1].split("\n### ")[0]
        found = re.findall(r"^(\d+)\. (.*?)(?=^\d+\. |\n\n)", chapter, re.MULTILINE | re.DOTALL)
        self._steps = {int(number): re.findall(r"`sitegate-hq ([^`]+)`", text) for number, text in found}

    def run(self, step: int, which: int = 0) -> str:
        """Run a command of a step, and return what it prints."""
        line = " ".join(self._steps[step][which].split())
        for word, place in self.places.items():
            line = re.sub(rf"(?<![\w-]){re.escape(word)}(?!\w)", place, line)
        words = shlex.split(line)
        if words[0] == "restore":
            words += ["--passphrase-file", self._secret]
        if words[0] == "backup":
            words += ["-d", str(Path(self.places["NEW"]).parent / "hq")]
        if words[0] == "restored":
            words += ["-d", self.places["NEW"]]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, f"{line}: {done.output}"
        return done.output
