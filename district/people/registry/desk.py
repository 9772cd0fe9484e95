"""Rows of many people in memory: read at once, changed by the functions of the registry, written at once.

An import prepares at a desk without a transaction. Then one short transaction looks whether anybody changed what was
read, and writes all of it.
"""

from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar, cast

from django.db import models

from district.audit.record import record_many
from district.fields import EncryptedTextField
from district.imports.importer import ChangedMeanwhile
from district.outgoing import send_workers
from district.people import signals
from district.people.duplicates import note_candidates
from district.people.models import (
    AccessCard,
    Assignment,
    BankAccount,
    Certificate,
    Employment,
    IdDocument,
    Person,
    Team,
)
from district.people.scopes import refresh

PORTION = 500
"""People of one query: SQLite takes 32,766 values, and PostgreSQL plans long lists badly."""
OF_PEOPLE: tuple[type[Any], ...] = (IdDocument, BankAccount, Certificate, AccessCard, Employment, Assignment)
_READ: tuple[type[Any], ...] = (Person, *OF_PEOPLE)
_IN_ORDER: tuple[type[Any], ...] = (Person, Team, *OF_PEOPLE)
_WITH: dict[type[Any], tuple[str, ...]] = {Assignment: ("team", "enterprise", "project__place")}
Row = TypeVar("Row", bound=models.Model)
Found = TypeVar("Found")


@dataclass
class Together:
    """What follows the changes of one transaction, done once for all of them."""

    people: dict[str, Person] = field(default_factory=dict)
    """By worker id: a new person has no other key before it is written."""
    moved: dict[str, Person] = field(default_factory=dict)
    entries: dict[tuple[str, tuple[str, ...]], list[tuple[Person, models.Model]]] = field(default_factory=dict)
    """By action and fields: the person and the changed row."""

    def finish(self, by: object, why: str) -> None:
        """Make scopes new, queue the people for HQ, and write the audit entries."""
        for some in portions(sorted(person.pk for person in self.moved.values())):
            refresh(some)
        send_workers(sorted(self.people))
        self._record(by, why)

    def _record(self, by: object, why: str) -> None:
        """Write the audit entries, grouped by where the people work: else each entry asks the database for that."""
        where = _where([person.pk for person in self.people.values()])
        for (action, fields), rows in self.entries.items():
            groups: dict[tuple[str, int | None], list[models.Model]] = {}
            for person, subject in rows:
                groups.setdefault(where.get(person.pk, ("", None)), []).append(subject)
            for (path, enterprise), subjects in groups.items():
                for some in portions(subjects):
                    record_many(by, action, some, fields=fields, why=why, place_path=path, enterprise=enterprise)


class Desk(Together):
    """People and their rows, as read and as changed since."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, Person] = {}
        self.candidates: dict[str, Person] = {}
        self.later: list[Callable[[], object]] = []
        """What a function leaves to the transaction."""
        self.memory: dict[Hashable, Any] = {}
        self._by_key: dict[int, Person] = {}
        self._rows: dict[tuple[type[models.Model], str], list[Any]] = {}
        self._holders: dict[tuple[str, str], Person] = {}
        self._cards: dict[str, AccessCard] = {}
        self._new: dict[type[models.Model], dict[int, Any]] = {}
        self._changed: dict[type[models.Model], dict[int, Any]] = {}
        self._read: dict[type[models.Model], dict[Any, tuple[Any, ...]]] = {}
        self._documents: dict[str, set[tuple[Any, ...]]] = {}
        self._open_cards: dict[str, set[tuple[Any, ...]]] = {}

    def read(self, documents: Sequence[str], cards: Sequence[str]) -> None:
        """Read the people who hold documents of some indexes, all their rows, and who holds cards of some indexes."""
        self._documents |= {index: set() for index in documents}
        self._open_cards |= {index: set() for index in cards}
        for row in _documents(documents).select_related("person__merged_into"):
            self._documents[row.number_index].add((row.kind, row.number_index, row.person_id))
            person = survivor(row.person)
            self._holders[row.kind, row.number_index] = self.known.setdefault(person.worker_id, person)
        for card in _open(cards):
            self._open_cards[card.number_index].add((card.number_index, card.person_id))
            self._cards[card.number_index] = card
        by_key = self._by_key = {person.pk: person for person in self.known.values()}
        for person in by_key.values():
            self._note(person)
        for model in OF_PEOPLE:
            rows = model.objects.filter(person__in=list(by_key)).select_related(*_WITH.get(model, ())).order_by("pk")
            for row in rows:
                row.person = by_key[row.person_id]
                self._note(row)
                self._rows.setdefault((model, row.person.worker_id), []).append(row)

    def adopt(self, other: "Desk") -> None:
        """Take over what another desk read. Of people who lie here already, these rows stay."""
        fresh = {name: person for name, person in other.known.items() if name not in self.known}
        self.known |= fresh
        self._by_key |= {person.pk: person for person in fresh.values()}
        self._rows |= {key: rows for key, rows in other._rows.items() if key[1] in fresh}
        self._holders |= {key: self.known[person.worker_id] for key, person in other._holders.items()}
        self._cards = other._cards | self._cards
        for model, read in other._read.items():
            self._read[model] = read | self._read.get(model, {})
        self._documents |= other._documents
        self._open_cards |= other._open_cards

    def person(self, person: Person | int) -> Person:
        """Return a person as changed here. A key is that of somebody who was read."""
        if isinstance(person, Person):
            return self.known[person.worker_id]
        return self._by_key[person]

    def rows_of(self, model: type[Row], person: Person) -> list[Row]:
        """Return the rows of a person, in the order of their making."""
        return self._rows.get((model, person.worker_id), [])

    def holder(self, kind: str, index: str) -> Person | None:
        """Return who holds a document."""
        return self._holders.get((kind, index))

    def open_card(self, index: str) -> AccessCard | None:
        """Return a card that somebody holds."""
        return self._cards.get(index)

    def keep(self, row: models.Model) -> None:
        """Take a row that is new or changed."""
        kind = type(row)
        if row.pk is not None:
            self._changed.setdefault(kind, {})[row.pk] = row
            return
        if id(row) in self._new.setdefault(kind, {}):
            return
        self._new[kind][id(row)] = row
        if isinstance(row, Person):
            self.known[row.worker_id] = row
        elif kind in OF_PEOPLE:
            person = cast(Any, row).person
            self._rows.setdefault((kind, person.worker_id), []).append(row)
            if isinstance(row, IdDocument):
                self._holders[row.kind, row.number_index] = person
            elif isinstance(row, AccessCard):
                self._cards[row.number_index] = row

    def write(self, by: object, why: str) -> None:
        """Write everything. Call it inside a transaction. Raises ChangedMeanwhile."""
        self._verify()
        told: list[tuple[type[models.Model], list[Any], bool]] = []
        for model in _IN_ORDER:
            manager = model._base_manager
            if new := list(self._new.get(model, {}).values()):
                manager.bulk_create(new, batch_size=PORTION)
                told.append((model, new, True))
            if changed := list(self._changed.get(model, {}).values()):
                names = [one.name for one in model._meta.concrete_fields if not one.primary_key]
                for some in portions(changed):
                    manager.bulk_create(some, update_conflicts=True, unique_fields=["pk"], update_fields=names)
                told.append((model, changed, False))
        for model, rows, created in told:
            for some in portions(rows):
                signals.stored.send(model, rows=some, created=created)
        for do in self.later:
            do()
        for people in portions(list(self.candidates.values())):
            note_candidates(people)
        self.finish(by, why)

    def _note(self, row: models.Model) -> None:
        """Remember how a row was read."""
        names = _plain(type(row))
        self._read.setdefault(type(row), {})[row.pk] = tuple(getattr(row, name) for name in names)

    def _verify(self) -> None:
        """Hold the people who were read, and compare. An encrypted field has its index or `changed` beside it."""
        keys = sorted(self._read.get(Person, {}))
        for some in portions(keys):
            list(Person.objects.select_for_update(no_key=True).filter(pk__in=some).order_by("pk").values_list("pk"))
            for model in _READ:
                self._same(model, some)
        for some in portions(list(self._documents)):
            found = set(_documents(some).values_list("kind", "number_index", "person_id"))
            _demand(found == set().union(*(self._documents[index] for index in some)))
        for some in portions(list(self._open_cards)):
            found = set(_open(some).values_list("number_index", "person_id"))
            _demand(found == set().union(*(self._open_cards[index] for index in some)))

    def _same(self, model: type[Any], people: Sequence[int]) -> None:
        where = "pk" if model is Person else "person"
        read, names = self._read.get(model, {}), _plain(model)
        rows = model._base_manager.filter(**{f"{where}__in": people}).order_by().values_list("pk", *names)
        found = {key: tuple(values) for key, *values in rows}
        chosen, at = set(people), None if model is Person else names.index("person_id")
        _demand(found == {key: row for key, row in read.items() if (key if at is None else row[at]) in chosen})


_current: ContextVar[Together | None] = ContextVar("district_people_together", default=None)


@contextmanager
def collecting(batch: Together) -> Generator[None]:
    """Let the functions of the registry leave to a batch what follows their changes; to a desk also the changes."""
    token = _current.set(batch)
    try:
        yield
    finally:
        _current.reset(token)


def batch_now() -> Together | None:
    """Return the batch that is open."""
    return _current.get()


def desk_now() -> Desk | None:
    """Return the desk that is open."""
    batch = _current.get()
    return batch if isinstance(batch, Desk) else None


def survivor(person: Person) -> Person:
    """Return the record that stands for a person now."""
    while person.merged_into is not None:
        person = person.merged_into
    return person


def portions(rows: Iterable[Found]) -> Iterator[list[Found]]:
    """Return rows in portions that one query takes."""
    them = iter(rows)
    while some := list(islice(them, PORTION)):
        yield some


def _plain(model: type[models.Model]) -> list[str]:
    fields = [one for one in model._meta.concrete_fields if not isinstance(one, EncryptedTextField)]
    return [one.attname for one in fields if not one.primary_key]


def _documents(indexes: Sequence[str]) -> Any:
    return IdDocument.objects.filter(number_index__in=indexes).order_by("pk")


def _open(indexes: Sequence[str]) -> Any:
    return AccessCard.objects.filter(number_index__in=indexes, ended__isnull=True).order_by("pk")


def _demand(same: bool) -> None:
    if not same:
        raise ChangedMeanwhile


def _where(people: Sequence[int]) -> dict[int, tuple[str, int | None]]:
    """Return the site and the employer of each person's latest work, as `Person.audit_scope` does for one."""
    found: dict[int, tuple[str, int | None]] = {}
    for some in portions(people):
        rows = Assignment.objects.filter(person__in=some).order_by("starts", "pk")
        for person, path, enterprise in rows.values_list("person", "project__place__path", "enterprise"):
            found[person] = (path, enterprise)
    return found
