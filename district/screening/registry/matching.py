"""Compare lists with people, in both directions: a new list with everybody, changed people with all lists."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import DateField, QuerySet
from django.utils import timezone

from district.emergency.models import EmergencyMeasure
from district.people.models import Person
from district.prepared import Given, PreparedQuery, columns_of, from_columns
from district.screening.models import Hit, KeyList, KeyRow, ListRule, send_risks
from district.screening.registry.found import FoundPair, store_pairs
from district.screening.registry.names import pairs_by_name
from district.screening.registry.numbers import pairs_by_number, pairs_by_phone
from district.screening.registry.places import pairs_by_rule, pairs_of_places
from district.screening.rules import HitState
from district.screening.work import work_inside

_TODAY = Given("today", DateField())
_RULES = PreparedQuery(
    lambda: (
        ListRule.objects.filter(list__in=KeyList.objects.in_force(_TODAY).order_by().values("pk"))
        .order_by("pk")
        .values_list(*columns_of(ListRule))
    )
)
"""The rules of all lists in force."""


@dataclass(frozen=True)
class WhomItFinds:
    """Numbers of people whom a list would find."""

    sure: int
    """They would be held at once."""
    unsure: int
    """A person would have to decide."""


def whom_it_finds(key_list: KeyList) -> WhomItFinds:
    """Count whom the rows of a list would find, before it is in force. Stores nothing."""
    pairs = _pairs(people_of(key_list.measure), KeyRow.objects.filter(list=key_list), None)
    sure = {pair.person for pair in pairs if pair.sure}
    return WhomItFinds(len(sure), len({pair.person for pair in pairs} - sure))


@transaction.atomic
def compare_list(key_list: KeyList) -> int:
    """Compare a list with everybody who works in its measure's place. Return the number of new hits."""
    measure, people = key_list.measure, people_of(key_list.measure)
    rows = KeyRow.objects.filter(list=key_list)
    pairs = _pairs(people, rows, None)
    for rule in ListRule.objects.filter(list=key_list):
        pairs += pairs_by_rule(people, rule)
    return store_pairs(measure, pairs)


@transaction.atomic
def compare_rule(rule: ListRule) -> int:
    """Compare the declarations of everybody in the place of a rule's measure. Return the number of new hits."""
    measure = rule.list.measure
    return store_pairs(measure, pairs_by_rule(people_of(measure), rule))


@transaction.atomic(savepoint=False)
def compare_declared(person: int) -> int:
    """Compare what one person declared with the rules of all lists. Return the number of new hits.

    Numbers, phones and names do not change by a declaration: they were compared when each list and the person came.
    """
    rules = [from_columns(ListRule, row) for row in _RULES.rows(today=timezone.localdate())]
    pairs = pairs_of_places(person, rules) if rules else []
    lists = KeyList.objects.filter(pk__in={pair.list for pair in pairs}).select_related("measure__place")
    count = 0
    for one in lists if pairs else ():
        if people_of(one.measure).filter(pk=person).exists():
            count += store_pairs(one.measure, [pair for pair in pairs if pair.list == one.pk])
    return count


@transaction.atomic(savepoint=False)
def compare_people(people: Collection[int]) -> int:
    """Compare some people with all lists of the places where they work. Return the number of new hits.

    Call it in the transaction that changes them. Without a list it asks one question. Who is held already may work
    elsewhere now: HQ hears of it.
    """
    lists = list(KeyList.objects.in_force().select_related("measure__place"))
    if lists:
        send_risks(Hit.objects.filter(person__in=people, state=HitState.IN_FORCE))
    measures: dict[int, list[KeyList]] = {}
    for one in lists:
        measures.setdefault(one.measure_id, []).append(one)
    count = 0
    for theirs in measures.values():
        measure = theirs[0].measure
        there = sorted(people_of(measure).filter(pk__in=people).values_list("pk", flat=True))
        if there:
            count += _compare_some(measure, theirs, there)
    return count


def people_of(measure: EmergencyMeasure) -> "QuerySet[Person]":
    """Return the people who work in a measure's place, or begin to later."""
    return Person.objects.living().filter(pk__in=work_inside(measure).order_by().values("person")).order_by()


def _compare_some(measure: EmergencyMeasure, lists: Iterable[KeyList], people: list[int]) -> int:
    keys = [one.pk for one in lists]
    some = Person.objects.filter(pk__in=people).order_by()
    pairs = _pairs(some, KeyRow.objects.filter(list__in=keys), people)
    for rule in ListRule.objects.filter(list__in=keys):
        pairs += pairs_by_rule(some, rule)
    return store_pairs(measure, pairs)


def _pairs(people: "QuerySet[Person]", rows: "QuerySet[Any]", few: list[int] | None) -> list[FoundPair]:
    """Return the pairs of people and rows. `few`: the people's keys, if they are fewer than the rows."""
    exact = pairs_by_number(people, rows, few) + pairs_by_phone(people, rows, few)
    known = {(pair.person, pair.row) for pair in exact}
    return exact + [pair for pair in pairs_by_name(people, rows, few) if (pair.person, pair.row) not in known]
