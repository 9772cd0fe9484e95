"""What all changes of people share: the locked record, its rows, and what follows a change.

At a desk (`registry.desk`) the same functions work on rows in memory.
"""

from collections.abc import Callable, Generator, Hashable, Iterable, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from common.refusals import TranslatableError
from district.audit.record import record
from district.outgoing import send_worker
from district.people.duplicates import note_candidates
from district.people.models import Person
from district.people.registry.desk import Row, Together, batch_now, collecting, desk_now
from district.people.scopes import refresh

Given = ParamSpec("Given")
Result = TypeVar("Result")


class RecordRefused(TranslatableError):
    """A change of a person's record that is not right. The text says what to do, in the reader's language."""


def change_of_people(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Make a function one transaction. At a desk it is a part of what is written later."""
    alone = transaction.atomic(function)

    @wraps(function)
    def called(*args: Given.args, **options: Given.kwargs) -> Result:
        return (alone if desk_now() is None else function)(*args, **options)

    return called


@contextmanager
def together(by: object, why: str = "") -> Generator[None]:
    """Make many changes in one transaction. Scopes, outbox and audit follow at its end: a change of 1,000 people
    would otherwise do each 1,000 times.
    """
    with transaction.atomic():
        batch = Together()
        with collecting(batch):
            yield
        batch.finish(by, why)


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
    batch = batch_now()
    if batch is not None:
        batch.people[person.worker_id] = person
        batch.entries.setdefault((action, tuple(names)), []).append((person, subject or person))
        if moved:
            batch.moved[person.worker_id] = person
        return
    if moved:
        refresh([person.pk])
    send_worker(person.worker_id)
    record(by, action, subject or person, fields=names, why=why)


def living(person: Person | int) -> Person:
    """Lock a person's record for a change, inside a transaction. Raises RecordRefused if it stands for nobody."""
    desk, key = desk_now(), person if isinstance(person, int) else person.pk
    if desk is None:
        found: Person = Person.objects.select_for_update(no_key=True).get(pk=key)
    else:
        found = desk.person(person)
    check_living(found.merged_into_id, found.erased)
    return found


def check_living(merged_into: int | None, erased: datetime | None) -> None:
    """Refuse a record that stands for nobody. Raises RecordRefused."""
    if merged_into is not None:
        raise RecordRefused(_("This record was merged into another: open that one."))
    if erased is not None:
        raise RecordRefused(_("This person was erased: nothing can be added."))


def rows_of(model: type[Row], person: Person) -> list[Row]:
    """Return the rows of a person, in the order of their making."""
    desk = desk_now()
    if desk is not None:
        return desk.rows_of(model, person)
    return list(model._default_manager.filter(person=person).order_by("pk"))


def held(row: Row, person: Person) -> Row:
    """Return a row of a living person as it is now, and hold it until the transaction ends."""
    desk = desk_now()
    if desk is None:
        found: Row = type(row)._default_manager.select_for_update().get(pk=row.pk)
        return found
    return next(one for one in desk.rows_of(type(row), person) if one is row or (one.pk and one.pk == row.pk))


def keep(row: models.Model, taken: str = "") -> None:
    """Store a row. Raises RecordRefused with the text `taken` if another row has what only one may have."""
    desk = desk_now()
    if desk is not None:
        desk.keep(row)
    elif taken:
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError:
            raise RecordRefused(taken) from None
    else:
        row.save()


def later(do: Callable[[], object]) -> None:
    """Do something that a desk cannot hold: now, or when the desk is written."""
    desk = desk_now()
    if desk is None:
        do()
    else:
        desk.later.append(do)


def remembered(key: Hashable, ask: Callable[[], Any]) -> Any:
    """Return an answer of the database; a desk asks once."""
    desk = desk_now()
    if desk is None:
        return ask()
    if key not in desk.memory:
        desk.memory[key] = ask()
    return desk.memory[key]


def look_for_likes(person: Person) -> None:
    """Note who may be the same person."""
    desk = desk_now()
    if desk is None:
        note_candidates([person])
    else:
        desk.candidates[person.worker_id] = person
