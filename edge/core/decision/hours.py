"""Compute with the site's local time: which periods hold, and which plan a day follows. Pure.

Periods follow the site's wall clock. So a night shift is an hour shorter or longer when the clocks change. The repeated
hour in autumn counts twice. A period belongs to the day on which it begins. The night shift of the last working day
continues into a holiday. The night after a closed day stays closed until morning.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from contract.messages import PolicySnapshot
from contract.policy import Holiday, Period, Weekday, zone_named

_ALL_DAY = (Period(),)
_DAYS = tuple(Weekday)
_EARLIEST, _LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)
"""Bounds of local times: beyond them a time zone, or the day before, would overflow."""


def site_time(now: datetime, policy: PolicySnapshot) -> datetime:
    """Return the site's local time; UTC if this machine does not know the policy's zone."""
    return max(_EARLIEST, min(now, _LATEST)).astimezone(zone_named(policy.time_zone) or UTC)


def holds(periods: Iterable[Period], local: datetime) -> bool:
    """Return True if one of the periods holds at this local time."""
    periods = tuple(periods)
    return _begun(periods, local) or _still(periods, local)


def open_at(policy: PolicySnapshot, local: datetime) -> bool:
    """Return True if the working hours, or the holiday plan that replaces them, hold at this local time."""
    today = local.date()
    return _begun(plan_of(policy, today), local) or _still(plan_of(policy, today - timedelta(days=1)), local)


def plan_of(policy: PolicySnapshot, day: date) -> tuple[Period, ...]:
    """Return the periods that may begin on this day; none on a closed day."""
    holiday = holiday_on(policy, day)
    return holiday.periods if holiday else policy.working_hours or _ALL_DAY


def holiday_on(policy: PolicySnapshot, day: date) -> Holiday | None:
    return next((holiday for holiday in policy.holidays if holiday.first <= day <= holiday.last), None)


def in_words(periods: Iterable[Period]) -> str:
    """ "mon tue 07:00-19:00, sat 08:00-12:00"; "closed" for none."""
    return ", ".join(f"{_days(p)}{p.since:%H:%M}-{p.until:%H:%M}" for p in periods) or "closed"


def moment(local: datetime) -> str:
    """ "Mon 2026-03-02 07:15 HKT", independent of the locale."""
    return f"{_DAYS[local.weekday()].capitalize()} {local:%Y-%m-%d %H:%M} {local.tzname()}"


def _begun(periods: Iterable[Period], local: datetime) -> bool:
    """Return True if a period that began today holds."""
    clock, today = local.time(), _DAYS[local.weekday()]
    return any(today in p.days and p.since <= clock and (clock < p.until or p.until <= p.since) for p in periods)


def _still(periods: Iterable[Period], local: datetime) -> bool:
    """Return True if a period that began yesterday holds."""
    clock, yesterday = local.time(), _DAYS[local.weekday() - 1]
    return any(yesterday in p.days and p.until <= p.since and clock < p.until for p in periods)


def _days(period: Period) -> str:
    return "" if set(period.days) == set(Weekday) else " ".join(d for d in _DAYS if d in period.days) + " "
