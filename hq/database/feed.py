"""What the feed reads: the ends of all journals, and ranges of their events."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select

from hq.database import tables as t
from hq.database.values import Journal

_AT_ONCE = 50
"""Ranges that one statement names."""

EventRange = tuple[Journal, int, int]
"""A journal, and the first and the last number that are read of it."""

_COLUMNS: tuple[Any, ...] = (
    *(t.events.c.site_id, t.events.c.gate_id, t.events.c.epoch, t.events.c.seq, t.events.c.type, t.events.c.reason),
    *(t.events.c.worker_id, t.events.c.utc, t.events.c.corrected_utc, t.events.c.received_utc, t.events.c.body),
    *(t.events.c.prev_hash, t.events.c.hash),
)


def journal_heads(db: Connection) -> list[Row[Any]]:
    """Read the watermark of every journal."""
    columns = t.watermarks.c
    wanted: tuple[Any, ...] = (columns.gate_id, columns.epoch, columns.site_id, columns.seq, columns.hash)
    return list(db.execute(select(*wanted, columns.changes, columns.change_token)))


def events_in(db: Connection, ranges: Sequence[EventRange]) -> dict[Journal, list[Row[Any]]]:
    """Read the events of these ranges, by journal and number. Uses the index of (gate, epoch, seq) alone."""
    found: dict[Journal, list[Row[Any]]] = {}
    for start in range(0, len(ranges), _AT_ONCE):
        named = [
            and_(t.events.c.gate_id == gate, t.events.c.epoch == epoch, t.events.c.seq.between(first, last))
            for (gate, epoch), first, last in ranges[start : start + _AT_ONCE]
        ]
        for row in db.execute(select(*_COLUMNS).where(or_(*named))):
            found.setdefault((row.gate_id, row.epoch), []).append(row)
    for rows in found.values():
        rows.sort(key=lambda row: row.seq)
    return found
