"""Find people by the places of their declared trips and stopovers."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.db.models import BigIntegerField, DateField, Q, QuerySet
from django.utils import timezone

from district.declarations.models import Stopover, Trip
from district.people.models import Person
from district.prepared import Given, PreparedQuery
from district.screening.models import ListRule
from district.screening.registry.found import FoundPair
from district.screening.rules import HitBasis, PlaceAndDays, PlaceMatch, area_prefix, compare_places, wider_areas

_POSSIBLE = 0.5
"""Score of who named a wider area."""
_DAY = timedelta(days=1)
_STAY, _TRIP = ("person", "area", "from_day", "until_day"), ("person", "day", "from_code", "to_code")
_PERSON, _TODAY = Given("person", BigIntegerField()), Given("today", DateField())
_STAYS_OF, _TRIPS_OF = (
    PreparedQuery(lambda: Stopover.objects.kept(_TODAY).filter(person=_PERSON).order_by().values_list(*_STAY)),
    PreparedQuery(lambda: Trip.objects.kept(_TODAY).filter(person=_PERSON).order_by().values_list(*_TRIP)),
)


def pairs_by_rule(people: "QuerySet[Person]", rule: ListRule) -> list[FoundPair]:
    """Return who was in a rule's area on its days, or passed through it."""
    asked = PlaceAndDays(rule.area, rule.first_day, rule.last_day)
    return _pairs(rule, _declared(people, asked))


def pairs_of_places(person: int, rules: Iterable[ListRule]) -> list[FoundPair]:
    """Return the rules that match where one person was, as declared."""
    given = {"person": person, "today": timezone.localdate()}
    places = list(_places(_STAYS_OF.rows(**given), _TRIPS_OF.rows(**given)))
    return [pair for rule in rules for pair in _pairs(rule, places)]


def _pairs(rule: ListRule, places: Iterable[tuple[int, PlaceAndDays]]) -> list[FoundPair]:
    asked, best = PlaceAndDays(rule.area, rule.first_day, rule.last_day), dict[int, PlaceMatch]()
    for person, was in places:
        match = compare_places(asked, was)
        if match is PlaceMatch.SURE or (match is PlaceMatch.POSSIBLE and person not in best):
            best[person] = match
    return [_pair(rule, person, match) for person, match in best.items()]


def _pair(rule: ListRule, person: int, match: PlaceMatch) -> FoundPair:
    sure = match is PlaceMatch.SURE
    score = 1.0 if sure else _POSSIBLE
    return FoundPair(person, rule.list_id, HitBasis.PLACE, sure and rule.at_once, score, rule=rule.pk)


def _declared(people: "QuerySet[Person]", asked: PlaceAndDays) -> Iterator[tuple[int, PlaceAndDays]]:
    """Return where people were who may match."""
    stays = Stopover.objects.kept().filter(_inside("area", asked.code), person__in=people)
    stays = stays.filter(from_day__lte=asked.last, until_day__gte=asked.first).order_by()
    ends = _inside("from_code", asked.code) | _inside("to_code", asked.code)
    trips: QuerySet[Any] = Trip.objects.kept().filter(ends, person__in=people)
    trips = trips.filter(day__gte=asked.first - _DAY, day__lte=asked.last).order_by()
    yield from _places(stays.values_list(*_STAY), trips.values_list(*_TRIP))


def _places(stays: Iterable[Any], trips: Iterable[Any]) -> Iterator[tuple[int, PlaceAndDays]]:
    """Return where people were. Who arrives may do so on the day after the departure."""
    for person, area, first, last in stays:
        yield person, PlaceAndDays(area, first, last)
    for person, day, start, end in trips:
        yield person, PlaceAndDays(start, day, day)
        yield person, PlaceAndDays(end, day, day + _DAY)


def _inside(column: str, code: str) -> Q:
    """Return the filter for codes inside an area, and for areas that contain it. Digits alone sort alike everywhere."""
    prefix = area_prefix(code)
    inside = Q(**{f"{column}__gte": prefix.ljust(6, "0"), f"{column}__lte": prefix.ljust(6, "9")})
    return inside | Q(**{f"{column}__in": wider_areas(code)})
