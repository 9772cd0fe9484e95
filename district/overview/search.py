"""Search everywhere: people by name, pinyin, phone or id number, sites and enterprises by name or number."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from district.overview.links import address_of
from district.people.models import Assignment, IdDocument, Person
from district.people.registry.persons import document_index
from district.people.rules import compact
from district.people.search import found_people
from district.permissions import Permission
from district.places.models import Enterprise, Project

SHOWN = 20
LETTERS_MIN = 2
DOCUMENT_DIGITS_MIN = 6
"""A text with fewer digits is no id number."""
LONGEST = 80


@dataclass(frozen=True)
class FoundThing:
    """One result: what it is, where it leads."""

    kind: str
    icon: str
    title: str
    text: str
    address: str


@dataclass(frozen=True)
class SearchResult:
    """What was found. `by_document` says that an id number matched, which the audit records."""

    text: str
    people: tuple[FoundThing, ...] = ()
    places: tuple[FoundThing, ...] = ()
    by_document: tuple[Person, ...] = ()
    more: bool = False

    @property
    def too_short(self) -> bool:
        """Say that nothing was searched for."""
        return bool(self.text) and not enough(self.text)

    @property
    def count(self) -> int:
        """Return how many things were found."""
        return len(self.people) + len(self.places)


def enough(text: str) -> bool:
    """Say whether a text is worth a search: one Chinese character, or two letters or digits."""
    return len(text) >= LETTERS_MIN or (len(text) == 1 and not text.isascii())


def search_all(user: Any, text: str) -> SearchResult:
    """Search what an account may see. Each part is a few index lookups."""
    text = " ".join(text.replace("\0", " ").split())[:LONGEST]
    if not enough(text):
        return SearchResult(text)
    people, by_document = _people(user, text)
    shown = _described(user, people[:SHOWN])
    return SearchResult(text, shown, (*_sites(user, text), *_enterprises(user, text)), by_document, len(people) > SHOWN)


def _people(user: Any, text: str) -> tuple[list[Person], tuple[Person, ...]]:
    if not user.may(Permission.SEE_PEOPLE):
        return [], ()
    people = found_people(text, user, SHOWN + 1)
    if sum(character.isdigit() for character in text) < DOCUMENT_DIGITS_MIN:
        return people, ()
    documents = IdDocument.objects.visible_to(user).filter(number_index=document_index(compact(text)))
    holders = set(documents.values_list("person", flat=True))
    return people, tuple(person for person in people if person.pk in holders)


def _described(user: Any, people: list[Person]) -> tuple[FoundThing, ...]:
    """Add to each person where they work: one query for all."""
    assigned = Assignment.objects.visible_to(user).filter(person__in=[person.pk for person in people])
    works = {row.person_id: row for row in assigned.select_related("project__place", "enterprise").order_by("starts")}
    return tuple(
        FoundThing(
            _("Person"), "person", person.name, _work(works.get(person.pk)), address_of("people:person", person.pk)
        )
        for person in people
    )


def _work(assignment: Any) -> str:
    if assignment is None:
        return _("on no site that you see")
    work = f"{assignment.project.place.name} · {assignment.enterprise.name}"
    if assignment.ends is None:
        return work
    return _("%(work)s, until %(day)s") % {"work": work, "day": assignment.ends.isoformat()}


def _sites(user: Any, text: str) -> tuple[FoundThing, ...]:
    asked = Q(place__name__icontains=text) | Q(site_id=text.lower()) | Q(permit=text) | Q(code=text)
    rows = Project.objects.visible_to(user).filter(asked).select_related("place")[:SHOWN]
    return tuple(
        FoundThing(_("Site"), "site", row.place.name, row.address or row.site_id, address_of("places:site", row.pk))
        for row in rows
    )


def _enterprises(user: Any, text: str) -> tuple[FoundThing, ...]:
    asked = Q(name__icontains=text) | Q(uscc=text.upper())
    rows = Enterprise.objects.visible_to(user).filter(asked)[:SHOWN]
    return tuple(
        FoundThing(_("Enterprise"), "building", row.name, row.uscc, address_of("places:enterprise", row.pk))
        for row in rows
    )
