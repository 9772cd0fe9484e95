"""Finds records that may be one person. A human decides; the same id number decides by itself."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import Q, QuerySet

from district.people.models import DuplicateCandidate, IdDocument, Person
from district.people.rules import RESIDENT, likeness

CANDIDATES_MAX = 5
"""Pairs that one record can bring: a list of fifty unrelated ones is read by nobody."""


def note_candidates(people: Sequence[Person]) -> None:
    """Store the pairs that people make with others born on the same day, the likest first.

    Two people with different resident id numbers are two people: such pairs are never shown. A pair that was decided
    stays decided.
    """
    born = {one.pk: one for one in people if one.birth is not None}
    resident = IdDocument.objects.filter(kind=RESIDENT)
    documented = set(resident.filter(person__in=list(born)).values_list("person", flat=True))
    if documented:
        DuplicateCandidate.objects.filter(
            Q(first__in=documented, second__documents__kind=RESIDENT)
            | Q(second__in=documented, first__documents__kind=RESIDENT),
            decision=DuplicateCandidate.Decision.OPEN,
        ).delete()
    living = Person.objects.living()
    _note([born[key] for key in born if key in documented], living.exclude(pk__in=resident.values("person")))
    _note([born[key] for key in born if key not in documented], living)


def _note(people: Sequence[Person], others: QuerySet[Person]) -> None:
    """Store the pairs of some people with others."""
    if not people:
        return
    days: dict[date | None, list[tuple[int, str]]] = {}
    found = others.filter(birth__in={one.birth for one in people}).order_by()
    for key, joined, birth in found.values_list("pk", "joined", "birth"):
        days.setdefault(birth, []).append((key, joined))
    pairs = [pair for one in people for pair in _best(one, days.get(one.birth, ()))]
    DuplicateCandidate.objects.bulk_create(pairs, ignore_conflicts=True)


def _best(person: Person, others: Iterable[tuple[int, str]]) -> list[DuplicateCandidate]:
    mine = (person.joined, person.birth)
    alike = [
        (found.score, key)
        for key, joined in others
        if key != person.pk and (found := likeness(mine, (joined, person.birth))).worth_a_look
    ]
    return [
        DuplicateCandidate(first_id=min(key, person.pk), second_id=max(key, person.pk), score=score)
        for score, key in sorted(alike, reverse=True)[:CANDIDATES_MAX]
    ]
