"""Merge two records of one person, and take a merge back."""

from collections.abc import Iterator
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q, UniqueConstraint
from django.utils import timezone
from django.utils.translation import gettext as _

from district.people import signals
from district.people.models import DuplicateCandidate, IdDocument, Merge, Person, PersonEmployer, PersonScope
from district.people.registry.base import RecordRefused, followed, living

_STAY = (Merge, DuplicateCandidate, PersonScope, PersonEmployer)
"""Tables about records and not about the person: their rows stay where they are, or are made again."""
FILLED = (
    "sex", "birth", "nation", "province", "phone", "phone_index", "address", "emergency_contact", "language", "way",
)  # fmt: skip
"""Fields that the staying record takes over where its own are empty."""


@transaction.atomic
def merge(by: object, person: Person, absorbed: Person, reason: str) -> Merge:
    """Move everything of one record to another, of the same person. Raises RecordRefused.

    Rows that would be there twice, such as the same day on the same site, stay with the absorbed record. Who keeps them
    hears of the merge and counts again.
    """
    if person.pk == absorbed.pk:
        raise RecordRefused(_("This is one record already."))
    for key in sorted((person.pk, absorbed.pk)):  # in one order, so that two merges never wait for each other
        living(key)
    person, absorbed = living(person), living(absorbed)
    moved = {_name(field): _move(field, absorbed, person) for field in _relations()}
    filled = [name for name in FILLED if not getattr(person, name) and getattr(absorbed, name)]
    for name in filled:
        setattr(person, name, getattr(absorbed, name))
    person.slow = person.slow or absorbed.slow
    person.save()
    _note_documents(person, absorbed)
    absorbed.merged_into = person
    absorbed.save()
    merge = Merge.objects.create(
        person=person,
        absorbed=absorbed,
        reason=reason,
        moved={"rows": {name: keys for name, keys in moved.items() if keys}, "filled": filled},
        done_by=str(by)[:150],
    )
    pair = Q(first=min(person.pk, absorbed.pk), second=max(person.pk, absorbed.pk))
    _decide(by, DuplicateCandidate.objects.filter(pair), DuplicateCandidate.Decision.SAME)
    _follow(by, "merge", person, absorbed, reason)
    signals.merged.send(Person, gained=person, lost=absorbed)
    return merge


@transaction.atomic
def undo_merge(by: object, merge: Merge, why: str) -> Person:
    """Take a merge back: the rows that moved return, later ones stay. Return the record that stands again. Raises
    RecordRefused.
    """
    merge = Merge.objects.select_for_update().select_related("person", "absorbed").get(pk=merge.pk)
    if merge.undone is not None:
        raise RecordRefused(_("This merge was taken back already."))
    person = living(merge.person)
    absorbed: Person = Person.objects.select_for_update().get(pk=merge.absorbed_id)
    if absorbed.erased is not None or person.erase_asked is not None:
        raise RecordRefused(_("The person was erased meanwhile: nothing can be moved back."))
    rows = merge.moved.get("rows", {})
    for field in _relations():
        _move_back(field, rows.get(_name(field), []), person, absorbed)
    for name in merge.moved.get("filled", []):
        if getattr(person, name) == getattr(absorbed, name):
            column: Any = Person._meta.get_field(name)
            setattr(person, name, column.get_default())
    person.save()
    _note_documents(person, absorbed)
    absorbed.merged_into = None
    absorbed.save()
    merge.undone, merge.undone_by = timezone.now(), str(by)[:150]
    merge.save()
    decide_different(by, person, absorbed)
    _follow(by, "undo merge", person, absorbed, why)
    signals.merged.send(Person, gained=absorbed, lost=person)
    return absorbed


@transaction.atomic
def decide_different(by: object, one: Person, other: Person) -> None:
    """Record that two records are two people: the pair is not shown again."""
    first, second = sorted((one.pk, other.pk))
    DuplicateCandidate.objects.get_or_create(first_id=first, second_id=second, defaults={"score": 0.0})
    pair = DuplicateCandidate.objects.filter(first=first, second=second)
    _decide(by, pair, DuplicateCandidate.Decision.DIFFERENT)
    followed(by, "decide different", one)


def records_of(person: Person) -> list[Person]:
    """Return a person's record and all that were merged into it."""
    found, waiting = [person], [person.pk]
    while waiting:
        merged = list(Person.objects.filter(merged_into__in=waiting))
        found += merged
        waiting = [one.pk for one in merged]
    return found


def worker_ids_of(person: Person) -> list[str]:
    """Return every worker id under which gates may know a person."""
    return [one.worker_id for one in records_of(person)]


def _relations() -> Iterator[Any]:
    """Return the fields of all tables that name a person, also those of apps that this one does not know."""
    for relation in Person._meta.related_objects:
        if relation.related_model not in _STAY and not relation.field.many_to_many:
            yield relation.field


def _name(field: Any) -> str:
    return f"{field.model._meta.label_lower}.{field.name}"


def _move(field: Any, source: Person, target: Person) -> list[int]:
    """Move the rows that have no twin at the target. Return their keys."""
    rows = field.model._base_manager.filter(**{field.name: source})
    for constraint_fields, condition in _unique_with(field):
        twins = field.model._base_manager.filter(
            condition,
            **{field.name: target, **{name: OuterRef(name) for name in constraint_fields if name != field.name}},
        )
        rows = rows.exclude(condition, Exists(twins))
    keys = list(rows.values_list("pk", flat=True))
    field.model._base_manager.filter(pk__in=rows.values("pk")).update(**{field.name: target})
    return keys


def _move_back(field: Any, keys: list[int], source: Person, target: Person) -> None:
    for start in range(0, len(keys), 500):
        portion = keys[start : start + 500]
        field.model._base_manager.filter(pk__in=portion, **{field.name: source}).update(**{field.name: target})


def _unique_with(field: Any) -> Iterator[tuple[list[str], Q]]:
    """Return what must be unique together with a person in a table, and for which rows."""
    if field.unique:
        yield [field.name], Q()
    for names in field.model._meta.unique_together:
        if field.name in names:
            yield list(names), Q()
    for constraint in field.model._meta.constraints:
        if isinstance(constraint, UniqueConstraint) and field.name in constraint.fields:
            yield list(constraint.fields), constraint.condition or Q()


def _note_documents(*people: Person) -> None:
    for person in people:
        person.documented = IdDocument.objects.filter(person=person).exists()
        person.save()


def _decide(by: object, pairs: models.QuerySet[Any], decision: DuplicateCandidate.Decision) -> None:
    pairs.update(decision=decision, decided=timezone.now(), decided_by=str(by)[:150])


def _follow(by: object, action: str, person: Person, absorbed: Person, why: str) -> None:
    """Both records go to HQ: the absorbed one passes no gate any more, or does again."""
    followed(by, action, person, fields=("worker_id",), moved=True, why=why)
    followed(by, action, absorbed, fields=("worker_id",), moved=True, why=why)
