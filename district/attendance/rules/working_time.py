"""How passages become stays and working days. Pure.

`attendance.projection` does the same in SQL, for millions of passages; a test holds both against each other. This form
is what a preview of a correction uses.

The rules:
- An entry and the next passage of the same person make a stay. That passage must be an exit from the same site within
  the longest stay. Otherwise the exit is missing, or the person is still inside.
- The same passage again within five minutes (an entry after an entry, at one site) counts once.
- An exit without its entry is a missing entry. It adds no time.
- A stay counts for the day on which it began. Before `day_begins_s` that is the day before: a night shift with its
  breaks stays one day.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo

HOUR = 3600
DAY = 86_400
REPEAT_S = 300
"""The same direction again so soon is the same passage. Somebody went back for a helmet, or stood in the lane."""
LONGEST_MAX_S = 24 * HOUR
NIGHT_BEGINS_S, NIGHT_ENDS_S = 22 * HOUR, 6 * HOUR
"""Night work by the wall clock (Labour Ministry, 1995: 22:00 to 6:00)."""
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """How a site counts. Seconds; `day_begins_s` after midnight by the wall clock."""

    day_begins_s: int = 4 * HOUR
    longest_s: int = 16 * HOUR
    full_day_s: int = 8 * HOUR


DEFAULTS = WorkingTime()


@dataclass(frozen=True, slots=True)
class Step:
    """One passage of a person. `local`: seconds of the wall clock since 1970."""

    site: int
    utc: datetime
    local: int
    inwards: bool
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class WorkStay:
    """A stay, as `models.Stay` holds it."""

    site: int
    date: date
    came: datetime
    left: datetime | None = None
    seconds: int = 0
    night_seconds: int = 0
    missing_exit: bool = False
    missing_entry: bool = False
    corrected: bool = False


@dataclass(slots=True)
class WorkDay:
    """A working day, as `models.Day` holds it."""

    site: int
    date: date
    stays: list[WorkStay] = field(default_factory=list)

    @property
    def first_in(self) -> datetime | None:
        """Return the first entry that was seen."""
        return min((stay.came for stay in self.stays if not stay.missing_entry), default=None)

    @property
    def last_out(self) -> datetime | None:
        """Return the last exit that was seen."""
        return max((stay.left for stay in self.stays if stay.left is not None), default=None)

    @property
    def seconds(self) -> int:
        """Return the time inside."""
        return sum(stay.seconds for stay in self.stays)

    @property
    def incomplete(self) -> bool:
        """Say whether an entry or exit is missing."""
        return any(stay.missing_exit or stay.missing_entry for stay in self.stays)

    @property
    def night_seconds(self) -> int:
        """Return the time inside at night."""
        return sum(stay.night_seconds for stay in self.stays)


def wall_clock_s(utc: datetime, zone: tzinfo) -> int:
    """Return the seconds of the wall clock since 1970 at a moment."""
    local = utc.astimezone(zone)
    return int((local.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())


def day_of(local: int, rules: WorkingTime = DEFAULTS) -> date:
    """Return the working day of a moment."""
    return EPOCH + timedelta(days=(local - rules.day_begins_s) // DAY)


def night_until(local: int) -> int:
    """Return the seconds of night since 1970 until a moment. The difference of two moments lies between them."""
    days, rest = divmod(local, DAY)
    return days * (DAY - NIGHT_BEGINS_S + NIGHT_ENDS_S) + min(rest, NIGHT_ENDS_S) + max(rest - NIGHT_BEGINS_S, 0)


def stays_of(steps: Iterable[Step], rules: Callable[[int, int], WorkingTime], now: datetime) -> list[WorkStay]:
    """Make the stays of one person from all passages. `rules`: site and wall clock -> how it counts then."""
    real = _without_repeats(sorted(steps, key=lambda step: step.utc))
    found = []
    for number, step in enumerate(real):
        here = rules(step.site, step.local)
        before = real[number - 1] if number else None
        after = real[number + 1] if number + 1 < len(real) else None
        if step.inwards:
            found.append(_stay(step, after, here, now))
        elif before is None or not _pair(before, step, here):
            day = day_of(step.local, here)
            found.append(WorkStay(step.site, day, step.utc, step.utc, missing_entry=True, corrected=step.corrected))
    return found


def days_of(stays: Iterable[WorkStay]) -> list[WorkDay]:
    """Group stays by site and day."""
    found: dict[tuple[int, date], WorkDay] = {}
    for stay in stays:
        found.setdefault((stay.site, stay.date), WorkDay(stay.site, stay.date)).stays.append(stay)
    return [found[key] for key in sorted(found, key=lambda key: (key[1], key[0]))]


def _without_repeats(steps: Sequence[Step]) -> list[Step]:
    return [
        step
        for number, step in enumerate(steps)
        if not number
        or (steps[number - 1].site, steps[number - 1].inwards) != (step.site, step.inwards)
        or step.local - steps[number - 1].local > REPEAT_S
    ]


def _pair(entry: Step, after: Step, rules: WorkingTime) -> bool:
    return (
        entry.inwards
        and not after.inwards
        and entry.site == after.site
        and _seconds(entry.utc, after.utc) <= rules.longest_s
    )


def _stay(entry: Step, after: Step | None, rules: WorkingTime, now: datetime) -> WorkStay:
    stay = WorkStay(entry.site, day_of(entry.local, rules), entry.utc, corrected=entry.corrected)
    if after is None:
        return replace(stay, missing_exit=_seconds(entry.utc, now) > rules.longest_s)
    if not _pair(entry, after, rules):
        return replace(stay, missing_exit=True)
    return replace(
        stay,
        left=after.utc,
        seconds=_seconds(entry.utc, after.utc),
        night_seconds=night_until(after.local) - night_until(entry.local),
        corrected=entry.corrected or after.corrected,
    )


def _seconds(first: datetime, last: datetime) -> int:
    return int(last.timestamp()) - int(first.timestamp())
