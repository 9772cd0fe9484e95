"""What all changes of people share: the locked record, and what follows a change."""

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.db import models, transaction
from django.utils.translation import gettext as _

from district.audit.record import record, record_many
from district.outgoing import send_worker, send_workers
from district.people.models import Assignment, Person
from district.people.scopes import refresh

PORTION = 500
"""People of one query: SQLite takes 32,766 values, and PostgreSQL plans long lists badly."""


class RecordRefused(ValueError):
    """A change of a person's record that is not right. The text says what to do."""


@dataclass
class _Together:
    """What follows the changes of one transaction, done once for all of them."""

    people: dict[int, Person] = field(default_factory=dict)
    moved: set[int] = field(default_factory=set)
    entries: dict[tuple[str, tuple[str, ...]], list[tuple[int, models.Model]]] = field(default_factory=dict)
    """By action and fields: the person's key and the changed row."""


_open: ContextVar[_Together | None] = ContextVar("district_people_together", default=None)


@contextmanager
def together(by: object, why: str = "") -> Generator[None]:
    """Make many changes in one transaction. Scopes, outbox and audit follow at its end: an import of 10,000 people
    would otherwise do each 10,000 times.
    """
    with transaction.atomic():
        batch = _Together()
        token = _open.set(batch)
        try:
            yield
        finally:
            _open.reset(token)
        moved = sorted(batch.moved)
        for start in range(0, len(moved), PORTION):
            refresh(moved[start : start + PORTION])
        send_workers(sorted(person.worker_id for person in batch.people.values()))
        _record(by, why, batch)


def _record(by: object, why: str, batch: _Together) -> None:
    """Write the audit entries, grouped by where the people work: else each entry asks the database for that."""
    where = _where(list(batch.people))
    for (action, fields), rows in batch.entries.items():
        groups: dict[tuple[str, int | None], list[models.Model]] = {}
        for key, subject in rows:
            groups.setdefault(where.get(key, ("", None)), []).append(subject)
        for (path, enterprise), subjects in groups.items():
            for start in range(0, len(subjects), PORTION):
                record_many(
                    by,
                    action,
                    subjects[start : start + PORTION],
                    fields=fields,
                    why=why,
                    place_path=path,
                    enterprise=enterprise,
                )


def _where(people: Sequence[int]) -> dict[int, tuple[str, int | None]]:
    """Return the site and the employer of each person's latest work, as `Person.audit_scope` does for one."""
    found: dict[int, tuple[str, int | None]] = {}
    for start in range(0, len(people), PORTION):
        rows = Assignment.objects.filter(person__in=people[start : start + PORTION]).order_by("starts", "pk")
        for person, path, enterprise in rows.values_list("person", "project__place__path", "enterprise"):
            found[person] = (path, enterprise)
    return found


def followed(
    by: object,
    action: str,
    person: Person,
    subject: models.Model | None = None,
    *,
    fields: Iterable[str] = (),
    moved: bool = False,
    why: str = "",
) -> None:
    """Do what follows a change: audit entry, outbox row and, if the person moved or was renamed, the scope rows."""
    names: Sequence[str] = tuple(sorted(fields))
    batch = _open.get()
    if batch is not None:
        batch.people[person.pk] = person
        batch.entries.setdefault((action, tuple(names)), []).append((person.pk, subject or person))
        if moved:
            batch.moved.add(person.pk)
        return
    if moved:
        refresh([person.pk])
    send_worker(person.worker_id)
    record(by, action, subject or person, fields=names, why=why)


def living(person: Person | int) -> Person:
    """Lock a person's record for a change, inside a transaction. Raises RecordRefused if it stands for nobody."""
    key = person if isinstance(person, int) else person.pk
    found: Person = Person.objects.select_for_update(no_key=True).get(pk=key)
    if found.merged_into_id is not None:
        raise RecordRefused(_("This record was merged into another: open that one."))
    if found.erased is not None:
        raise RecordRefused(_("This person was erased: nothing can be added."))
    return found
