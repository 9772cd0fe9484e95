"""Disks that are full, refuse or fail, under each database.

Real refusals: SQLite's page limit; the kernel's limit on the size of a file (RLIMIT_FSIZE), which SQLite sees as an I/O
error in the middle of a transaction; and a small tmpfs that another program fills, or that is mounted read-only."""

import json
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sameness import same_everywhere
from sync_rig import Rig, note, wait_until
from take_batch import take

from contract.chain import verify
from contract.messages import ListKind, WorkerRecord
from edge.core.config import SiteConfig
from edge.core.ports import JournalError
from edge.replica.writer import ReplicaError, ReplicaWriter
from edge.sim import ManualClock
from edge.storage.journal import Journal, JournalReader
from hq.database.errors import StoreError
from hq.lists.publisher import URGENT_FIRST
from hq.registry.import_file import ImportFile

FIRST_LISTS = dict.fromkeys(URGENT_FIRST, 1)


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


def in_small_file_system(mb: int, folder: Path, program: str, *arguments: str) -> str:
    """What a program of tests/rigs prints, with `folder` a tmpfs of `mb` MB in a mount namespace of its own."""
    script = f'mount -t tmpfs -o size={mb}m tmpfs "$1" && exec "$2" "$3" "$1" $4'
    given = ["sh", str(folder), sys.executable, str(Path(__file__).parents[1] / "rigs" / program), *arguments]
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script, *given],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, (
        f"no namespace (it needs root, or users who may make one), or it failed: {done.stderr[-1500:]}"
    )
    return done.stdout


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
    db = journal._file.db
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
    wait_until(lambda: list_versions(rig) == FIRST_LISTS, "the first lists")
    replica = sync.service._parts.replica
    wait_until(lambda: rig.holds(store, 0) and not journal.latest(1), "quiet")
    sync.stop()
    sync = rig.sync()
    replica = sync.service._parts.replica
    full(replica._db)
    rig.people(store).take(ImportFile(workers=workers))
    rig.publisher(store).publish("site-1", ListKind.ROSTER)
    note(journal, 50)
    same_everywhere(rig, store, 50)
    assert list_versions(rig)[ListKind.ROSTER] == 1, "half a list is none"
    sync.stop()
    rig.sync()  # with room again
    wait_until(lambda: list_versions(rig)[ListKind.ROSTER] == 2, "the second list, asked for again")


def test_fail__an_io_error_in_the_middle_of_a_list_leaves_the_one_in_force(rig: Rig) -> None:
    store = rig.store()
    rig.people(store).take(ImportFile(workers=(WorkerRecord(worker_id="w-1", sites=("site-1",)),)))
    rig.publisher(store).publish("site-1", ListKind.ROSTER)
    rig.hq()
    sync = rig.sync()
    wait_until(lambda: list_versions(rig) == FIRST_LISTS, "the first lists")
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
    assert list_versions(rig) == FIRST_LISTS


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


@pytest.mark.parametrize("greedy", [0, 1], ids=["full", "full and greedy"])
def test_ok__on_a_full_disk_events_go_into_the_reserve_and_the_chain_holds(tmp_path: Path, greedy: int) -> None:
    told = json.loads(in_small_file_system(10, tmp_path, "fill_the_reserve.py", str(greedy)).splitlines()[-1])
    print(f"10 MB: {told['in_reserve']} events in the reserve of 2 MB, then: {told['error']}")
    steps = list(dict.fromkeys(told["steps"]))
    assert steps == ["ok", "low", "very_low", "critical"]
    assert told["in_reserve"] > (5 if greedy else 150)
    assert "free disk space" in told["error"]
    assert told["whole"] and told["chained"]
    assert told["steps"][-1] == "ok"


@pytest.mark.long
def test_fail__a_file_system_that_is_really_full_or_read_only(tmp_path: Path) -> None:
    printed = in_small_file_system(3, tmp_path, "fill_and_remount.py")
    said = dict(line.split(": ", 1) for line in printed.splitlines())
    print(printed)
    assert "database or disk is full" in said["journal"] and "free disk space" in said["journal"]
    assert "free disk space" in said["replica"]
    assert "Read-only file system" in said["read-only"]
    assert said["went on"] == said["whole"] == "True"
