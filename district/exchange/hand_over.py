"""Hand the outbox to HQ: in order for each subject, many subjects at once, each at least once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from district.exchange.door import hq_door
from district.exchange.models import OutboxRow
from district.exchange.present import site_for_hq, workers_for_hq
from district.wire import HqDoor, HqRefused

log = structlog.get_logger()

AT_ONCE = 500
"""Rows of one round: HQ takes their workers in one transaction."""
KEPT = timedelta(days=7)
"""So long a row that was handed over stays, for the page that shows it."""
_TRY_AGAIN = (timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=1))

_Kind = OutboxRow.Kind


def hand_over() -> bool:
    """Hand over the rows that wait. Return whether there may be more. Raises HqAway."""
    rows = _waiting()
    if not rows:
        return _removed_old()
    refused: dict[int, str] = {}
    door = hq_door()
    for kind, group in _runs(rows):
        if kind == _Kind.WORKER:
            refused |= _put_workers(door, group)
        else:
            refused |= _each(door, kind, group)
    _note(rows, refused)
    return len(rows) == AT_ONCE


def _waiting() -> list[OutboxRow]:
    """Return rows that are due, oldest first. A row waits behind an earlier one of its subject that is not due."""
    now = timezone.now()
    due = list(OutboxRow.objects.filter(done=None, next_try__lte=now).order_by("id")[:AT_ONCE])
    delayed: dict[str, int] = {}
    held = OutboxRow.objects.filter(done=None, next_try__gt=now, subject__in={row.subject for row in due})
    for subject, number in held.order_by().values_list("subject", "id"):
        delayed[subject] = min(delayed.get(subject, number), number)
    return [row for row in due if row.id < delayed.get(row.subject, row.id + 1)]


def _runs(rows: Sequence[OutboxRow]) -> Iterable[tuple[str, list[OutboxRow]]]:
    """Group rows so that those of one subject stay in order: a row of another kind than before begins a new group."""
    groups: list[tuple[str, list[OutboxRow]]] = []
    newest: dict[str, int] = {}
    for row in rows:
        first = newest.get(row.subject, 0)
        at = next((i for i in range(first, len(groups)) if groups[i][0] == row.kind), len(groups))
        if at == len(groups):
            groups.append((row.kind, []))
        groups[at][1].append(row)
        newest[row.subject] = at
    return groups


def _put_workers(door: HqDoor, rows: Sequence[OutboxRow]) -> dict[int, str]:
    """Hand over the present state of workers. Who is not to be at HQ any more is left to an erasure."""
    problems = door.put_workers(workers_for_hq(sorted({row.subject for row in rows})))
    return {row.id: problems[row.subject] for row in rows if row.subject in problems}


def _each(door: HqDoor, kind: str, rows: Sequence[OutboxRow]) -> dict[int, str]:
    refused: dict[int, str] = {}
    for row in rows:
        try:
            _one(door, row)
        except HqRefused as error:
            refused[row.id] = str(error)
    return refused


def _one(door: HqDoor, row: OutboxRow) -> None:
    match row.kind:
        case _Kind.SITE:
            site = site_for_hq(row.subject)
            if site is not None:
                door.put_site(site)
        case _Kind.WITHDRAWAL:
            door.withdraw(row.subject, row.made)
        case _Kind.ERASURE:
            door.erase(row.subject, row.body.get("why") or "erased by the district")


@transaction.atomic
def _note(rows: Sequence[OutboxRow], refused: Mapping[int, str]) -> None:
    """Note what was taken, and when to try the rest again. A refusal stays visible until HQ takes the row."""
    now = timezone.now()
    taken = [row.id for row in rows if row.id not in refused]
    OutboxRow.objects.filter(id__in=taken).update(done=now, refusal="")
    for row in rows:
        if row.id in refused:
            row.attempts += 1
            row.next_try = now + _TRY_AGAIN[min(row.attempts, len(_TRY_AGAIN)) - 1]
            row.refusal = refused[row.id]
            row.save(update_fields=["attempts", "next_try", "refusal"])
            log.warning("hq_refused", kind=row.kind, subject=row.subject, detail=row.refusal)


def _removed_old() -> bool:
    """Remove rows that were handed over long ago, some at a time."""
    old = OutboxRow.objects.filter(done__lt=timezone.now() - KEPT).order_by("done").values_list("id", flat=True)[:500]
    numbers = list(old)
    if numbers:
        OutboxRow.objects.filter(id__in=numbers).delete()
    return bool(numbers)
