"""Find people by name in pinyin, inside blocks of one date of birth or one province. A person decides each."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from district.people.models import IdDocument, Person
from district.people.rules import RESIDENT
from district.people.rules.likeness import ENOUGH
from district.screening.models import Hit
from district.screening.registry.found import FoundPair, portions
from district.screening.rules import CANDIDATES_MAX, ENOUGH_IN_PLACE, HitBasis, HitState, best_names

_ROW = ("pk", "list", "joined", "initials", "birth", "province", "document_kind")
"""What is compared. Of a million rows each further column takes a second."""
_CONTENT = ("joined", "initials", "birth", "province", "document_kind", "number_index", "phone_index")
"""Rows of two lists with the same content are the same row."""

FEW_BLOCKS = 2_000
"""So many dates of birth, or provinces with initials, are looked for by an index. For more everybody is read."""


@dataclass
class NameBlock:
    """People who are compared with a row."""

    people: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def add(self, person: int, joined: str) -> None:
        """Add a person."""
        self.people.append(person)
        self.names.append(joined)


class NameBlocks:
    """People by date of birth, and by province and initials. Those without a resident card also stand apart."""

    def __init__(self, people: "QuerySet[Person]") -> None:
        """Read the people."""
        cards = IdDocument.objects.filter(kind=RESIDENT, person__in=people)
        carded = set(cards.order_by().values_list("person", flat=True))
        self.born: dict[tuple[date, bool], NameBlock] = {}
        self.from_province: dict[tuple[str, str, bool, bool], NameBlock] = {}
        columns = ("pk", "joined", "initials", "birth", "province")
        for person, joined, initials, birth, province in people.exclude(joined="").values_list(*columns):
            for every in (True, False) if person not in carded else (True,):
                if birth is not None:
                    self.born.setdefault((birth, every), NameBlock()).add(person, joined)
                if province:
                    for unknown in (True, False) if birth is None else (False,):
                        key = (province, initials, every, unknown)
                        self.from_province.setdefault(key, NameBlock()).add(person, joined)

    def best(self, row: tuple[Any, ...]) -> list[tuple[float, int]]:
        """Return score and person of those whom a row may mean, the likest first.

        A row with a resident number is compared only with people who have no resident card. A province counts where
        a date of birth is missing on one side.
        """
        _pk, _list, joined, initials, birth, province, kind = row
        every = kind != RESIDENT
        found: list[tuple[float, int]] = []
        if birth is not None:
            found += _best(joined, self.born.get((birth, every)), ENOUGH)
        if province:
            block = self.from_province.get((province, initials, every, birth is not None))
            found += _best(joined, block, ENOUGH_IN_PLACE)
        return sorted(found, key=lambda one: (-one[0], one[1]))[:CANDIDATES_MAX]

    def rows(self, rows: "QuerySet[Any]", few: bool) -> Iterator[tuple[Any, ...]]:
        """Return the rows that may have a block; of few people only theirs."""
        rows = _comparable(rows)
        if not any(not every for _, every in self.born) and not any(not key[2] for key in self.from_province):
            rows = rows.exclude(document_kind=RESIDENT)  # everybody has a resident card, with another number
        if not few:
            yield from rows.values_list(*_ROW).iterator(chunk_size=5_000)
            return
        for some in portions(sorted({birth for birth, _ in self.born})):
            yield from rows.filter(birth__in=some).values_list(*_ROW)
        for province, initials, unknown in sorted({(key[0], key[1], key[3]) for key in self.from_province}):
            lacking = Q() if unknown else Q(birth=None)
            yield from rows.filter(lacking, province=province, initials=initials).values_list(*_ROW)


def pairs_by_name(people: "QuerySet[Person]", rows: "QuerySet[Any]", few: list[int] | None) -> list[FoundPair]:
    """Return the pairs that somebody has to look at, without those that somebody dismissed on an earlier list."""
    blocks = NameBlocks(people if few is not None else _of_blocks(people, rows))
    if not blocks.born and not blocks.from_province:
        return []
    found: dict[tuple[int, int], FoundPair] = {}
    for row in blocks.rows(rows, few is not None):
        for score, person in blocks.best(row):
            found[person, row[0]] = FoundPair(person, row[1], HitBasis.NAME, sure=False, score=score, row=row[0])
    dismissed = _dismissed({person for person, _row in found})
    if not dismissed:
        return list(found.values())
    asked = {person for person, _content in dismissed}
    content = _contents(rows, {row for person, row in found if person in asked})
    return [pair for (person, row), pair in found.items() if (person, content.get(row)) not in dismissed]


def _comparable(rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """Return the rows that have a block at all."""
    return rows.exclude(joined="").exclude(birth=None, province="").order_by()


def _of_blocks(people: "QuerySet[Person]", rows: "QuerySet[Any]") -> "QuerySet[Person]":
    """Return the people in blocks of these rows. Of a list with many blocks that is everybody."""
    rows, places = _comparable(rows), dict[str, set[str]]()
    births = list(rows.exclude(birth=None).values_list("birth", flat=True).distinct()[: FEW_BLOCKS + 1])
    pairs = list(rows.exclude(province="").values_list("province", "initials").distinct()[: FEW_BLOCKS + 1])
    if max(len(births), len(pairs)) > FEW_BLOCKS:
        return people
    for province, initials in pairs:
        places.setdefault(province, set()).add(initials)
    inside = Q(birth__in=births)
    for province, some in places.items():
        inside |= Q(province=province, initials__in=some)
    return people.filter(inside)


def _contents(rows: "QuerySet[Any]", wanted: set[int]) -> dict[int, tuple[Any, ...]]:
    """Return row -> content."""
    found: dict[int, tuple[Any, ...]] = {}
    for some in portions(sorted(wanted)):
        for one in rows.filter(pk__in=some).order_by().values_list("pk", *_CONTENT):
            found[one[0]] = tuple(one[1:])
    return found


def _best(joined: str, block: NameBlock | None, enough: float) -> list[tuple[float, int]]:
    if block is None:
        return []
    return [(score, block.people[index]) for score, index in best_names(joined, block.names, enough)]


def _dismissed(people: set[int]) -> set[tuple[int, tuple[Any, ...] | None]]:
    """Return the pairs of person and content of a row of which somebody said that they are two people."""
    found: set[tuple[int, tuple[Any, ...] | None]] = set()
    columns = [f"row__{name}" for name in _CONTENT]
    for some in portions(sorted(people)):
        hits = Hit.objects.filter(person__in=some, state=HitState.DISMISSED, row__isnull=False).order_by()
        found |= {(one[0], tuple(one[1:])) for one in hits.values_list("person", *columns)}
    return found
