"""Read declared trips as facts. A query takes many people or trips at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from district.declarations.models import Trip
from district.emergency.models import EmergencyMeasure
from district.tracing.rules import TraceWindow
from district.tracing.rules.travel import CAR, TripFact

AT_ONCE = 500
_COLUMNS = ("person", "mode", "number", "day", "carriage", "seat", "from_code", "to_code")


def trips_of(people: Collection[int], window: TraceWindow) -> list[TripFact]:
    """Return the trips of some people."""
    days = Q(day__gte=window.first_day, day__lte=window.last_day)
    return [fact for part in portions(people) for fact in _facts(Q(person__in=part) & days)]


def trips_that_may_meet(trips: Iterable[TripFact]) -> list[TripFact]:
    """Return the trips in the same vehicles, and those on the same routes of which a number is not known.

    By vehicle the index on number and day finds them; without a number all trips of the day are read.
    """
    numbers: dict[date, set[str]] = defaultdict(set)
    open_routes: dict[date, set[tuple[str, str]]] = defaultdict(set)
    for one in trips:
        if one.number:
            numbers[one.day].add(one.number)
        if one.mode != CAR and one.from_code and one.to_code:
            if not one.number:
                open_routes[one.day].add((one.from_code, one.to_code))
            numbers[one.day].add("")
    found = set[TripFact]()
    for day, known in numbers.items():
        for part in portions(known):
            found.update(_facts(Q(day=day, number__in=part)))
    for day, routes in open_routes.items():
        for origin, ends in _by_origin(routes).items():
            for part in portions(ends):
                found.update(_facts(Q(day=day, from_code=origin, to_code__in=part)))
    return sorted(found, key=lambda fact: (fact.day, fact.person, fact.mode, fact.number, fact.carriage, fact.seat))


def portions(values: Collection[Any]) -> Iterator[list[Any]]:
    """Return values in portions that fit into one query."""
    ordered = sorted(values)
    for start in range(0, len(ordered), AT_ONCE):
        yield ordered[start : start + AT_ONCE]


def _by_origin(routes: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for origin, end in routes:
        found[origin].add(end)
    return found


def _facts(wanted: Q) -> Iterator[TripFact]:
    """Read no trip whose measure is over and which only waits for its erasure."""
    rows: QuerySet[Any] = Trip.objects.filter(wanted, measure__in=_kept_measures()).order_by()
    for row in rows.values_list(*_COLUMNS).iterator(chunk_size=2_000):
        yield TripFact(*row)


def _kept_measures() -> list[int]:
    rows = EmergencyMeasure.objects.filter(ended=None, ends__gte=timezone.localdate())
    return list(rows.order_by().values_list("pk", flat=True))
