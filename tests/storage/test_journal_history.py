"""Questions about the past, asked of a real journal."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contract.messages import (
    AccessEvent,
    Advice,
    Direction,
    NoticeCode,
    NoticeEvent,
    PassageEvent,
    PassageOutcome,
    Reason,
)
from edge.core.config import SiteConfig
from edge.core.domain import HistoryKind, HistoryQuery
from edge.storage import journal_history
from edge.storage.journal import Journal
from edge.storage.journal_history import JournalHistory

DAY = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
NEXT = DAY + timedelta(days=1)


class SetClock:
    def __init__(self) -> None:
        self.now = DAY

    def utc(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.now.timestamp()

    def trusted(self) -> bool:
        return True


class Gate:
    """A journal with a clock that is set, and the reader of its past."""

    def __init__(self, folder: Path) -> None:
        self.path, self.clock = folder / "journal.db", SetClock()
        self.journal = Journal(self.path, SiteConfig(), self.clock, synchronous="OFF")
        self.history = JournalHistory(self.path)

    def at(self, minutes: float) -> None:
        self.clock.now = DAY + timedelta(minutes=minutes)

    def decides(self, reason: Reason, worker_id: str | None = None, detail: str = "") -> int:
        granted = reason in (Reason.GRANTED, Reason.MANUAL_ADMIT)
        advice = Advice.WALK_THROUGH if granted else Advice.SEE_DESK
        event = self.journal.append(
            AccessEvent,
            reason=reason,
            granted=granted,
            advice=advice,
            direction=Direction.IN,
            worker_id=worker_id,
            detail=detail,
        )
        return event.seq

    def passes(
        self,
        worker_id: str | None,
        direction: Direction = Direction.IN,
        outcome: PassageOutcome = PassageOutcome.PASSED,
    ) -> None:
        self.journal.append(PassageEvent, outcome=outcome, direction=direction, worker_id=worker_id)

    def found(self, **asked: object) -> list[int]:
        return [event.seq for event in self.history.page(HistoryQuery(DAY, NEXT, **asked), 0, 50).events]  # type: ignore[arg-type]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    gate = Gate(tmp_path)
    with closing(gate.journal), closing(gate.history):
        yield gate


def test_ok__a_day_has_its_events_and_no_others_newest_first(gate: Gate) -> None:
    for minutes in (-1, 0, 700, 1439, 1440):
        gate.at(minutes)
        gate.decides(Reason.GRANTED, "w-1")
    page = gate.history.page(HistoryQuery(DAY, NEXT), 0, 50)
    assert [event.utc for event in page.events] == [DAY + timedelta(minutes=at) for at in (1439, 700, 0)]
    assert page.total == 3
    assert gate.history.oldest() == DAY - timedelta(minutes=1)


def test_ok__each_filter_finds_its_events(gate: Gate) -> None:
    admitted = gate.decides(Reason.GRANTED, "w-1")
    refused = gate.decides(Reason.UNKNOWN)
    held = gate.decides(Reason.RISK_HOLD, "w-2", "key-screening")
    gate.passes("w-1")
    gate.passes("w-2", outcome=PassageOutcome.NOT_TAKEN)
    notice = gate.journal.append(NoticeEvent, code=NoticeCode.CAMERA_LOST).seq
    passed, not_taken = held + 1, held + 2
    assert gate.found(kind=HistoryKind.ADMITTED) == [admitted]
    assert gate.found(kind=HistoryKind.REFUSED) == [held, refused]
    assert gate.found(kind=HistoryKind.PASSAGE) == [not_taken, passed]
    assert gate.found(kind=HistoryKind.NOTICE) == [notice]
    assert gate.found(kind=HistoryKind.OTHER) == []
    assert gate.found(reason=Reason.UNKNOWN) == [refused]
    assert gate.found(outcome=PassageOutcome.NOT_TAKEN) == [not_taken]
    assert gate.found(workers=frozenset({"w-2"})) == [not_taken, held]
    assert gate.found(workers=frozenset({"w-1", "w-2"}), kind=HistoryKind.PASSAGE) == [not_taken, passed]
    assert gate.found(workers=frozenset()) == []
    assert held not in gate.found(without=frozenset({Reason.RISK_HOLD}))


def test_fail__a_text_inside_an_event_passes_for_no_field(gate: Gate) -> None:
    gate.decides(Reason.MANUAL_ADMIT, "w-1", 'by anna: "worker_id":"w-9","type":"passage","granted":false')
    assert gate.found(workers=frozenset({"w-9"})) == []
    assert gate.found(kind=HistoryKind.PASSAGE) == []
    assert gate.found(kind=HistoryKind.REFUSED) == []
    assert gate.found(workers=frozenset({"w-1' OR 1=1 --"})) == []


def test_ok__pages_stay_the_same_while_the_gate_goes_on(gate: Gate) -> None:
    for number in range(7):
        gate.at(number)
        gate.decides(Reason.GRANTED, f"w-{number}")
    asked = HistoryQuery(DAY, NEXT)
    first = gate.history.page(asked, 0, 3)
    gate.decides(Reason.GRANTED, "w-new")
    pages = [gate.history.page(asked, number, 3, first.through) for number in range(3)]
    assert [[event.seq for event in page.events] for page in pages] == [[7, 6, 5], [4, 3, 2], [1]]
    assert {page.total for page in pages} == {7}


def test_ok__a_clock_that_was_set_back_loses_no_event(gate: Gate) -> None:
    gate.at(100)
    gate.decides(Reason.GRANTED, "w-1")
    gate.at(-3000)
    gate.decides(Reason.GRANTED, "w-2")
    gate.at(101)
    gate.decides(Reason.GRANTED, "w-3")
    assert len(gate.found(kind=HistoryKind.ADMITTED)) == 2
    assert [row.worker_id for row in gate.history.decisions(DAY, NEXT)] == ["w-1", "w-3"]


def test_ok__decisions_and_passages_come_in_order_and_in_slices(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_history, "SLICE", 3)
    for number in range(12):
        gate.at(number)
        gate.decides(Reason.UNKNOWN if number % 2 else Reason.GRANTED, None if number % 2 else f"w-{number}", "why")
        gate.passes(None if number % 3 == 0 else f"w-{number}", Direction.OUT if number % 2 else Direction.IN)
    gate.passes("w-99", outcome=PassageOutcome.NOT_TAKEN)
    rows = gate.history.decisions(DAY, NEXT)
    assert [row.granted for row in rows] == [True, False] * 6
    assert (rows[1].reason, rows[1].worker_id, rows[1].detail) == ("unknown", None, "why")
    passages = list(gate.history.passages(DAY, NEXT))
    assert [(p.worker_id, p.inwards) for p in passages] == [(f"w-{n}", n % 2 == 0) for n in range(12) if n % 3]


def test_fail__rows_that_no_gate_writes_are_left_out(gate: Gate) -> None:
    """A gate process that was taken over may write anything into its journal. The pages go on."""
    good = gate.decides(Reason.GRANTED, "w-1")
    gate.passes("w-1")
    utc = DAY.timestamp()
    strange = [
        (utc, '{"type":"access",'),
        (utc, b"\xff\xfe"),
        (utc, 7),
        (utc, None),
        (utc, '{"type":"access","granted":true,"reason":5,"direction":"in","worker_id":"w-1"}'),
        (utc, '{"type":"passage","worker_id":{"a":1},"outcome":"passed","direction":"in"}'),
        (utc, '{"type":"passage","worker_id":"' + "x" * 70_000 + '","outcome":"passed","direction":"in"}'),
        (utc, '{"type":"passage","worker_id":"w-5","outcome":"passed","direction":"sideways"}'),
        ("soon", '{"type":"access"}'),
    ]
    with closing(sqlite3.connect(gate.path)) as db, db:
        for number, (when, body) in enumerate(strange, start=100):
            db.execute("INSERT INTO events VALUES (?, ?, '', '', ?, NULL, NULL)", (number, when, body))
    assert gate.found(kind=HistoryKind.ADMITTED) == [good]
    assert gate.found(workers=frozenset({"w-1", "w-5"})) == [good + 1, good]
    assert [row.seq for row in gate.history.decisions(DAY, NEXT)] == [good]
    assert [p.worker_id for p in gate.history.passages(DAY, NEXT)] == ["w-1"]
    assert gate.history.trouble == ""


def test_fail__without_a_journal_there_is_no_past(tmp_path: Path) -> None:
    with closing(JournalHistory(tmp_path / "journal.db")) as history:
        assert history.page(HistoryQuery(DAY, NEXT), 0, 50).total == 0
        assert history.decisions(DAY, NEXT) == list(history.passages(DAY, NEXT)) == []
        assert history.oldest() is None
        (tmp_path / "journal.db").write_bytes(b"no database" * 1000)
        assert history.page(HistoryQuery(DAY, NEXT), 0, 50).events == []
        assert "cannot be read" in history.trouble


def test_ok__threads_may_ask_at_the_same_time(gate: Gate) -> None:
    for number in range(300):
        gate.at(number)
        gate.decides(Reason.GRANTED, f"w-{number}")
    totals: list[int] = []
    threads = [
        threading.Thread(target=lambda: totals.append(gate.history.page(HistoryQuery(DAY, NEXT), 0, 50).total))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert totals == [300] * 8
