"""Who is inside, by a real journal: followed as it grows, read again after a restart."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from contract.messages import Direction, NoticeCode, NoticeEvent, PassageEvent, PassageOutcome
from edge.core.config import SiteConfig
from edge.core.domain import LastPassage
from edge.sim import ManualClock
from edge.storage.journal import Journal
from edge.storage.journal_events import FIRST_SINCE
from edge.storage.presence import JournalPresence

IN, OUT = Direction.IN, Direction.OUT


class Gate:
    """A gate's journal, and what is known from it."""

    def __init__(self, folder: Path) -> None:
        self.path, self.clock = folder / "journal.db", ManualClock()
        self.journal = Journal(self.path, SiteConfig(), self.clock)
        self.presence = JournalPresence(self.path, self.clock)

    def passes(
        self, direction: Direction, worker_id: str | None = "w1", outcome: PassageOutcome = PassageOutcome.PASSED
    ) -> datetime:
        self.clock.advance(60)
        event = self.journal.append(PassageEvent, outcome=outcome, direction=direction, worker_id=worker_id)
        return event.utc

    def inside(self, hours: float = 14) -> int:
        return self.presence.inside(self.clock.utc() - timedelta(hours=hours))


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path)
    yield made
    made.presence.close()
    made.journal.close()


def test_ok__nobody_is_inside_at_first(gate: Gate) -> None:
    assert gate.inside() == 0
    assert gate.presence.last_passage("w1") is None


def test_ok__no_journal_yet(tmp_path: Path) -> None:
    presence = JournalPresence(tmp_path / "journal.db", ManualClock())
    assert presence.inside(ManualClock().utc()) == 0
    assert presence.last_passage("w1") is None


def test_ok__people_come_and_go(gate: Gate) -> None:
    gate.passes(IN, "w1")
    came = gate.passes(IN, "w2")
    assert gate.inside() == 2
    gate.passes(OUT, "w1")
    assert gate.inside() == 1
    last = gate.presence.last_passage("w2")
    assert last == LastPassage(IN, came)
    assert gate.presence.last_passage("w1").direction is OUT  # type: ignore[union-attr]


def test_ok__only_a_passage_counts_and_every_passage_does(gate: Gate) -> None:
    gate.passes(IN, "w1", PassageOutcome.NOT_TAKEN)
    gate.journal.append(NoticeEvent, code=NoticeCode.TAMPER)
    assert gate.inside() == 0
    gate.passes(IN, None, PassageOutcome.TAILGATED)
    gate.passes(IN, None, PassageOutcome.FORCED)
    assert gate.inside() == 2
    gate.passes(OUT, None, PassageOutcome.REVERSED)
    assert gate.inside() == 1
    for _ in range(3):
        gate.passes(OUT, None)
    assert gate.inside() == 0
    gate.passes(IN, None)
    assert gate.inside() == 1


def test_ok__a_passage_is_forgotten_after_a_time(gate: Gate) -> None:
    gate.passes(IN, "w1")
    gate.passes(IN, None)
    gate.clock.advance(14 * 3600 - 120)
    assert gate.inside() == 2
    gate.clock.advance(180)
    assert gate.inside() == 0
    assert gate.inside(hours=15) == 2


def test_ok__a_restart_loses_nothing(gate: Gate, tmp_path: Path) -> None:
    gate.passes(IN, "w1")
    gate.passes(IN, "w2")
    gate.passes(OUT, "w1")
    gate.passes(IN, None)
    known = gate.inside()
    gate.journal.close()
    after = Gate.__new__(Gate)
    after.path, after.clock = gate.path, gate.clock
    after.journal = Journal(gate.path, SiteConfig(), gate.clock)
    after.presence = JournalPresence(gate.path, gate.clock)
    assert after.inside() == known == 2
    after.passes(OUT, "w2")
    assert after.inside() == 1
    after.presence.close()
    after.journal.close()


def test_ok__pruning_takes_nobody_away_from_a_gate_that_runs(gate: Gate) -> None:
    gate.passes(IN, "w1")
    assert gate.inside() == 1
    gate.clock.advance(3600)
    assert gate.journal.prune(acked_seq=1, keep_days=0) == 1
    assert gate.inside() == 1
    gate.passes(IN, "w2")
    assert gate.inside() == 2


def test_ok__what_is_a_week_old_is_not_read_at_the_start(gate: Gate) -> None:
    gate.passes(IN, "w1")
    gate.clock.advance(7 * 24 * 3600)
    gate.passes(IN, "w2")
    later = JournalPresence(gate.path, gate.clock)
    assert later.last_passage("w1") is None
    assert later.inside(gate.clock.utc() - timedelta(days=7)) == 1
    later.close()


def test_ok__another_journal_adds_to_what_is_known(gate: Gate) -> None:
    gate.passes(IN, "w1")
    assert gate.inside() == 1
    gate.journal.close()
    for part in gate.path.parent.glob("journal.db*"):
        part.unlink()
    gate.journal = Journal(gate.path, SiteConfig(), gate.clock)
    gate.passes(IN, "w2")
    assert gate.inside() == 2


def test_ok__a_start_reads_no_events_from_before(tmp_path: Path) -> None:
    """A journal of months must not make the start longer: where the week begins is found by the index of times."""
    journal = Journal(tmp_path / "journal.db", SiteConfig(), ManualClock())
    plan = [row[3] for row in journal._file.db.execute(f"EXPLAIN QUERY PLAN {FIRST_SINCE}", (0.0,))]
    assert plan == ["SEARCH events USING COVERING INDEX idx_events_utc (utc>?)"]
    journal.close()
