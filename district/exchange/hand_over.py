"""Hand the outbox to HQ: in order for each subject, many subjects at once, each at least once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

import structlog
from django.db import transaction
from django.utils import timezone

from district.exchange.door import hq_door
from district.exchange.models import OutboxRow
from district.exchange.outbox import put_all
from district.exchange.present import site_for_hq, workers_for_hq
from district.exchange.risks import put_risks
from district.wire import HqDoor, HqRefused

log = structlog.get_logger()

AT_ONCE = 400
"""Rows of one round: HQ takes their workers in one transaction."""
NEWEST = 50
"""So many of them are the newest: one change does not wait behind an import of thousands."""
KEPT = timedelta(days=7)
"""So long a row that was handed over stays, for the page that shows it."""
TRY_AGAIN = (timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=1))

_Kind = OutboxRow.Kind
_OF_PRESENT = (_Kind.WORKER, _Kind.RISK)
"""What is asked for when it is handed over. A later row says all that an earlier one of its kind does."""


def hand_over() -> bool:
    """Hand over the rows that wait. Return whether there may be more. Raises HqAway."""
    began, rows = timezone.now(), _waiting()
    if not rows:
        return _removed_old()
    refused: dict[int, str] = {}
    door = hq_door()
    for kind, group in _runs(rows):
        if kind in _OF_PRESENT:
            refused |= _put_present(door, kind, group)
        else:
            refused |= _each(door, kind, group)
    again = _repeat_overtaken(rows, began)
    _note(rows, refused)
    return again or len(rows) >= AT_ONCE - NEWEST


def _waiting() -> list[OutboxRow]:
    """Return rows that are due: sites, withdrawals and erasures first. A row waits behind such an earlier row of its
    subject that is not due.

    Rows of workers and risk entries are the present state. So they may follow a withdrawal or an erasure that was made
    later. They take the place of earlier ones that HQ refused.
    """
    now = timezone.now()
    rows = OutboxRow.objects.filter(done=None, next_try__lte=now)
    due = list(rows.exclude(kind=_Kind.WORKER).order_by("id")[:AT_ONCE])
    workers = rows.filter(kind=_Kind.WORKER)
    due += workers.order_by("id")[: max(0, AT_ONCE - NEWEST - len(due))]
    due += [row for row in workers.order_by("-id")[:NEWEST] if row.id not in {one.id for one in due}]
    delayed: dict[str, int] = {}
    held = OutboxRow.objects.filter(done=None, next_try__gt=now, subject__in={row.subject for row in due})
    held = held.exclude(kind__in=_OF_PRESENT)
    for subject, number in held.order_by().values_list("subject", "id"):
        delayed[subject] = min(delayed.get(subject, number), number)
    return [row for row in due if row.id < delayed.get(row.subject, row.id + 1)]


def _runs(rows: Sequence[OutboxRow]) -> Iterable[tuple[str, list[OutboxRow]]]:
    """Group rows that follow each other by their kind; all workers make one group."""
    for kind, group in groupby(rows, key=lambda row: row.kind):
        yield kind, list(group)


def _put_present(door: HqDoor, kind: str, rows: Sequence[OutboxRow]) -> dict[int, str]:
    """Hand over the present state of workers, or their risk entries. An erasure removes who is not to be at HQ."""
    subjects = sorted({row.subject for row in rows})
    problems = put_risks(door, subjects) if kind == _Kind.RISK else door.put_workers(workers_for_hq(subjects))
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
    for kind in _OF_PRESENT:
        present = {row.subject for row in rows if row.kind == kind and row.id not in refused}
        earlier = OutboxRow.objects.filter(done=None, kind=kind, subject__in=present, id__lt=max(taken, default=0))
        earlier.exclude(refusal="").update(done=now, refusal="")
    for row in rows:
        if row.id in refused:
            row.attempts += 1
            row.next_try = now + TRY_AGAIN[min(row.attempts, len(TRY_AGAIN)) - 1]
            row.refusal = refused[row.id]
            row.save(update_fields=["attempts", "next_try", "refusal"])
            log.warning("hq_refused", kind=row.kind, subject=row.subject, detail=row.refusal)


def _repeat_overtaken(rows: Sequence[OutboxRow], began: datetime) -> bool:
    """Queue again whose present state another process handed over meanwhile. Return whether there were any.

    This process may have been frozen between reading it and giving it to HQ. Then HQ holds an older state now.
    """
    again = False
    for kind in _OF_PRESENT:
        mine = [row for row in rows if row.kind == kind]
        meanwhile = OutboxRow.objects.filter(kind=kind, done__gte=began).exclude(id__in=[row.id for row in mine])
        overtaken = meanwhile.filter(subject__in={row.subject for row in mine}).order_by()
        subjects = sorted(set(overtaken.values_list("subject", flat=True)))
        put_all(kind, subjects)
        again = again or bool(subjects)
    return again


def _removed_old() -> bool:
    """Remove rows that were handed over long ago, some at a time."""
    old = OutboxRow.objects.filter(done__lt=timezone.now() - KEPT).order_by("done").values_list("id", flat=True)[:500]
    numbers = list(old)
    if numbers:
        OutboxRow.objects.filter(id__in=numbers).delete()
    return bool(numbers)
