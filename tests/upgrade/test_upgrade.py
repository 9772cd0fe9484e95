"""What version 0.1 left on disk goes on working: databases, configuration and keys. As after a power cut, with events
HQ lacks.

`first_0_1` is of commit 7438ba4 (contract 1.0, lists whole, no keys of gates), `last_0_1` of c94fda8 (contract 1.3).
make_files.py made both with the code of its commit. The new gate and HQ start on them as CHANGELOG.md tells an operator
to do it.
"""

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from contract.codec import decode_event
from edge import __version__
from edge.core.layout import JOURNAL, REPLICA
from edge.replica.summary import SummaryReader
from edge.storage.journal_reader import JournalReader

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
VERSIONS = ("first_0_1", "last_0_1")
SITE, GATE = "site-demo", "gate-demo"
START_S = 90.0


class Old:
    """A gate and its HQ as that version left them, in one folder."""

    def __init__(self, version: str, folder: Path, models: Path, photos: Path) -> None:
        self.folder, self.config, self.hq = folder, folder / "gate.toml", folder / "hq"
        with tarfile.open(FOLDER / f"{version}.tar.xz") as archive:
            archive.extractall(folder, filter="data")
        names = {"@ROOT@": folder, "@MODELS@": models, "@PHOTOS@": photos, "@BROKER@": _free(), "@SCREEN@": _free()}
        for path in folder.rglob("*.toml"):
            text = path.read_text(encoding="utf-8")
            for name, value in names.items():
                text = text.replace(name, str(value))
            path.write_text(text, encoding="utf-8")
        self.screen = int(names["@SCREEN@"])
        self.events, self.sent = map(int, (folder / "events.txt").read_text(encoding="utf-8").split())
        """In the journal; and of those, in HQ's database."""

    def run(self, program: str, *words: str, code: int = 0) -> str:
        where = ["--dir", str(self.hq)] if program == "hq" and words[0] != "init" else []
        where = ["--config", str(self.config)] if program == "edge" else where
        command = [sys.executable, "-m", program, *words, *where]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == code, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    @contextmanager
    def started(self, program: str, *words: str) -> Iterator[None]:
        command = [sys.executable, "-m", program, *words]
        log = self.folder / f"{program}.log"
        with log.open("w", encoding="utf-8") as out:
            process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        try:
            yield
            assert process.poll() is None, log.read_text(encoding="utf-8")
        except BaseException:
            process.kill()
            raise
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        assert process.returncode == 0, log.read_text(encoding="utf-8")

    def journal(self) -> list[Any]:
        """The events that the gate's journal holds now."""
        return [decode_event(record.body) for record in JournalReader(self.folder / "state" / JOURNAL).records(0, 1000)]

    def lists(self) -> set[str]:
        """The lists that the gate has of HQ."""
        return {kind.value for kind in SummaryReader(self.folder / "state" / REPLICA).read().lists}

    def held(self) -> int:
        """How many events HQ holds."""
        with closing(sqlite3.connect(f"file:{self.hq / 'hq.db'}?mode=ro", uri=True)) as db:
            return int(db.execute("SELECT count(*) FROM events").fetchone()[0])

    def wait_until(self, true: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + START_S
        while not true():
            logs = "\n".join(path.read_text(encoding="utf-8")[-2000:] for path in self.folder.glob("*.log"))
            assert time.monotonic() < deadline, f"{what} did not happen:\n{logs}"
            time.sleep(0.2)


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(params=VERSIONS)
def old(request: pytest.FixtureRequest, tmp_path: Path, models_dir: Path, photos_dir: Path) -> Old:
    return Old(request.param, tmp_path, models_dir, photos_dir)


def _prepared(old: Old) -> bool:
    """HQ's first steps of "Upgrading"; whether its gates are of before they had keys."""
    unsigned = not (old.hq / "keys" / "hq-at-rest.key").exists()
    old.run("hq", "init", str(old.hq), "--site", SITE)
    assert (old.hq / "keys" / "hq-at-rest.key").exists()
    if unsigned:
        with (old.hq / "hq.toml").open("a", encoding="utf-8") as file:
            file.write("\n[gates]\ntake_unsigned_until = 2999-12-31\n")
    return unsigned


def test_ok__the_old_configuration_is_read_and_the_old_journal_is_whole_where_it_is_moved_to(old: Old) -> None:
    assert "is fine" in " ".join(old.run("edge", "config", "check").split())
    old.run("edge", "state", "migrate")
    assert len(old.journal()) == old.events
    old.run("edge", "events", "verify")


def test_ok__gate_and_hq_go_on_where_the_old_ones_stopped(old: Old) -> None:
    unsigned = _prepared(old)
    with old.started("hq", "run", "--with-broker", "--dir", str(old.hq)):
        with old.started("edge", "run", "--config", str(old.config), "--log-json"):
            old.wait_until(
                lambda: (old.folder / "state" / JOURNAL).exists() and len(old.journal()) > old.events, "a start"
            )
            events = old.journal()
            begun = [event for event in events[old.events :] if getattr(event, "code", "") == "gate_started"]
            assert begun and begun[0].detail == f"sitegate {__version__}"
            assert getattr(events[0], "detail", "") == "sitegate 0.1.0"
            assert {event.epoch for event in events} == {events[0].epoch}, "the journal goes on, no new one is begun"
            old.wait_until(lambda: old.held() >= old.events, "the delivery of what HQ lacked")
            if unsigned:
                old.run("hq", "publish")
                code = old.run("hq", "gate", "code", GATE, "--site", SITE, "--by", "technician-1").split()[0]
                old.run("edge", "register", code)
            old.wait_until(lambda: {"roster", "risk", "policy"} <= old.lists(), "lists that the new HQ signed")
            sent = len(old.journal())
            old.wait_until(lambda: old.held() >= sent, "the delivery of what the new gate wrote")
        (one,) = json.loads(old.run("hq", "verify", "--json"))
        assert one["ok"] and one["held"] >= sent
    old.run("edge", "events", "verify")
