"""The time in which encounters count. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

Span = tuple[datetime, datetime]
"""From and until. A moment has the same time twice."""


@dataclass(frozen=True)
class TraceWindow:
    """The days that are looked at, both included, and the moment until which anything is known."""

    first_day: date
    last_day: date
    now: datetime
    zone: tzinfo

    @property
    def span(self) -> Span:
        """Return its first and last moment. Nothing after `now` has happened."""
        start, end = days_span(self.first_day, self.last_day, self.zone)
        return start, max(start, min(end, self.now))


def days_span(first: date, last: date, zone: tzinfo) -> Span:
    """Return the span of whole days by the wall clock."""
    start = datetime.combine(first, time.min, zone)
    return start, datetime.combine(last + timedelta(days=1), time.min, zone)


def shared(one: Span, other: Span) -> Span | None:
    """Return what two spans share; None if that is nothing. Spans that only touch share nothing."""
    start, end = max(one[0], other[0]), min(one[1], other[1])
    return (start, end) if start < end else None
