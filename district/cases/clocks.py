"""Deadlines on the district's calendar, quiet hours, and when a case goes up the tree. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from district.cases.rules import CaseKind

LOOK_DAYS = 60
"""A calendar without an open minute for so long counts as always open from then on. Each case has a deadline."""
QUIET_MAX = timedelta(hours=24)
"""A message waits for the end of quiet hours at most so long."""
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class OpenHours:
    """From a time of a weekday (0 is Monday) to another; if that is not later, on the next day."""

    weekday: int
    begins: time
    ends: time


@dataclass(frozen=True)
class WorkCalendar:
    """Hours of weekdays in a time zone, and the days that differ. Without hours it is always open."""

    zone: ZoneInfo
    hours: tuple[OpenHours, ...] = ()
    days: Mapping[date, bool] = field(default_factory=dict)
    """Day -> whether it is worked. A worked day without hours of its weekday has those of the first that has any."""

    def due_after(self, start: datetime, minutes: int) -> datetime:
        """Return when so many open minutes have passed since a time, in UTC."""
        left = timedelta(minutes=minutes)
        if not self.hours:
            return start.astimezone(UTC) + left
        for begin, end in self.spans(start):
            if end - begin >= left:
                return begin + left
            left -= end - begin
        return start.astimezone(UTC) + LOOK_DAYS * _DAY + left

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """Return the open time between two times that are at most `LOOK_DAYS` apart."""
        if not self.hours:
            return max(end - start, timedelta())
        total = timedelta()
        for begin, until in self.spans(start):
            total += max(min(until, end.astimezone(UTC)) - begin, timedelta())
        return total

    def is_open(self, at: datetime) -> bool:
        """Say whether a time is inside the hours."""
        return not self.hours or next(self.spans(at), (None, None))[0] == at.astimezone(UTC)

    def spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the open spans from a time on in UTC, in order and apart from each other, for `LOOK_DAYS`."""
        until = start = start.astimezone(UTC)
        first, last = start.astimezone(self.zone).date() - _DAY, start + LOOK_DAYS * _DAY
        for number in range(LOOK_DAYS + 3):
            for begin, end in self._of(first + number * _DAY):
                begin, end = max(begin, until), min(end, last)
                if end > begin:
                    yield begin, end
                    until = end

    def _of(self, day: date) -> list[tuple[datetime, datetime]]:
        """Return the spans that begin on a day."""
        return sorted((self._at(day, one.begins), self._end(day, one)) for one in self._hours_of(day))

    def _hours_of(self, day: date) -> list[OpenHours]:
        weekday, works = day.weekday(), self.days.get(day)
        if works is False:
            return []
        own = [one for one in self.hours if one.weekday == weekday]
        if own or not works:
            return own
        like = min(one.weekday for one in self.hours)
        return [one for one in self.hours if one.weekday == like]

    def _end(self, day: date, one: OpenHours) -> datetime:
        return self._at(day + _DAY if one.ends <= one.begins else day, one.ends)

    def _at(self, day: date, hour: time) -> datetime:
        return datetime.combine(day, hour, self.zone).astimezone(UTC)


def told_at(quiet: WorkCalendar, at: datetime, *, urgent: bool) -> datetime:
    """Return when a message may leave: at once, or at the end of quiet hours. `quiet` without hours is never quiet."""
    until = at = at.astimezone(UTC)
    if urgent or not quiet.hours:
        return at
    for begin, end in quiet.spans(at):
        if begin > until or until - at >= QUIET_MAX:
            break
        until = end
    return min(until, at + QUIET_MAX)


@dataclass(frozen=True)
class CaseClocks:
    """How many minutes each answer may take. Urgent clocks run day and night."""

    answer: int
    solution: int
    urgent: bool = False


_DAY_MINUTES = 8 * 60
"""A working day."""
CLOCKS: dict[CaseKind, CaseClocks] = {
    CaseKind.HIT: CaseClocks(30, 4 * 60, urgent=True),
    CaseKind.RISK_AT_GATE: CaseClocks(30, 4 * 60, urgent=True),
    CaseKind.TEMPERATURE: CaseClocks(30, 4 * 60, urgent=True),
    CaseKind.DECLARATION: CaseClocks(60, 8 * 60, urgent=True),
    CaseKind.SILENT_GATE: CaseClocks(60, _DAY_MINUTES),
    CaseKind.LIST_EXPIRED: CaseClocks(60, _DAY_MINUTES),
    CaseKind.TAMPER: CaseClocks(30, 4 * 60, urgent=True),
    CaseKind.FIRE: CaseClocks(5, 2 * 60, urgent=True),
    CaseKind.SHORTFALL: CaseClocks(4 * 60, 2 * _DAY_MINUTES),
    CaseKind.WHISTLE: CaseClocks(4 * 60, 3 * _DAY_MINUTES),
    CaseKind.SUPPORT: CaseClocks(_DAY_MINUTES, 10 * _DAY_MINUTES),
    CaseKind.CONTACT: CaseClocks(60, 24 * 60, urgent=True),
}
CONFIRM_MINUTES = 3 * _DAY_MINUTES
"""How long the reporter may take to look. Then others of the reporter's side may confirm."""


def after(calendar: WorkCalendar, kind: CaseKind, start: datetime, minutes: int) -> datetime:
    """Return when minutes of a kind's clock have passed: day and night if it is urgent, else on the calendar."""
    if CLOCKS[kind].urgent:
        return start.astimezone(UTC) + timedelta(minutes=minutes)
    return calendar.due_after(start, minutes)


@dataclass(frozen=True)
class Deadlines:
    """Until when a case is answered and solved."""

    answer: datetime
    solution: datetime


def deadlines(calendar: WorkCalendar, kind: CaseKind, start: datetime, due: datetime | None = None) -> Deadlines:
    """Return the deadlines of a case that begins at a time. `due` replaces the time for the solution."""
    clocks = CLOCKS[kind]
    solution = due or after(calendar, kind, start, clocks.solution)
    return Deadlines(min(after(calendar, kind, start, clocks.answer), solution), solution)


def next_escalation(
    calendar: WorkCalendar, kind: CaseKind, now: datetime, due: Deadlines, *, answered: bool, at_top: bool
) -> datetime | None:
    """Return when a case goes one place up if nothing happens; None if there is no place above.

    It goes at each missed deadline. While one is missed, it goes again each time that an answer would take.
    """
    if at_top:
        return None
    if not answered and due.answer > now:
        return due.answer
    again = after(calendar, kind, now, CLOCKS[kind].answer)
    if due.solution <= now:
        return again
    return due.solution if answered else min(due.solution, again)
