"""Read declared trips as facts. A query takes many people or trips at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from functools import reduce
from itertools import islice
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from district.declarations.models import Trip
from district.emergency.models import EmergencyMeasure
from district.tracing.rules import Certainty, TraceWindow
from district.tracing.rules.travel import CAR, TRAIN, TripFact

AT_ONCE = 500
VEHICLES_AT_ONCE = 100
_COLUMNS = ("person", "mode", "number", "day", "carriage", "seat", "from_code", "to_code")


def trips_of(people: Collection[int], window: TraceWindow) -> list[TripFact]:
    """Return the trips of some people."""
    days = Q(day__gte=window.first_day, day__lte=window.last_day)
    return [fact for part in portions(people) for fact in _facts(Q(person__in=part) & days)]


def trips_that_may_meet(trips: Iterable[TripFact], least: Certainty = Certainty.POSSIBLE) -> Iterator[TripFact]:
    """Return the trips in the same vehicles, and those on the same routes of which a number is not known.

    By vehicle the index on number and day finds them. From `LIKELY` on, only the same carriage of a train is read: a
    train has a thousand seats.
    """
    numbers: dict[date, set[str]] = defaultdict(set)
    rooms: dict[tuple[date, str], set[str]] = defaultdict(set)
    routes: dict[tuple[date, str], set[str]] = defaultdict(set)
    for one in trips:
        if one.number and one.mode == TRAIN and least > Certainty.POSSIBLE:
            if one.carriage:
                rooms[one.day, one.number].add(one.carriage)
        elif one.number:
            numbers[one.day].add(one.number)
        if one.mode != CAR and one.from_code and one.to_code and least == Certainty.POSSIBLE:
            if not one.number:
                routes[one.day, one.from_code].add(one.to_code)
            numbers[one.day].add("")
    for day, known in numbers.items():
        for part in portions(known):
            yield from _facts(Q(day=day, number__in=part))
    for wanted in _united(Q(day=day, number=n, carriage__in=sorted(rooms[day, n])) for day, n in rooms):
        yield from _facts(wanted)
    for (day, origin), ends in routes.items():
        for part in portions(ends):
            yield from _facts(Q(day=day, from_code=origin, to_code__in=part))


def portions(values: Collection[Any]) -> Iterator[list[Any]]:
    """Return values in portions that fit into one query."""
    ordered = sorted(values)
    for start in range(0, len(ordered), AT_ONCE):
        yield ordered[start : start + AT_ONCE]


def _united(wanted: Iterable[Q]) -> Iterator[Q]:
    """Return filters in groups, so that a query asks for many vehicles."""
    rest = iter(wanted)
    while some := list(islice(rest, VEHICLES_AT_ONCE)):
        yield reduce(or_, some)


def _facts(wanted: Q) -> Iterator[TripFact]:
    """Read no trip whose measure is over and which only waits for its erasure."""
    rows: QuerySet[Any] = Trip.objects.filter(wanted, measure__in=_kept_measures()).order_by()
    for row in rows.values_list(*_COLUMNS).iterator(chunk_size=2_000):
        yield TripFact(*row)


def _kept_measures() -> list[int]:
    rows = EmergencyMeasure.objects.filter(ended=None, ends__gte=timezone.localdate())
    return list(rows.order_by().values_list("pk", flat=True))
