"""Counts of the journal by day and hour, for the trends. Pure, and small: one entry a day, for any traffic."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from contract.messages import AccessEvent, AnyEvent, Direction, PassageEvent, PassageOutcome, Reason

HOURS = 24
DAYS_KEPT = 400
"""Days in memory. The oldest one goes first, so that no journal makes this grow."""


@dataclass(slots=True)
class DayCounts:
    """One day of the site. Lists hold one number an hour. `refused` counts decisions, not people."""

    came: list[int] = field(default_factory=lambda: [0] * HOURS)
    left: list[int] = field(default_factory=lambda: [0] * HOURS)
    refused: list[int] = field(default_factory=lambda: [0] * HOURS)
    held: list[int] = field(default_factory=lambda: [0] * HOURS)
    """Refusals because of a risk list. They are in `refused`, too. Not everybody may know how many there are."""
    reasons: Counter[Reason] = field(default_factory=Counter)
    """Refusals, by reason."""
    by_guard: int = 0
    by_hq: int = 0


class Trends:
    """Counts of each day. `local`: turns a time into the site's."""

    def __init__(self, local: Callable[[datetime], datetime] = datetime.astimezone) -> None:
        self._local = local
        self.days: dict[date, DayCounts] = {}

    def add(self, event: AnyEvent) -> None:
        """Count one event. An event whose time no calendar has is left out."""
        if not isinstance(event, AccessEvent | PassageEvent):
            return
        try:
            at = self._local(event.utc)
        except (OverflowError, OSError, ValueError):
            return
        day = self.days.get(at.date())
        if day is None:
            day = self.days[at.date()] = DayCounts()
            if len(self.days) > DAYS_KEPT:
                del self.days[min(self.days)]
        if isinstance(event, PassageEvent):
            _count_passage(day, event, at.hour)
        else:
            _count_decision(day, event, at.hour)

    def of(self, day: date) -> DayCounts:
        """Return the counts of a day; zeros for a day without events."""
        return self.days.get(day) or DayCounts()


def _count_passage(day: DayCounts, event: PassageEvent, hour: int) -> None:
    if event.outcome is PassageOutcome.NOT_TAKEN:
        return
    (day.came if event.direction is Direction.IN else day.left)[hour] += 1


def _count_decision(day: DayCounts, event: AccessEvent, hour: int) -> None:
    if not event.granted:
        day.refused[hour] += 1
        day.held[hour] += event.reason is Reason.RISK_HOLD
        day.reasons[event.reason] += 1
    elif event.reason is Reason.MANUAL_ADMIT:
        day.by_guard += 1
    elif event.reason is Reason.REMOTE_OPEN:
        day.by_hq += 1
