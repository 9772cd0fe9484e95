"""Fill the day tables. Each source is counted first, and then stored in one short transaction."""

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from district.emergency.models import EmergencyMeasure
from district.figures.models import CountedDay, DayFigure, MeasureFigure
from district.figures.rules import KEPT_DAYS, SHOWN_DAYS, days_to_fill
from district.figures.sources import (
    CountedFigure,
    FigureSource,
    cases,
    declared,
    end_of,
    gates,
    headcounts,
    resumption,
    supplies,
)

SOURCES: tuple[FigureSource, ...] = (
    resumption.SOURCE,
    headcounts.SOURCE,
    gates.SOURCE,
    cases.SOURCE,
    declared.SOURCE,
    supplies.SOURCE,
)
_AT_ONCE = 1_000


def fill_day(day: date) -> None:
    """Count one day again, in place of what was counted before."""
    today = timezone.localdate()
    for source in SOURCES:
        if not source.live or day == today:
            _store(day, source, list(source.count(day)))
    CountedDay.objects.update_or_create(day=day, defaults={"counted": timezone.now()})


def fill_some() -> bool:
    """Count one past day that is missing or late, and remove what is too old. Return whether there may be more."""
    today = timezone.localdate()
    shown = CountedDay.objects.filter(day__gt=today - timedelta(days=SHOWN_DAYS), day__lt=today)
    filled = {day: timezone.localdate(counted) for day, counted in shown.values_list("day", "counted")}
    waiting = days_to_fill(filled, today)
    if waiting:
        fill_day(waiting[0])
        return len(waiting) > 1
    oldest = today - timedelta(days=KEPT_DAYS)
    DayFigure.objects.filter(day__lt=oldest).delete()
    CountedDay.objects.filter(day__lt=oldest).delete()
    return False


def _store(day: date, source: FigureSource, found: list[CountedFigure]) -> None:
    names = [name.value for name in source.names]
    ordinary = [one for one in found if one.measure is None]
    of_measures = [one for one in found if one.measure is not None]
    with transaction.atomic():
        DayFigure.objects.filter(day=day, name__in=names).delete()
        DayFigure.objects.bulk_create(
            (
                DayFigure(place_id=one.place, day=day, name=one.name.value, part=one.part, value=one.value)
                for one in ordinary
            ),
            batch_size=_AT_ONCE,
            update_conflicts=True,
            unique_fields=["day", "name", "place", "part"],
            update_fields=["value"],
        )
        _store_of_measures(day, names, of_measures)


def _store_of_measures(day: date, names: list[str], found: list[CountedFigure]) -> None:
    """Store the figures of measures that still run. One that ended meanwhile must not get rows behind its erasure."""
    today = timezone.localdate()
    running = EmergencyMeasure.objects.select_for_update().filter(ended=None, ends__gte=today)
    measures = set(running.values_list("pk", flat=True))
    MeasureFigure.objects.filter(day=day, name__in=names).delete()
    MeasureFigure.objects.bulk_create(
        (
            MeasureFigure(
                measure_id=one.measure,
                place_id=one.place,
                day=day,
                name=one.name.value,
                part=one.part,
                value=one.value,
                made=end_of(day),
            )
            for one in found
            if one.measure is not None and one.measure in measures
        ),
        batch_size=_AT_ONCE,
        update_conflicts=True,
        unique_fields=["day", "name", "place", "part", "measure"],
        update_fields=["value"],
    )
