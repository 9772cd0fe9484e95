"""Somebody removes, replaces, changes, locks or holds the journal's files while the gate writes them.

Nothing is lost unseen, nothing is done twice.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sync_rig import note

from contract.chain import verify
from contract.messages import NoticeCode, NoticeEvent
from edge.core.config import SiteConfig
from edge.core.domain import LiveState
from edge.core.ports import JournalError
from edge.sim import ManualClock
from edge.storage import file_watch, journal_file, sqlite_file
from edge.storage.background_check import BackgroundCheck
from edge.storage.high_water import HighWater
from edge.storage.journal import Journal, JournalReader
from edge.storage.salvage import salvaged_files


class Gate:
    """A journal with its high-water marks, as `edge.app.journal_startup` opens them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path, self.clock = folder, folder / "journal.db", ManualClock()
        self.start()

    def start(self) -> None:
        self.water = HighWater(self.folder, now=self.clock.utc)
        self.journal = Journal(self.path, SiteConfig(), self.clock, memory=self.water)
        self.water.join(self.journal.mark("high-water"), lambda text: self.journal.set_mark("high-water", text))

    def stop(self) -> None:
        self.water.close()
        self.journal.close()

    def notices(self) -> list[str]:
        return [f"{e.code.value}: {e.detail}" for e in self.journal.latest(20)[::-1] if isinstance(e, NoticeEvent)]

    def saved(self) -> dict[str, int]:
        """Epoch and number of events saved for HQ, once that was reported."""
        until = time.monotonic() + 30
        while not self.journal._notices and time.monotonic() < until:
            time.sleep(0.01)
        return {epoch: last for _, epoch, last in salvaged_files(self.folder)}


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    monkeypatch.setattr(file_watch, "LOOK_EVERY_S", 0.0)  # a test is faster than anybody's events
    made = Gate(tmp_path / "gate")
    yield made
    made.stop()


def remove(path: Path) -> None:
    path.unlink()


def remove_all(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink()


def remove_log(path: Path) -> None:
    path.with_name("journal.db-wal").unlink()


def remove_index(path: Path) -> None:
    path.with_name("journal.db-shm").unlink()


def rename_the_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


def put_an_old_copy(path: Path) -> None:
    shutil.copy(path, path.with_name("old"))
    path.with_name("old").rename(path)


def put_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def put_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def put_a_link(path: Path) -> None:
    path.rename(path.with_name("moved"))
    path.symlink_to(path.with_name("moved"))


HARMS = [
    remove, remove_all, remove_log, remove_index, rename_the_folder, put_an_old_copy, put_a_pipe, put_a_folder, put_a_link,
]  # fmt: skip


@pytest.mark.parametrize("harm", HARMS)
def test_fail__a_journal_that_is_no_longer_on_disk_opens_nothing_and_forgets_nothing(
    gate: Gate, harm: Callable[[Path], None]
) -> None:
    note(gate.journal, 10)
    gate.journal.append(NoticeEvent, ref="order-1", code=NoticeCode.COMMAND_DONE)
    first, since = gate.journal.epoch, gate.journal.knows_since()
    gate.clock.advance(60)
    harm(gate.path)
    with pytest.raises(JournalError, match="removed or replaced"):
        if harm is remove_index:  # it holds no event: looked at once a second
            live(gate)
        gate.journal.append(NoticeEvent, ref="order-2", code=NoticeCode.COMMAND_DONE)
    assert gate.journal.epoch != first
    assert gate.journal.seen("order-1") and not gate.journal.seen("order-2")
    assert gate.saved() == {first: 11}, "what HQ does not hold is saved for it"
    gate.journal.append(NoticeEvent, ref="order-2", code=NoticeCode.COMMAND_DONE)
    told = gate.notices()
    assert told[0].startswith("journal_restarted: journal.db") and "removed or replaced while the gate ran" in told[0]
    assert told[2] == f"journal_restarted: of the file before: events 1 to 11 of epoch {first} were saved for HQ"
    assert gate.journal.knows_since() == since, "all that was done once is known"
    gate.stop()
    gate.start()
    assert gate.journal.seen("order-1") and gate.journal.seen("order-2") and not gate.journal.why
    reader = JournalReader(gate.path)
    assert verify(reader.records(0, 100))[0] == 3
    reader.close()


def live(gate: Gate) -> None:
    """What the loop does every second."""
    state = {"utc": gate.clock.utc(), "direction": "in", "gate_state": "locked", "tone": "idle"}
    gate.journal.set_live(LiveState.model_validate(state))


def test_fail__it_is_noticed_while_nobody_comes(gate: Gate) -> None:
    note(gate.journal, 1)
    first = gate.journal.epoch
    remove(gate.path)
    with pytest.raises(JournalError, match="removed or replaced"):
        live(gate)
    assert gate.saved() == {first: 1}
    live(gate)
    told = gate.notices()
    assert told[0].startswith("journal_restarted") and told[1].endswith(f"epoch {first} were saved for HQ")
    assert not list(gate.folder.glob("*.corrupt-*")), "nothing useless is left"


def test_fail__a_lock_is_recorded_though_nobody_comes(gate: Gate) -> None:
    with another_program(gate.path, "BEGIN IMMEDIATE") as pid:
        with pytest.raises(JournalError, match=f"locked by process {pid}"):
            live(gate)
        gate.clock.advance(2)
    live(gate)
    assert f"locked for 2.0 s by process {pid}" in gate.notices()[0]


def test_fail__a_second_writer_is_kept_out_also_of_a_folder_that_was_made_again(gate: Gate) -> None:
    rename_the_folder(gate.path)
    with pytest.raises(JournalError, match="removed or replaced"):
        live(gate)
    with pytest.raises(JournalError, match="another process is writing"):
        Journal(gate.path, SiteConfig(), gate.clock)


def test_fail__as_long_as_no_new_file_can_be_made_nothing_opens_and_nothing_is_forgotten(gate: Gate) -> None:
    gate.journal.append(NoticeEvent, ref="order-1", code=NoticeCode.COMMAND_DONE)
    elsewhere = gate.folder.with_name("elsewhere")
    gate.folder.rename(elsewhere)
    gate.folder.write_text("no folder")
    for _ in range(3):
        with pytest.raises(JournalError):
            note(gate.journal, 1)
        assert gate.journal.seen("order-1")
    gate.folder.unlink()
    with pytest.raises(JournalError, match="a new one was begun"):
        note(gate.journal, 1)
    note(gate.journal, 1)
    assert gate.journal.seen("order-1")


@pytest.mark.parametrize("sql", ["DELETE FROM events WHERE seq >= 9", "UPDATE events SET hash = 'x' WHERE seq = 11"])
def test_fail__rows_that_somebody_removed_or_changed_are_noticed_at_the_next_event(gate: Gate, sql: str) -> None:
    note(gate.journal, 10)
    gate.journal.append(NoticeEvent, ref="order-1", code=NoticeCode.COMMAND_DONE)
    gate.clock.advance(60)
    with sqlite3.connect(gate.path) as db:
        db.execute(sql)
        db.execute("DELETE FROM refs")
    db.close()
    assert gate.journal.seen("order-1"), "what this process did it knows itself"
    with pytest.raises(JournalError, match="does not end with the event that was written last"):
        note(gate.journal, 1)
    note(gate.journal, 1)
    assert gate.journal.seen("order-1")
    assert gate.journal.knows_since() == gate.clock.utc(), "what an earlier process did may be lost"


@pytest.mark.parametrize("harm", [remove_all, put_an_old_copy])
def test_fail__a_journal_that_was_removed_or_rolled_back_while_the_gate_was_off(
    gate: Gate, harm: Callable[[Path], None]
) -> None:
    note(gate.journal, 5)
    gate.stop()
    shutil.copy(gate.path, gate.folder / "image")
    gate.start()
    gate.clock.advance(60)
    for ref in ("order-1", "locked-down:1"):
        gate.journal.append(NoticeEvent, ref=ref, code=NoticeCode.COMMAND_DONE)
    first, ordered = gate.journal.epoch, gate.clock.utc()
    gate.stop()
    for suffix in ("", "-wal", "-shm"):
        gate.path.with_name(f"journal.db{suffix}").unlink()
    if harm is put_an_old_copy:
        (gate.folder / "image").rename(gate.path)
    gate.clock.advance(10)
    gate.start()
    assert gate.journal.epoch != first and ("removed" in gate.journal.why or "rolled back" in gate.journal.why)
    since = gate.journal.knows_since()
    assert since is not None and since > ordered, "an order from before is not obeyed"
    assert gate.journal.last_ref("locked-down:", "lock-down-over:") == "locked-down:1", "a lock-down still stands"


def test_ok__a_first_start_after_an_update_takes_the_journal_as_it_is(tmp_path: Path) -> None:
    old = Journal(tmp_path / "journal.db", SiteConfig(), ManualClock())
    old._file.db.execute("DROP TABLE marks")  # as 0.1 made it
    note(old, 3)
    epoch = old.epoch
    old.close()
    gate = Gate(tmp_path)
    assert (gate.journal.epoch, gate.journal.why, gate.journal.knows_since()) == (epoch, "", None)
    note(gate.journal, 1)
    assert gate.water.head() == (epoch, 4)
    gate.stop()


def test_ok__a_program_that_looks_and_ends_takes_nothing_away(gate: Gate) -> None:
    """SQLite removes the -wal file when the last connection closes: the gate's own lock has to tell it otherwise."""
    note(gate.journal, 3)
    look = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); "
    look += "print(*db.execute('SELECT count(*) FROM events').fetchone()); db.close()"
    found = subprocess.run(
        [sys.executable, "-c", look, str(gate.path)], capture_output=True, text=True, check=True
    ).stdout
    assert found == "3\n" and gate.path.with_name("journal.db-wal").exists()
    note(gate.journal, 1)
    assert not gate.journal.restarted


# --- other programs that hold it -----------------------------------------------------------------------------


@contextmanager
def another_program(path: Path, sql: str) -> Iterator[int]:
    """Its pid; it has run these statements and waits."""
    code = (
        "import sqlite3, sys, time\ndb = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "for sql in sys.argv[2].split(';'): db.execute(sql).fetchall()\nprint('ready', flush=True)\ntime.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path), sql], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        try:
            yield process.pid
        finally:
            process.kill()


def test_fail__a_locked_journal_opens_nothing_names_who_locks_it_and_loses_nothing(gate: Gate) -> None:
    note(gate.journal, 2)
    with another_program(gate.path, "BEGIN IMMEDIATE") as pid:
        for _ in range(2):
            with pytest.raises(JournalError, match=rf"locked by process {pid} \(python"):
                note(gate.journal, 1)
            gate.clock.advance(1.5)
    note(gate.journal, 1)
    assert f"journal_held: locked for 3.0 s by process {pid}" in gate.notices()[-1]
    assert gate.journal.size().head == 4


def test_ok__a_reader_without_end_is_named_and_the_log_shrinks_after_it(gate: Gate) -> None:
    gate.journal._file.db.execute(
        "PRAGMA synchronous=OFF"
    )  # thousands of waits for the disk are not what this is about
    note(gate.journal, 1)
    with another_program(gate.path, "BEGIN;SELECT count(*) FROM events") as pid:
        note(gate.journal, 1200)
        assert gate.journal.size().log_mb > 9
        gate.journal.checkpoint()
        assert gate.journal.size().log_mb > 9, "the reader needs it"
        assert (
            gate.journal.held_open_by() == f"process {pid} (python)" or f"process {pid}" in gate.journal.held_open_by()
        )
    gate.journal.checkpoint()
    assert gate.journal.size().log_mb * 1e6 <= sqlite_file.WAL_KEEP_BYTES


# --- a large one ---------------------------------------------------------------------------------------------


def test_fail__damage_in_the_middle_of_a_large_journal_is_found_beside_the_loop(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.journal._file.db.execute("PRAGMA synchronous=OFF")
    gate.journal.append(NoticeEvent, ref="order-1", code=NoticeCode.COMMAND_DONE)
    for _ in range(3000):
        gate.journal.append(NoticeEvent, code=NoticeCode.GATE_STARTED, detail="x" * 400)
    gate.stop()
    data = bytearray(gate.path.read_bytes())
    middle = data.find(b'"seq":1500,')
    assert middle > 0
    data[middle + 6 : middle + 10] = b"9999"
    gate.path.write_bytes(bytes(data))
    monkeypatch.setattr(journal_file, "FULL_CHECK_MAX_BYTES", 200_000)
    gate.start()
    assert not gate.journal.why, "the start reads the end only"
    scrub = BackgroundCheck(gate.path, gate.journal.report_damage, pause_s=0)
    scrub.start()
    scrub.wait()
    with pytest.raises(JournalError, match="event 1500"):
        note(gate.journal, 1)
    note(gate.journal, 1)
    assert gate.journal.seen("order-1") and gate.journal.knows_since() is not None


def test_ok__a_whole_large_journal_is_read_through_also_while_it_is_pruned(gate: Gate) -> None:
    gate.journal._file.db.execute("PRAGMA synchronous=OFF")
    note(gate.journal, 2000)
    gate.clock.advance(timedelta(days=40).total_seconds())
    found: list[str] = []
    scrub = BackgroundCheck(gate.path, found.append, pause_s=0.001)
    scrub.start()
    while gate.journal.prune(2000, 30, keep_events=10):
        note(gate.journal, 1)
    with suppress(RuntimeError):
        scrub.wait()
    scrub.close()
    assert not found
