"""Entries of HQ's feed that a handler could not store. They are set aside with the reason, and tried again in order."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from itertools import dropwhile
from typing import Any

import structlog
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, transaction
from django.utils import timezone

from district.exchange.models import FailedEntry, FeedPosition
from district.exchange.rounds import FeedHandler, registered_handlers
from district.web.away import first_line
from district.wire import FeedEntry, FeedKind, HqAway

log = structlog.get_logger()

AT_ONCE = 200
_TRY_AGAIN = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
_TIMES = ("utc", "corrected_utc", "received_utc")
_ERROR_MAX = 500
"""Characters of a reason. Further lines of PostgreSQL hold values of the row."""
_BEHIND = "it waits behind an earlier entry of this line"


def is_of_an_entry(error: Exception) -> bool:
    """Tell whether an entry's content made the error. A locked, full or absent database, disk or HQ did not."""
    if isinstance(error, DataError | IntegrityError):
        return True
    return not isinstance(error, DatabaseError | InterfaceError | HqAway | OSError | MemoryError)


def not_held(entries: Sequence[FeedEntry]) -> list[FeedEntry]:
    """Return the entries of a page that handlers may take now. Call it in the transaction that stores the page.

    An entry waits behind an earlier one that was set aside. That is one of the same event, or a restart of the same
    line.
    """
    gates = {entry.gate_id for entry in entries}
    rows = list(FailedEntry.objects.filter(gate_id__in=gates).order_by("pk"))
    if not rows:
        return list(entries)
    free = []
    for entry in entries:
        line = (entry.gate_id, entry.line)
        if entry.kind == FeedKind.RESTART:
            FailedEntry.objects.filter(gate_id=entry.gate_id, line=entry.line).delete()
            rows = [row for row in rows if (row.gate_id, row.line) != line]
        same = next((row for row in rows if _key(row) == _key_of(entry)), None)
        behind = any(row.restart and (row.gate_id, row.line) == line for row in rows)
        if same is not None:
            _replace(same, entry)
        elif behind:
            rows.append(_row(entry, _BEHIND))
            rows[-1].save()
        else:
            free.append(entry)
    return free


def take_alone(entry: FeedEntry, handlers: Sequence[FeedHandler]) -> None:
    """Give one entry to the handlers, in a transaction. The first that fails, and those after it, wait for a try."""
    for handle in handlers:
        try:
            with transaction.atomic():
                handle([entry])
        except Exception as error:
            if not is_of_an_entry(error):
                raise
            set_aside(entry, error, _name(handle))
            return


def set_aside(entry: FeedEntry, error: Exception, handler: str = "") -> None:
    """Keep an entry that cannot be stored, with the reason."""
    row = _row(entry, first_line(error, _ERROR_MAX), handler)
    row.next_try = timezone.now() + _TRY_AGAIN[0]
    row.save()
    log.error("entry_set_aside", gate=entry.gate_id, line=entry.line, seq=entry.seq, handler=handler, detail=row.error)


def retry_all() -> tuple[int, int]:
    """Try all of them again. Return how many were stored, and how many fail again. Raises errors of the database."""
    numbers = FailedEntry.objects.order_by("pk").values_list("pk", flat=True)
    results = [_retry(number) for number in list(numbers)]
    return results.count(True), results.count(False)


def retry_due() -> bool:
    """Try again what is due, some at a time: the worker's round."""
    due = FailedEntry.objects.filter(next_try__lte=timezone.now()).order_by("pk")
    numbers = list(due.values_list("pk", flat=True)[:AT_ONCE])
    stored = [_retry(number) for number in numbers].count(True)
    return stored > 0 and len(numbers) >= AT_ONCE


def _retry(number: int) -> bool | None:
    """Try one entry. Return None if it is gone, or has to wait behind another."""
    try:
        with transaction.atomic():
            FeedPosition.objects.select_for_update().filter(pk=1).first()  # the feed stores nothing meanwhile
            row = FailedEntry.objects.filter(pk=number).first()
            if row is None or _has_restart_before(row):
                return None
            for handle in _handlers_from(row.handler):
                handle([entry_of(row)])
            row.delete()
            return True
    except Exception as error:
        if not is_of_an_entry(error):
            raise
        row = FailedEntry.objects.filter(pk=number).first()
        if row is not None:
            row.attempts += 1
            row.next_try = timezone.now() + _TRY_AGAIN[min(row.attempts, len(_TRY_AGAIN)) - 1]
            row.error = first_line(error, _ERROR_MAX)
            row.save(update_fields=["attempts", "next_try", "error"])
        return False


def entry_of(row: FailedEntry) -> FeedEntry:
    """Return the entry as HQ gave it."""
    values: dict[str, Any] = json.loads(row.entry)
    for name in _TIMES:
        values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    return FeedEntry(**{**values, "kind": FeedKind(values["kind"])})


def _handlers_from(name: str) -> Sequence[FeedHandler]:
    """Return the handlers from a name on; all of them if there is none of that name."""
    every = registered_handlers()
    return list(dropwhile(lambda one: _name(one) != name, every)) or every


def _has_restart_before(row: FailedEntry) -> bool:
    earlier = FailedEntry.objects.filter(gate_id=row.gate_id, line=row.line, restart=True, pk__lt=row.pk)
    return earlier.exists()


def _row(entry: FeedEntry, error: str, handler: str = "") -> FailedEntry:
    gate_id, line, seq, gap = _key_of(entry)
    restart = entry.kind == FeedKind.RESTART
    return FailedEntry(
        gate_id=gate_id,
        line=line,
        seq=seq,
        gap=gap,
        restart=restart,
        entry=_as_json(entry),
        error=error,
        handler=handler,
    )


def _replace(row: FailedEntry, entry: FeedEntry) -> None:
    """Take a newer content of the same event. It stays new to the handlers: they have not stored it yet."""
    row.entry = _as_json(replace(entry, kind=FeedKind(json.loads(row.entry)["kind"])))
    row.next_try = timezone.now()
    row.save(update_fields=["entry", "next_try"])


def _as_json(entry: FeedEntry) -> str:
    return json.dumps(asdict(entry), default=datetime.isoformat)


def _key(row: FailedEntry) -> tuple[str, str, int, bool]:
    return row.gate_id, row.line, row.seq, row.gap


def _key_of(entry: FeedEntry) -> tuple[str, str, int, bool]:
    return entry.gate_id, entry.line, entry.seq, entry.kind == FeedKind.MISSING


def _name(handler: FeedHandler) -> str:
    return str(getattr(handler, "__module__", type(handler).__module__))
