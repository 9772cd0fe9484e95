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
from contract.messages import AccessEvent, Advice, Direction, NoticeCode, NoticeEvent, Reason
from edge.config import SiteConfig
from edge.domain import LiveState, Tone
from edge.journal import Journal, JournalReader
from edge.ports import JournalError


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
        "import os, sys; from pathlib import Path; from edge.journal import Journal; from edge.config import SiteConfig;"
        "from edge.clock import SystemClock; Journal(Path(sys.argv[1]), SiteConfig(), SystemClock());"
        "os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -9
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


def test_fail__a_clock_in_1970_never_prunes(journal: Journal, clock: FixedClock) -> None:
    note(journal, 3)
    clock.now = datetime(1970, 1, 2, tzinfo=UTC)
    assert journal.prune(3, keep_days=0) == 0


def test_fail__a_read_only_disk_is_an_error_and_stores_nothing(journal: Journal, reader: JournalReader) -> None:
    note(journal, 2)
    journal._db.execute("PRAGMA query_only=ON")
    with pytest.raises(JournalError, match="free disk space"):
        note(journal)
    journal._db.execute("PRAGMA query_only=OFF")
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


def test_ok__the_gates_group_can_use_the_files_whoever_opens_them_first(path: Path, clock: FixedClock) -> None:
    before = os.umask(0o007)  # as in the systemd units
    try:
        made = Journal(path, SiteConfig(), clock)
        note(made)
        modes = {f.name: f.stat().st_mode & 0o777 for f in path.parent.glob("journal.db*")}
        made.close()
    finally:
        os.umask(before)
    assert set(modes.values()) == {0o660}, modes
