"""Find people by the places of their declared trips and stopovers."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet

from district.declarations.models import Stopover, Trip
from district.people.models import Person
from district.screening.models import ListRule
from district.screening.registry.found import FoundPair
from district.screening.rules import HitBasis, PlaceAndDays, PlaceMatch, area_prefix, compare_places, wider_areas

_POSSIBLE = 0.5
"""Score of who named a wider area."""
_DAY = timedelta(days=1)


def pairs_by_rule(people: "QuerySet[Person]", rule: ListRule) -> list[FoundPair]:
    """Return who was in a rule's area on its days, or passed through it."""
    asked = PlaceAndDays(rule.area, rule.first_day, rule.last_day)
    best: dict[int, PlaceMatch] = {}
    for person, was in _declared(people, asked):
        match = compare_places(asked, was)
        if match is PlaceMatch.SURE or (match is PlaceMatch.POSSIBLE and person not in best):
            best[person] = match
    return [_pair(rule, person, match) for person, match in best.items()]


def _pair(rule: ListRule, person: int, match: PlaceMatch) -> FoundPair:
    sure = match is PlaceMatch.SURE
    score = 1.0 if sure else _POSSIBLE
    return FoundPair(person, rule.list_id, HitBasis.PLACE, sure and rule.at_once, score, rule=rule.pk)


def _declared(people: "QuerySet[Person]", asked: PlaceAndDays) -> Iterator[tuple[int, PlaceAndDays]]:
    """Return where people were who may match. Who arrives may do so on the day after the departure."""
    stays = Stopover.objects.kept().filter(_inside("area", asked.code), person__in=people)
    stays = stays.filter(from_day__lte=asked.last, until_day__gte=asked.first).order_by()
    for person, area, first, last in stays.values_list("person", "area", "from_day", "until_day"):
        yield person, PlaceAndDays(area, first, last)
    ends = _inside("from_code", asked.code) | _inside("to_code", asked.code)
    trips: QuerySet[Any] = Trip.objects.kept().filter(ends, person__in=people)
    trips = trips.filter(day__gte=asked.first - _DAY, day__lte=asked.last).order_by()
    for person, day, start, end in trips.values_list("person", "day", "from_code", "to_code"):
        yield person, PlaceAndDays(start, day, day)
        yield person, PlaceAndDays(end, day, day + _DAY)


def _inside(column: str, code: str) -> Q:
    """Return the filter for codes inside an area, and for areas that contain it. Digits alone sort alike everywhere."""
    prefix = area_prefix(code)
    inside = Q(**{f"{column}__gte": prefix.ljust(6, "0"), f"{column}__lte": prefix.ljust(6, "9")})
    return inside | Q(**{f"{column}__in": wider_areas(code)})
