"""Counts by day and hour."""

from datetime import UTC, date, datetime, timedelta, timezone

from screen_parts import NOW, MemoryJournal

from contract.codec import decode_event
from contract.messages import AccessEvent, Advice, Direction, PassageOutcome, Reason
from edge.screen.journal.trends import DAYS_KEPT, Trends

SITE = timezone(timedelta(hours=8))


def counted(journal: MemoryJournal) -> Trends:
    trends = Trends(lambda utc: utc.astimezone(SITE))
    for record in journal.kept:
        trends.add(decode_event(record.body))
    return trends


def test_ok__passages_and_refusals_count_in_the_sites_hour() -> None:
    journal = MemoryJournal()
    journal.passage("a", utc=NOW)
    journal.passage("b", Direction.OUT, utc=NOW)
    journal.passage("c", outcome=PassageOutcome.NOT_TAKEN)
    journal.passage(None, outcome=PassageOutcome.FORCED)
    journal.access(Reason.GRANTED, "a")
    journal.access(Reason.UNKNOWN)
    journal.access(Reason.UNKNOWN)
    journal.access(Reason.NOT_ACTIVE, "d")
    for reason in (Reason.MANUAL_ADMIT, Reason.REMOTE_OPEN):
        journal.add(AccessEvent, reason=reason, granted=True, advice=Advice.WALK_THROUGH, direction=Direction.IN)
    day = counted(journal).of(NOW.astimezone(SITE).date())
    assert (day.came[14], day.left[14], day.refused[14], sum(day.came)) == (2, 1, 3, 2)
    assert dict(day.reasons) == {Reason.UNKNOWN: 2, Reason.NOT_ACTIVE: 1}
    assert (day.by_guard, day.by_hq) == (1, 1)


def test_fail__a_journal_of_many_days_does_not_grow_without_end() -> None:
    journal = MemoryJournal()
    for number in range(DAYS_KEPT + 30):
        journal.passage("a", utc=NOW + timedelta(days=number))
    journal.passage("a", utc=datetime(9999, 12, 31, 23, tzinfo=UTC))
    trends = counted(journal)
    assert len(trends.days) == DAYS_KEPT
    assert min(trends.days) == NOW.date() + timedelta(days=30)
    assert sum(trends.of(date(2020, 1, 1)).came) == 0
