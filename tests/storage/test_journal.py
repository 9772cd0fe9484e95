"""The journal on a real file: no holes, no silent loss, one writer."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contract.chain import GENESIS, BrokenChain, verify
from contract.messages import AccessEvent, Advice, ClockEvent, Direction, NoticeCode, NoticeEvent, Reason
from edge.core.config import SiteConfig
from edge.core.domain import LiveState, Tone
from edge.core.ports import JournalError
from edge.storage.journal import Journal, JournalReader


class FixedClock:
    def __init__(self) -> None:
        self.now = self.start = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
        self.set_by = timedelta()

    def utc(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return 12.5 + (self.now - self.set_by - self.start).total_seconds()

    def set_wrong(self, by: timedelta) -> None:
        self.now += by
        self.set_by += by

    def trusted(self) -> bool:
        return self.now.year >= 2024


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path, clock: FixedClock) -> Iterator[Journal]:
    made = Journal(path, SiteConfig(), clock)
    yield made
    made.close()


@pytest.fixture
def reader(path: Path) -> Iterator[JournalReader]:
    made = JournalReader(path)
    yield made
    made.close()


def note(journal: Journal, times: int = 1, ref: str | None = None) -> None:
    for _ in range(times):
        journal.append(NoticeEvent, code=NoticeCode.GATE_STARTED, ref=ref)


def test_ok__seq_without_holes_and_a_whole_chain(journal: Journal, reader: JournalReader) -> None:
    note(journal, 20)
    records = reader.records(0, 100)
    assert [r.seq for r in records] == list(range(1, 21))
    assert records[0].prev_hash == GENESIS
    assert verify(records) == (20, records[-1].hash)


def test_ok__continues_after_restart(journal: Journal, path: Path, clock: FixedClock, reader: JournalReader) -> None:
    note(journal, 3)
    journal.close()
    again = Journal(path, SiteConfig(), clock)
    note(again)
    assert again.epoch == reader.epoch
    assert verify(reader.records(0, 10))[0] == 4
    again.close()


def test_ok__an_event_carries_when_and_where(journal: Journal) -> None:
    event = journal.append(
        AccessEvent, reason=Reason.UNKNOWN, granted=False, advice=Advice.SEE_DESK, direction=Direction.IN
    )
    assert (event.gate_id, event.site_id, event.monotonic_ms, event.clock_trusted) == ("gate-1", "site-1", 12500, True)


def test_fail__a_changed_record_is_found(journal: Journal, path: Path, reader: JournalReader) -> None:
    note(journal, 5)
    journal.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE events SET body = replace(body, 'gate_started', 'gate_stopped') WHERE seq = 3")
    db.close()
    with pytest.raises(BrokenChain, match="seq 3 was changed"):
        verify(reader.records(0, 10))


def test_fail__a_missing_record_is_found(journal: Journal, path: Path, reader: JournalReader) -> None:
    note(journal, 5)
    journal.close()
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM events WHERE seq = 3")
    db.close()
    with pytest.raises(BrokenChain, match="seq 4 follows 2"):
        verify(reader.records(0, 10))


def test_fail__two_writers(journal: Journal, path: Path, clock: FixedClock) -> None:
    with pytest.raises(JournalError, match="another process is writing"):
        Journal(path, SiteConfig(), clock)


def test_ok__the_lock_dies_with_its_process(path: Path, clock: FixedClock) -> None:
    code = (
        "import os, sys; from pathlib import Path; from edge.storage.journal import Journal; from edge.core.config import SiteConfig;"
        "from edge.system.clock import SystemClock; Journal(Path(sys.argv[1]), SiteConfig(), SystemClock());"
        "os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -9
    Journal(path, SiteConfig(), clock).close()


def test_fail__a_journal_that_cannot_be_followed_is_let_go(
    journal: Journal, path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process may open it again."""
    journal.close()

    def damaged(*_: object) -> None:
        raise sqlite3.DatabaseError("database disk image is malformed")

    with monkeypatch.context() as disk, pytest.raises(JournalError):
        disk.setattr("edge.storage.journal.JournalTime.continue_from", damaged)
        Journal(path, SiteConfig(), clock)
    Journal(path, SiteConfig(), clock).close()


def test_fail__a_journal_of_another_gate(journal: Journal, path: Path, clock: FixedClock) -> None:
    journal.close()
    with pytest.raises(JournalError, match="journal of gate 'gate-1'"):
        Journal(path, SiteConfig(gate_id="gate-2"), clock)


def test_fail__a_damaged_file_is_set_aside_and_a_new_epoch_begins(
    journal: Journal, path: Path, clock: FixedClock, reader: JournalReader
) -> None:
    note(journal, 5)
    first = reader.epoch
    reader.close()
    journal.close()
    data = bytearray(path.read_bytes())
    data[: len(data) // 2] = b"\xa5" * (len(data) // 2)
    path.write_bytes(bytes(data))
    again = Journal(path, SiteConfig(), clock)
    assert again.restarted is not None
    assert again.restarted.exists()
    note(again)
    assert reader.changed()
    assert reader.epoch == again.epoch != first
    assert reader.head() == 1
    again.close()


def test_ok__a_ref_is_single_use_also_after_pruning(journal: Journal, clock: FixedClock) -> None:
    note(journal, ref="command-1")
    assert journal.seen("command-1")
    assert not journal.seen("command-2")
    with pytest.raises(JournalError):
        note(journal, ref="command-1")
    clock.now += timedelta(days=40)
    journal.prune(1, keep_days=30)
    assert journal.seen("command-1")


def test_ok__the_last_of_several_refs_is_found_also_after_pruning(journal: Journal, clock: FixedClock) -> None:
    assert journal.last_ref("on:", "off:") is None
    for ref in ("on:1", "off:1", "onwards", "on:2", "x%"):
        journal.append(NoticeEvent, ref=ref, code=NoticeCode.GATE_STARTED)
    assert journal.last_ref("on:", "off:") == "on:2"
    assert journal.last_ref("off:") == "off:1"
    assert journal.last_ref("%", "_") is None  # no patterns
    clock.now += timedelta(days=90)
    assert journal.prune(5, keep_days=30) == 5
    assert journal.last_ref("on:", "off:") == "on:2"


def test_ok__pruning_needs_acknowledgement_and_age(journal: Journal, clock: FixedClock, reader: JournalReader) -> None:
    note(journal, 10)
    assert journal.prune(5, keep_days=30) == 0  # acknowledged, but young
    clock.now += timedelta(days=31)
    note(journal, 5)
    assert journal.prune(0, keep_days=30) == 0  # old, but not acknowledged
    assert journal.prune(5, keep_days=30) == 5
    seq, digest = reader.base()
    assert seq == 5
    assert verify(reader.records(5, 100), seq, digest)[0] == 15
    assert reader.head() == 15
    journal.prune(15, keep_days=0)
    note(journal)
    assert verify(reader.records(10, 100), *reader.base())[0] == 16


def test_ok__events_from_a_clock_that_was_ahead_do_not_keep_all_the_others(journal: Journal, clock: FixedClock) -> None:
    note(journal, 3)
    clock.set_wrong(timedelta(days=3650))
    note(journal)
    clock.set_wrong(-timedelta(days=3650))
    note(journal, 3)
    clock.now += timedelta(days=31)
    head = journal.size().head
    note(journal, 2)
    assert journal.prune(journal.size().head, keep_days=30) == head
    clock.now -= timedelta(hours=20)  # what lies only a little ahead is no wrong clock
    assert journal.prune(journal.size().head, keep_days=30) == 0


def test_fail__a_clock_in_1970_never_prunes(journal: Journal, clock: FixedClock) -> None:
    note(journal, 3)
    clock.now = datetime(1970, 1, 2, tzinfo=UTC)
    assert journal.prune(3, keep_days=0) == 0


def test_fail__a_read_only_disk_is_an_error_and_stores_nothing(journal: Journal, reader: JournalReader) -> None:
    note(journal, 2)
    journal._file.db.execute("PRAGMA query_only=ON")
    with pytest.raises(JournalError, match="free disk space"):
        note(journal)
    journal._file.db.execute("PRAGMA query_only=OFF")
    note(journal)
    assert verify(reader.records(0, 10))[0] == 3


def test_ok__the_live_state_is_overwritten(journal: Journal, clock: FixedClock, reader: JournalReader) -> None:
    assert reader.changed()
    for tone in (Tone.IDLE, Tone.GO):
        journal.set_live(LiveState(utc=clock.utc(), direction=Direction.IN, gate_state="locked", tone=tone))
    assert reader.changed()
    assert not reader.changed()
    live = reader.live()
    assert live is not None
    assert live.tone is Tone.GO
    assert reader.head() == 0


def test_ok__a_reader_of_no_file_sees_nothing_and_waits(path: Path, reader: JournalReader, clock: FixedClock) -> None:
    assert not reader.changed()
    assert (reader.epoch, reader.head(), reader.records(0, 5), reader.latest(5), reader.live()) == ("", 0, [], [], None)
    made = Journal(path, SiteConfig(), clock)
    assert reader.changed()
    made.close()


def test_ok__the_gates_group_reads_the_files_and_its_process_alone_writes_them(path: Path, clock: FixedClock) -> None:
    before = os.umask(0o007)  # as in the systemd units
    try:
        made = Journal(path, SiteConfig(), clock)
        note(made)
        modes = {f.name: f.stat().st_mode & 0o777 for f in path.parent.glob("journal.db*")}
        made.close()
    finally:
        os.umask(before)
    assert modes.pop("journal.db.lock") == 0o600, "who can read a lock file can hold it"
    assert set(modes.values()) == {0o640}, modes


# --- the wall clock is set -------------------------------------------------------------------------------


def test_ok__a_clock_that_was_set_is_recorded_before_anything_carries_the_new_time(
    journal: Journal, clock: FixedClock, reader: JournalReader
) -> None:
    clock.set_wrong(timedelta(days=-20_000))
    note(journal)
    clock.now += timedelta(seconds=30)
    clock.set_wrong(timedelta(days=20_000))
    note(journal, 2)
    first, step, *later = reader.latest(10)[::-1]
    assert isinstance(step, ClockEvent)
    assert (step.seq, step.was_utc, step.utc) == (2, first.utc + timedelta(seconds=30), clock.now)
    assert (first.clock_trusted, step.was_trusted, step.clock_trusted) == (False, False, True)
    assert [event.type for event in later] == ["notice", "notice"]
    assert verify(reader.records(0, 10))[0] == 4


def test_ok__a_clock_set_while_the_gate_process_was_down_is_recorded_too(
    journal: Journal, path: Path, clock: FixedClock, reader: JournalReader
) -> None:
    note(journal)
    journal.close()
    clock.now += timedelta(hours=2)
    clock.set_wrong(timedelta(hours=-1))
    again = Journal(path, SiteConfig(), clock)
    note(again)
    assert [event.type for event in reader.latest(10)] == ["notice", "clock", "notice"]
    again.close()


def test_ok__another_boot_has_another_clock(
    journal: Journal, path: Path, clock: FixedClock, reader: JournalReader
) -> None:
    journal.time.boot_id = "the-boot-before"
    note(journal)
    journal.close()
    clock.set_wrong(timedelta(days=3))
    again = Journal(path, SiteConfig(), clock)
    note(again)
    assert [event.type for event in reader.latest(10)] == ["notice", "notice"]
    again.close()


def test_ok__small_steps_add_up(journal: Journal, clock: FixedClock, reader: JournalReader) -> None:
    for _ in range(5):
        note(journal)
        clock.set_wrong(timedelta(seconds=0.6))
    steps = [event for event in reader.latest(10) if isinstance(event, ClockEvent)]
    assert [step.utc - step.was_utc for step in steps] == [timedelta(seconds=1.8)]


# --- room --------------------------------------------------------------------------------------------------


def test_ok__many_events_are_forgotten_a_part_at_a_time(journal: Journal, clock: FixedClock, path: Path) -> None:
    journal._file.db.execute("PRAGMA synchronous=OFF")  # 1,300 waits for the disk are not what this is about
    note(journal, 1300)
    clock.now += timedelta(days=31)
    assert [journal.prune(1300, 30, keep_events=100) for _ in range(4)] == [500, 500, 200, 0]
    size = journal.size()
    assert (size.head, size.kept) == (1300, 100)


def test_ok__the_room_of_forgotten_events_goes_back_to_the_disk(
    journal: Journal, clock: FixedClock, path: Path, reader: JournalReader
) -> None:
    journal._file.db.execute("PRAGMA synchronous=OFF")
    for _ in range(12_000):
        journal.append(NoticeEvent, code=NoticeCode.GATE_STARTED, detail="x" * 400)
    journal._file.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.stat().st_size
    assert journal.size().used_mb == pytest.approx(before / 1e6, rel=0.01)
    clock.now += timedelta(days=31)
    while journal.prune(11_900, 30):
        pass
    assert journal.size().used_mb < before / 1e6 / 20
    shrunk = 0
    while journal.shrink():
        shrunk += 1
    journal._file.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert shrunk > 3, "a part at a time"
    assert path.stat().st_size < before / 2
    assert verify(reader.records(11_900, 200), *reader.base())[0] == 12_000


def test_ok__used_codes_are_forgotten_with_their_events_other_refs_never(journal: Journal, clock: FixedClock) -> None:
    for ref in ("code-1", "command-1", "codex", "admit-1"):
        note(journal, ref=ref)
    clock.now += timedelta(hours=13)
    assert journal.prune(4, keep_days=0) == 4
    assert journal.seen("code-1"), "younger than a day: a code may still be valid"
    note(journal)
    clock.now += timedelta(days=2)
    assert journal.prune(5, keep_days=1) == 1
    assert not journal.seen("code-1")
    assert journal.seen("command-1") and journal.seen("codex") and journal.seen("admit-1")


def test_fail__codes_forgotten_by_a_clock_that_was_ahead_are_not_taken_again(
    journal: Journal, clock: FixedClock
) -> None:
    """By that clock they were long too old; by the right one they are still valid."""
    clock.now += timedelta(days=3)
    issued, begun = clock.now, journal.knows_since()
    note(journal, ref="code-1")
    clock.now += timedelta(days=20_000)
    assert journal.prune(1, keep_days=30) == 1
    clock.now -= timedelta(days=20_000)
    assert not journal.seen("code-1") and journal.knows_since() == begun
    journal.time_corrected()
    since = journal.knows_since()
    assert since is not None and issued <= since, "what was issued before is refused"
    clock.now += timedelta(days=40)
    note(journal)
    journal.time_corrected()
    assert journal.knows_since() == since, "told once"


def test_fail__a_full_disk_takes_events_as_long_as_room_is_given(path: Path, clock: FixedClock) -> None:
    given = []

    def give_room() -> bool:
        if len(given) == 3:
            return False
        given.append(pages())
        journal._file.db.execute(f"PRAGMA max_page_count={pages() + 4}")
        return True

    def pages() -> int:
        return int(journal._file.db.execute("PRAGMA page_count").fetchone()[0])

    journal = Journal(path, SiteConfig(), clock, give_room=give_room)
    journal._file.db.execute(f"PRAGMA max_page_count={pages()}")
    with pytest.raises(JournalError, match="full"):
        note(journal, 1000)
    assert len(given) == 3
    reader = JournalReader(path)
    kept = reader.head()
    assert kept > 10
    journal._file.db.execute("PRAGMA max_page_count=100000")
    note(journal, 5)
    assert verify(reader.records(0, 2000))[0] == kept + 5
    reader.close()
    journal.close()


def test_ok__a_journal_of_an_earlier_version_works_on_and_reuses_its_pages(path: Path, clock: FixedClock) -> None:
    old = sqlite3.connect(path)  # as it was made before it could shrink
    old.executescript(
        "PRAGMA journal_mode=WAL;"
        "CREATE TABLE events (seq INTEGER PRIMARY KEY, utc FLOAT, prev_hash TEXT, hash TEXT, body TEXT);"
        "CREATE INDEX idx_events_utc ON events (utc); CREATE TABLE refs (ref TEXT PRIMARY KEY, seq INTEGER);"
        "CREATE TABLE live (id INTEGER PRIMARY KEY, state TEXT);"
        "CREATE TABLE journal (epoch TEXT, gate_id TEXT, base_seq INTEGER, base_hash TEXT);"
        f"INSERT INTO journal VALUES ('old-epoch', 'gate-1', 0, '{GENESIS}');"
    )
    old.close()
    journal = Journal(path, SiteConfig(), clock)
    journal._file.db.execute("PRAGMA synchronous=OFF")
    note(journal, 600)
    clock.now += timedelta(days=31)
    while journal.prune(600, 30):
        pass
    assert (journal.epoch, journal.size().kept, journal.shrink()) == ("old-epoch", 0, False)
    journal.close()
