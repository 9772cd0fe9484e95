"""Finds records that may be one person. A human decides; the same id number decides by itself."""

from django.db.models import Q

from district.people.models import DuplicateCandidate, IdDocument, Person
from district.people.rules import RESIDENT, likeness

CANDIDATES_MAX = 5
"""Pairs that one record can bring: a list of fifty unrelated ones is read by nobody."""


def note_candidates(person: Person) -> int:
    """Store the pairs that a person makes with others born on the same day, the likest first. Return how many.

    Two people with different resident id numbers are two people: such pairs are never shown. A pair that was decided
    stays decided.
    """
    if person.birth is None:
        return 0
    others = Person.objects.living().filter(birth=person.birth).exclude(pk=person.pk)
    if IdDocument.objects.filter(person=person, kind=RESIDENT).exists():
        DuplicateCandidate.objects.filter(
            Q(first=person, second__documents__kind=RESIDENT) | Q(second=person, first__documents__kind=RESIDENT),
            decision=DuplicateCandidate.Decision.OPEN,
        ).delete()
        others = others.exclude(pk__in=IdDocument.objects.filter(kind=RESIDENT).values("person"))
    mine = (person.joined, person.birth)
    alike = [
        (found.score, key)
        for key, joined, birth in others.values_list("pk", "joined", "birth")
        if (found := likeness(mine, (joined, birth))).worth_a_look
    ]
    best = sorted(alike, reverse=True)[:CANDIDATES_MAX]
    DuplicateCandidate.objects.bulk_create(
        [
            DuplicateCandidate(first_id=min(key, person.pk), second_id=max(key, person.pk), score=score)
            for score, key in best
        ],
        ignore_conflicts=True,
    )
    return len(best)
