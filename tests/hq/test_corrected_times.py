"""Corrected times at HQ: beside the events, which come by any way and in any parts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sync_rig import ingest_of

from contract.messages import EventBatch, EventRecord, NoticeCode, NoticeEvent
from edge.core.config import SiteConfig
from edge.sim import ManualClock
from edge.storage.journal import Journal, JournalReader
from hq.commands.console import show_events
from hq.commands.times import local_text
from hq.database.store import Store
from hq.reports import report

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


class Gate:
    """A gate's journal on a clock that is set by hand, and HQ's ingest of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, ManualClock()
        self.clock.set_utc(datetime(1970, 1, 1, tzinfo=UTC))
        self.journal = Journal(folder / "journal.db", SiteConfig(), self.clock)
        self.journal._file.db.execute("PRAGMA synchronous=OFF")

    def note(self, times: int) -> None:
        for _ in range(times):
            self.clock.advance(10)
            self.journal.append(NoticeEvent, code=NoticeCode.REX)

    def reboot(self, utc: datetime, name: str) -> None:
        self.clock.set_utc(utc)
        self.journal.time.boot_id, self.journal.time.before = name, None

    @property
    def records(self) -> tuple[EventRecord, ...]:
        reader = JournalReader(self.folder / "journal.db")
        found = tuple(reader.records(0, 100_000))
        reader.close()
        return found

    def batches(self, size: int) -> Iterator[EventBatch]:
        records = self.records
        for start in range(0, len(records), size):
            some = records[start : start + size]
            yield EventBatch(site_id="site-1", gate_id="gate-1", epoch=self.journal.epoch, records=some)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path)
    yield made
    made.journal.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path}/hq.db")
    yield made
    made.close()


def took(store: Store, gate: Gate, size: int) -> list[report.ListedEvent]:
    """Everything HQ holds after the journal came in batches of this size, twice."""
    ingest = ingest_of(store, gate.folder)
    for batch in [*gate.batches(size), *gate.batches(7)]:
        ingest.take(batch)
    return report.events(store, limit=100_000)


@pytest.mark.parametrize("size", [1, 4, 500])
def test_ok__a_boot_in_1970_two_settings_and_a_reboot(store: Store, gate: Gate, size: int) -> None:
    gate.note(3)  # seq 1 to 3, in 1970
    gate.clock.set_utc(START + timedelta(days=1))
    gate.note(2)  # a setting and 5, 6: a day ahead
    gate.clock.set_utc(START + timedelta(seconds=60))
    gate.note(2)  # a setting and 8, 9: right
    gate.reboot(datetime(1970, 1, 1, tzinfo=UTC), "the-next-boot")
    gate.note(2)  # 10, 11: in 1970, and never set
    rows = took(store, gate, size)
    assert [row.seq for row in rows] == list(range(1, 12))
    right = [row.corrected_utc for row in rows]
    end = START + timedelta(seconds=80)  # of the second setting's boot, at seq 9
    assert right[:3] == [end - timedelta(seconds=s) for s in (60, 50, 40)]
    assert right[3:6] == [end - timedelta(seconds=s) for s in (30, 30, 20)], "the setting itself was wrong as well"
    assert right[6:] == [None] * 5
    assert [row.utc.year for row in rows if row.utc] == [1970] * 3 + [2026] * 6 + [1970] * 2, "as it came"
    assert all(verdict.ok for verdict in report.verdicts(store))
    assert report.quarantine(store) == []


def test_ok__events_of_a_clock_that_was_right_are_left_alone(store: Store, gate: Gate) -> None:
    gate.clock.set_utc(START)
    gate.note(3)
    gate.clock.set_utc(gate.clock.utc() + timedelta(seconds=1))  # a leap second
    gate.note(2)
    rows = took(store, gate, 500)
    assert len(rows) == 5
    assert {row.corrected_utc for row in rows} == {None}


def test_ok__a_setting_reaches_back_over_many_events(store: Store, gate: Gate) -> None:
    gate.note(2300)
    gate.clock.set_utc(START)
    gate.note(1)
    rows = took(store, gate, 500)
    assert sum(row.corrected_utc is not None for row in rows) == 2300
    assert rows[0].corrected_utc == START + timedelta(seconds=10) - timedelta(seconds=10 * 2300)


def test_fail__a_setting_that_does_not_verify_corrects_nothing(store: Store, gate: Gate) -> None:
    gate.note(2)
    gate.clock.set_utc(START)
    gate.note(1)
    *first, setting, last = gate.records
    forged = setting.model_copy(update={"body": setting.body.replace("2026-03-02", "2026-03-05")})
    ingest = ingest_of(store, gate.folder)
    ingest.take(
        EventBatch(site_id="site-1", gate_id="gate-1", epoch=gate.journal.epoch, records=(*first, forged, last))
    )
    assert {row.corrected_utc for row in report.events(store)} == {None}
    assert len(report.quarantine(store)) == 1


def test_ok__sitegate_hq_events_marks_what_was_corrected(
    store: Store, gate: Gate, capsys: pytest.CaptureFixture[str]
) -> None:
    gate.note(1)
    gate.clock.set_utc(START)
    gate.note(1)
    rows = took(store, gate, 500)
    show_events(rows, as_json=False)
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith(local_text(datetime(2026, 3, 2, 7, tzinfo=UTC)))
    assert shown[0].endswith(
        f"(corrected; the gate's clock showed {local_text(datetime(1970, 1, 1, 0, 0, 10, tzinfo=UTC))})"
    )
    assert "corrected" not in shown[1] + shown[2]
    show_events(rows, as_json=True)
    assert '"corrected_utc": "2026-03-02 07:00:00+00:00"' in capsys.readouterr().out
