"""Databases with torn or flipped pages, and a database server that dies."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from damage import harm
from hq_postgres import Postgres
from sqlalchemy import text
from sync_rig import Rig, note, utc
from take_batch import take

from edge.core.domain import LockDownRequest
from edge.core.score_counts import DayScores
from edge.replica.writer import ReplicaWriter
from edge.storage.desk import DeskWriter
from edge.storage.journal import JournalReader
from edge.storage.score_store import ScoreStore
from hq.database.errors import StoreError
from hq.database.store import Store


@pytest.mark.parametrize("name", ["replica.db", "desk.db", "scores.db", "hq.db"])
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 12))])
def test_fail__torn_and_flipped_pages(tmp_path: Path, name: str, seed: int) -> None:
    """Each is set aside or goes on; none is believed half, and none stops its process with a riddle."""
    path, rig = tmp_path / name, Rig(tmp_path / "rig", 1)
    if name == "replica.db":
        ReplicaWriter(path).close()
    elif name == "desk.db":
        DeskWriter(path).close()
    elif name == "scores.db":
        ScoreStore(path).close()
    else:
        store = Store(f"sqlite:///{path}")
        journal = rig.journal()
        note(journal, 40)
        reader = JournalReader(rig.state_dir / "gate/journal.db")
        take(store, rig, journal, reader, 40)
        reader.close()
        store.close()
    harm(path, random.Random(seed))
    if name == "hq.db":
        said = subprocess.run(
            [sys.executable, "-c", _LOOK, f"sqlite:///{path}"], capture_output=True, text=True, check=False
        )
        assert "Traceback" not in said.stderr
        assert said.stdout.startswith(
            ("held 40", "StoreError: the database is damaged", "StoreError: the database refuses")
        )
        print(f"seed {seed}: {said.stdout.strip()[:150]}")
    elif name == "replica.db":
        writer = ReplicaWriter(path)
        writer.add_command(b"x")
        writer.close()
    elif name == "desk.db":
        desk = DeskWriter(path)
        desk.request_lock_down(LockDownRequest(by="g", reason="r", asked_utc=utc()), release=False)
        desk.close()
    else:
        scores = ScoreStore(path)
        assert all(isinstance(day, DayScores) for day in scores.days())
        scores.close()
    rig.close()


_LOOK = """
import sys
from hq.reports import report
from hq.database.store import Store, StoreError
try:
    store = Store(sys.argv[1])
    print("held", sum(v.held for v in report.verdicts(store)), [v.problem for v in report.verdicts(store)])
except StoreError as error:
    print("StoreError:", error)
"""


@pytest.mark.long  # the same in short, with SQLite, is the one above
def test_fail__postgresql_dies_in_the_middle_of_a_batch(tmp_path: Path) -> None:
    """Crash of the server, a restart, and a connection cut by it: nothing half, and the next batch goes on."""
    server, rig = Postgres(), Rig(tmp_path, 1)
    store = Store(server.database("hq"))
    journal = rig.journal()
    note(journal, 60)
    reader = JournalReader(rig.state_dir / "gate/journal.db")
    assert take(store, rig, journal, reader, 20) == 20
    with pytest.raises(StoreError, match="that the server runs"), store.write() as db:
        db.execute(text("INSERT INTO pending (what, asked) VALUES ('half', 1)"))
        server.stop("immediate")
        db.execute(text("INSERT INTO pending (what, asked) VALUES ('more', 1)"))
    with pytest.raises(StoreError, match="that the server runs"):
        take(store, rig, journal, reader, 40, 20)
    server.start()
    assert take(store, rig, journal, reader, 40, 20) == 40
    with store.write() as db:
        assert db.execute(text("SELECT count(*) FROM pending")).scalar() == 0
    with store.write() as other, pytest.raises(StoreError), store.write() as db:
        pid = db.execute(text("SELECT pg_backend_pid()")).scalar()
        other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        db.execute(text("SELECT 1"))
    assert take(store, rig, journal, reader, 60, 40) == 60
    assert rig.holds(store, 60)
    reader.close()
    store.close()
    rig.close()
    server.close()
