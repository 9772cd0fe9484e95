"""Compares people whose registration or declarations change, in the transaction of the change."""

from collections.abc import Sequence
from typing import Any

from django.db.models.signals import post_save

from district.declarations.signals import declared
from district.exchange import outbox
from district.exchange.models import OutboxRow
from district.people import signals
from district.people.models import Assignment, IdDocument, Person
from district.screening.models import Hit
from district.screening.registry.matching import compare_declared, compare_people


def connect() -> None:
    """Hear of changes."""
    for model in (Assignment, IdDocument, Person):
        post_save.connect(_saved, model, dispatch_uid=f"screening.{model.__name__}")
        signals.stored.connect(_stored, model, dispatch_uid=f"screening.{model.__name__}.stored")
    declared.connect(_declared, dispatch_uid="screening.declared")
    signals.merged.connect(_merged, dispatch_uid="screening.merged")
    signals.erased.connect(_erased, dispatch_uid="screening.erased")


def _saved(instance: Any, raw: bool = False, **_: Any) -> None:
    if not raw:
        compare_people([_person(instance)])


def _stored(rows: Sequence[Any], **_: Any) -> None:
    compare_people({_person(row) for row in rows})


def _declared(person: Person, **_: Any) -> None:
    compare_declared(person.pk)


def _merged(gained: Person, lost: Person, **_: Any) -> None:
    """Hits move with the person. HQ knows both worker ids."""
    compare_people([gained.pk])
    hit = Hit.objects.filter(person__in=[gained.pk, lost.pk])
    if hit.exists():
        outbox.put_all(OutboxRow.Kind.RISK, [gained.worker_id, lost.worker_id])


def _erased(person: Person, **_: Any) -> None:
    """Delete the hits of a person who is erased. HQ erases its own entries by itself."""
    Hit.objects.filter(person=person).delete()


def _person(row: Any) -> int:
    return int(row.pk if isinstance(row, Person) else row.person_id)
