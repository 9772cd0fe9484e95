"""The district's calendar: days that differ, hours of office, night duty and quiet; who has duty now."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.accounts.models import User
from district.audit.record import record
from district.cases.clocks import LOOK_DAYS, OpenHours, WorkCalendar
from district.cases.models import CalendarDay, DutyHours
from district.cases.rules import CaseRefused
from district.places.models import Place

OFFICE = tuple(OpenHours(weekday, time(8, 30), time(17, 30)) for weekday in range(5))
"""Office hours where nobody has written others."""


def calendar_at(place: Place, start: datetime) -> WorkCalendar:
    """Return the office hours of a place, with the days that a deadline from a time on can meet."""
    first = timezone.localdate(start) - timedelta(days=2)
    days = CalendarDay.objects.filter(day__gte=first, day__lte=first + timedelta(days=LOOK_DAYS + 4))
    hours = _hours(_nearest(place, DutyHours.Kind.OFFICE)) or OFFICE
    return WorkCalendar(_zone(), hours, dict(days.values_list("day", "works")))


def quiet_at(place: Place) -> WorkCalendar:
    """Return the quiet hours that hold at a place."""
    return WorkCalendar(_zone(), _hours(_nearest(place, DutyHours.Kind.QUIET)))


def on_duty(place: Place, at: datetime) -> User | None:
    """Return who has night duty for a place now; None outside its hours."""
    for row in _nearest(place, DutyHours.Kind.NIGHT):
        if row.user.is_active and WorkCalendar(_zone(), _hours([row])).is_open(at):
            user: User = row.user
            return user
    return None


@transaction.atomic
def add_hours(
    by: object, place: Place, kind: str, weekday: int, begins: time, ends: time, user: User | None = None
) -> DutyHours:
    """Add hours to a place. Raises CaseRefused, also if the same begin stands there already."""
    if not 0 <= weekday <= 6:
        raise CaseRefused(gettext_noop("Choose a weekday."))
    if (user is None) == (kind == DutyHours.Kind.NIGHT):
        raise CaseRefused(gettext_noop("Night duty needs an account; other hours have none."))
    if DutyHours.objects.filter(place=place, kind=kind, weekday=weekday, begins=begins).exists():
        raise CaseRefused(gettext_noop("Such hours begin at this time already: remove them first."))
    made = DutyHours.objects.create(place=place, kind=kind, weekday=weekday, begins=begins, ends=ends, user=user)
    record(by, "add", made, details={"kind": kind})
    return made


@transaction.atomic
def add_weekdays(
    by: object, place: Place, kind: str, weekdays: Iterable[int], begins: time, ends: time, user: User | None = None
) -> None:
    """Add the same hours to several weekdays: to all, or to none. Raises CaseRefused."""
    for weekday in weekdays:
        add_hours(by, place, kind, weekday, begins, ends, user)


@transaction.atomic
def remove_hours(by: object, hours: DutyHours) -> None:
    """Remove hours. Deadlines that are set stay."""
    record(by, "remove", hours, details={"kind": hours.kind})
    hours.delete()


@transaction.atomic
def set_day(by: object, day: date, works: bool, name: str = "") -> CalendarDay:
    """Say whether a day is worked. Deadlines that are set stay."""
    made, _new = CalendarDay.objects.update_or_create(
        day=day, defaults={"works": works, "name": name[:80], "edited_by": str(by)[:150]}
    )
    record(by, "change", made)
    return made


@transaction.atomic
def seed_calendar(first_year: int) -> int:
    """Take the published holidays and moved working days from a year on. Return how many are new.

    What somebody changed stays. The library ends with the last year that the State Council has published.
    """
    published = [(day, False, name) for day, name in chinese_calendar.holidays.items()]
    published += [(day, True, name) for day, name in chinese_calendar.workdays.items()]
    known = set(CalendarDay.objects.values_list("day", flat=True))
    rows = [
        CalendarDay(day=day, works=works, name=name)
        for day, works, name in published
        if day.year >= first_year and day not in known
    ]
    CalendarDay.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        record("worker", "add", CalendarDay, details={"count": str(len(rows))})
    return len(rows)


def _nearest(place: Place, kind: str) -> list[Any]:
    """Return the hours of the nearest place at or above one that has any of a kind."""
    rows = DutyHours.objects.filter(kind=kind, place__path__in=place.ancestor_paths).select_related("place", "user")
    found: list[Any] = sorted(rows, key=lambda row: (-row.place.depth, row.weekday, row.begins))
    return [row for row in found if row.place_id == found[0].place_id]


def _hours(rows: Iterable[Any]) -> tuple[OpenHours, ...]:
    return tuple(OpenHours(row.weekday, row.begins, row.ends) for row in rows)


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)
