"""Find people by the keyed indexes of their documents and phones."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

from district.people.models import IdDocument, Person
from district.people.rules import RESIDENT
from district.screening.registry.found import FoundPair, portions
from district.screening.rules import HitBasis


def pairs_by_number(people: "QuerySet[Person]", rows: "QuerySet[Any]", few: list[int] | None) -> list[FoundPair]:
    """Return who has a document of a row. It is sure if both say the same kind of document."""
    documents = IdDocument.objects.filter(person__in=people if few is None else few)
    rows = rows.exclude(number_index="")
    if few is None:
        documents = documents.filter(number_index__in=rows.order_by().values("number_index"))
    held: dict[str, list[tuple[int, str]]] = {}
    for person, kind, index in documents.order_by().values_list("person", "kind", "number_index"):
        held.setdefault(index, []).append((person, kind))
    found = []
    for some in portions(held):
        wanted = rows.filter(number_index__in=some).order_by()
        for row, key_list, index, kind in wanted.values_list("pk", "list", "number_index", "document_kind"):
            for person, theirs in held[index]:
                if kind in {"", theirs}:
                    sure = kind == theirs
                    found.append(FoundPair(person, key_list, HitBasis.NUMBER, sure, 1.0 if sure else 0.9, row=row))
    return found


def pairs_by_phone(people: "QuerySet[Person]", rows: "QuerySet[Any]", few: list[int] | None) -> list[FoundPair]:
    """Return who has the phone of a row. It is sure only together with the name: phones change hands."""
    rows, owners = rows.exclude(phone_index=""), people.exclude(phone_index="")
    if few is None:
        owners = owners.filter(phone_index__in=rows.order_by().values("phone_index"))
    held: dict[str, list[tuple[int, str]]] = {}
    for person, joined, index in owners.values_list("pk", "joined", "phone_index"):
        held.setdefault(index, []).append((person, joined))
    resident = set(with_resident_card([person for some in held.values() for person, _ in some]))
    found = []
    for some in portions(held):
        wanted = rows.filter(phone_index__in=some).order_by()
        for row, key_list, index, joined, kind in wanted.values_list(
            "pk", "list", "phone_index", "joined", "document_kind"
        ):
            for person, theirs in held[index]:
                sure = bool(joined) and joined == theirs and not (kind == RESIDENT and person in resident)
                found.append(FoundPair(person, key_list, HitBasis.PHONE, sure, 1.0 if sure else 0.8, row=row))
    return found


def with_resident_card(people: Sequence[int]) -> Iterator[int]:
    """Return those whose resident number is known: another number on a list is another person's."""
    for some in portions(people):
        wanted = IdDocument.objects.filter(person__in=some, kind=RESIDENT).order_by()
        yield from wanted.values_list("person", flat=True)
