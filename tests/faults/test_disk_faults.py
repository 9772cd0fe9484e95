"""Disks that are full, broken or damaged, under each database. Real refusals: SQLite's page limit, and the kernel's limit on
the size of a file (RLIMIT_FSIZE), which SQLite sees as an I/O error in the middle of a transaction."""

import random
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from damage import harm
from hq_postgres import Postgres
from sameness import same_everywhere
from sqlalchemy import text
from sync_rig import Rig, note, utc, wait_until

from contract.chain import verify
from contract.messages import EventBatch, ListKind, WorkerRecord
from edge.core.config import SiteConfig
from edge.core.domain import LockDownRequest
from edge.core.ports import JournalError
from edge.core.score_counts import DayScores
from edge.replica.writer import ReplicaError, ReplicaWriter
from edge.sim import ManualClock
from edge.storage.desk import DeskWriter
from edge.storage.journal import Journal, JournalReader
from edge.storage.score_store import ScoreStore
from hq.database.store import Store, StoreError
from hq.registry.people import ImportFile


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size` bytes: what would is an I/O error."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def full(db: sqlite3.Connection) -> None:
    """No page more than there are."""
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")


@pytest.mark.parametrize("at", range(0, 60_000, 12_000))
def test_fail__an_io_error_at_any_byte_of_an_append_leaves_a_whole_chain(tmp_path: Path, at: int) -> None:
    path = tmp_path / "journal.db"
    journal = Journal(path, SiteConfig(), ManualClock())
    note(journal, 3)
    written = 3
    with files_up_to(path.with_name("journal.db-wal").stat().st_size + at), pytest.raises(JournalError):
        while True:
            note(journal, 1, "x" * 400)
            written += 1
    note(journal, 4)
    journal.close()
    again = Journal(path, SiteConfig(), ManualClock())
    assert again.restarted is None
    again.close()
    reader = JournalReader(path)
    assert verify(reader.records(0, 1000))[0] == written + 4
    reader.close()


@pytest.mark.parametrize("kind", ["full", "io"])
def test_fail__a_refused_prune_removes_nothing_and_the_journal_goes_on(tmp_path: Path, kind: str) -> None:
    clock = ManualClock()
    journal = Journal(tmp_path / "journal.db", SiteConfig(), clock)
    note(journal, 100, "x" * 490)
    clock.advance(timedelta(days=60).total_seconds())
    note(journal, 1)
    db = journal._db
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if kind == "io":
        with files_up_to(9_000), pytest.raises(JournalError, match="cannot be pruned"):
            journal.prune(101, keep_days=30)
    else:
        db.execute("CREATE TEMP TRIGGER broken BEFORE DELETE ON main.events WHEN old.seq = 50 "
                   "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END")  # fmt: skip
        with pytest.raises(JournalError, match="cannot be pruned"):
            journal.prune(101, keep_days=30)
        db.execute("DROP TRIGGER broken")
    note(journal, 1)
    assert journal.prune(101, keep_days=30) == 100
    journal.close()
    reader = JournalReader(tmp_path / "journal.db")
    assert verify(reader.records(0, 1000), *reader.base())[0] == 102
    reader.close()


def list_versions(rig: Rig) -> dict[ListKind, int]:
    with sqlite3.connect(rig.state_dir / "sync/replica.db") as db:
        rows = db.execute("SELECT kind, list_version FROM list_versions WHERE applied_utc IS NOT NULL").fetchall()
    db.close()
    return {ListKind(kind): version for kind, version in rows}


def test_fail__a_full_disk_under_the_replica_keeps_the_old_list_and_the_events_flowing(rig: Rig) -> None:
    """In the middle of a list's transaction; the journal's events must go on, or its disk is never freed."""
    store, journal = rig.store(), rig.journal()
    workers = tuple(WorkerRecord(worker_id=f"w-{n}", sites=("site-1",), employer="x" * 60) for n in range(900))
    rig.people(store).take(ImportFile(workers=workers[:2]))
    rig.publisher(store).publish("site-1", ListKind.ROSTER)
    rig.hq()
    sync = rig.sync()
    wait_until(lambda: list_versions(rig) == {ListKind.ROSTER: 1}, "the first list")
    replica = sync.service._replica
    wait_until(lambda: rig.holds(store, 0) and not journal.latest(1), "quiet")
    sync.stop()
    sync = rig.sync()
    replica = sync.service._replica
    full(replica._db)
    rig.people(store).take(ImportFile(workers=workers))
    rig.publisher(store).publish("site-1", ListKind.ROSTER)
    note(journal, 50)
    same_everywhere(rig, store, 50)
    assert list_versions(rig) == {ListKind.ROSTER: 1}, "half a list is none"
    sync.stop()
    rig.sync()  # with room again
    wait_until(lambda: list_versions(rig) == {ListKind.ROSTER: 2}, "the second list, asked for again")


def test_fail__an_io_error_in_the_middle_of_a_list_leaves_the_one_in_force(rig: Rig) -> None:
    store = rig.store()
    rig.people(store).take(ImportFile(workers=(WorkerRecord(worker_id="w-1", sites=("site-1",)),)))
    rig.publisher(store).publish("site-1", ListKind.ROSTER)
    rig.hq()
    sync = rig.sync()
    wait_until(lambda: list_versions(rig) == {ListKind.ROSTER: 1}, "the first list")
    sync.stop()
    writer = ReplicaWriter(rig.state_dir / "sync/replica.db")
    with (
        files_up_to((rig.state_dir / "sync/replica.db").stat().st_size),
        pytest.raises(ReplicaError, match="free disk"),
    ):
        for number in range(10_000):
            writer.add_command(b"x" * 3000 + str(number).encode())
    writer.add_command(b"room again")
    writer.close()
    assert list_versions(rig) == {ListKind.ROSTER: 1}


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


def take(store: Store, rig: Rig, journal: Journal, reader: JournalReader, upto: int, after: int = 0) -> int:
    batch = EventBatch(
        site_id="site-1",
        gate_id="gate-1",
        epoch=journal.epoch,
        base_seq=0,
        records=tuple(reader.records(after, upto - after)),
    )
    return rig.ingest(store).take(batch).ack.seq


def test_fail__a_full_disk_at_hq_acknowledges_nothing_and_says_so(tmp_path: Path) -> None:
    rig = Rig(tmp_path, 1)
    store, journal = rig.store(), rig.journal()
    note(journal, 200)
    reader = JournalReader(rig.state_dir / "gate/journal.db")
    assert take(store, rig, journal, reader, 50) == 50
    with files_up_to((rig.hq_folder / "hq.db").stat().st_size), pytest.raises(StoreError, match="free space"):
        for after in range(50, 200, 50):
            take(store, rig, journal, reader, after + 50, after)
    held = take(store, rig, journal, reader, 200, 50)
    assert held == 200 and rig.holds(store, 200)
    reader.close()
    rig.close()


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
