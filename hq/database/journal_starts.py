"""Where journals begin whose oldest events were removed by age, and the removal itself.

Only the beginning of a journal is removed, and only of an epoch's own line: a branch is evidence. The hash of the last
removed event stays. So the chain of the rest is still verified, from there.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from contract.messages import NoticeCode
from hq.database import tables as t
from hq.database.values import BRANCH_MARK, Journal
from hq.database.watched_events import lock_in_force

FIRST = 10
"""A journal that follows a damaged one says so among its first events."""
KEEP_LAST = 1_000
"""The newest events of a journal stay, however old they are: they say how it ended."""


@dataclass(frozen=True, slots=True)
class JournalStart:
    """The last removed event of a journal. `begun`: row id of its first event. `first_codes`: of its first events."""

    seq: int
    hash: str
    begun: int
    first_codes: tuple[str, ...]


def journal_start(db: Connection, journal: Journal) -> JournalStart | None:
    """Read where a journal begins; None if nothing of it was removed."""
    row = db.execute(select(t.journal_starts).where(*_of(t.journal_starts, journal))).first()
    return _start(row) if row else None


def journal_starts(db: Connection) -> dict[Journal, JournalStart]:
    """Read the beginnings of all journals of which something was removed."""
    return {(row.gate_id, row.epoch): _start(row) for row in db.execute(select(t.journal_starts))}


def removable_journals(db: Connection) -> list[tuple[Journal, int]]:
    """List journals, and up to which number their events may be removed if these are old."""
    columns = t.watermarks.c
    rows = db.execute(select(columns.gate_id, columns.epoch, columns.seq).where(columns.seq > KEEP_LAST))
    return [((row.gate_id, row.epoch), row.seq - KEEP_LAST) for row in rows if BRANCH_MARK not in row.epoch]


def newest_event(db: Connection, not_after: datetime) -> datetime | None:
    """Return the newest time, up to a moment, that a gate's clock gave to an event."""
    newest: datetime | None = db.execute(select(func.max(t.events.c.utc)).where(t.events.c.utc <= not_after)).scalar()
    return newest


def remove_oldest(db: Connection, journal: Journal, *, up_to: int, before: datetime, utc: datetime, limit: int) -> int:
    """Remove at most `limit` events from a journal's beginning, received before a time. Return how many.

    The caller has reserved the journal (`hq.database.journals.claim`).
    """
    start = journal_start(db, journal)
    of_it, columns = _of(t.events, journal), t.events.c
    wanted: tuple[Any, ...] = (columns.id, columns.seq, columns.hash, columns.reason, columns.received_utc)
    rows = db.execute(select(*wanted).where(*of_it, columns.seq <= up_to).order_by(columns.seq).limit(limit)).all()
    old = _oldest(rows, before, lock_in_force(db, journal[0]))
    if not old:
        return 0
    last = old[-1]
    lost = sum(row.reason == NoticeCode.EVENTS_LOST.value for row in old)
    values: dict[str, Any] = {"seq": last.seq, "hash": last.hash, "removed_utc": utc}
    if start is None:
        first = db.execute(select(columns.reason).where(*of_it).order_by(columns.seq).limit(FIRST)).scalars()
        named = {
            "gate_id": journal[0],
            "epoch": journal[1],
            "begun": rows[0].id,
            "first_codes": json.dumps(list(first)),
        }
        db.execute(insert(t.journal_starts).values(**named, **values, losses=lost))
    else:
        losses = t.journal_starts.c.losses + lost
        db.execute(update(t.journal_starts).where(*_of(t.journal_starts, journal)).values(**values, losses=losses))
    db.execute(delete(t.events).where(*of_it, columns.seq <= last.seq))
    db.execute(delete(t.erased_events).where(*_of(t.erased_events, journal), t.erased_events.c.seq <= last.seq))
    return len(old)


def _oldest(rows: Collection[Row[Any]], before: datetime, needed: int) -> list[Row[Any]]:
    """Take the rows from the beginning on that are old. `needed`: a row id; an alarm shows this event."""
    found = []
    for row in rows:
        if row.received_utc >= before or row.id == needed:
            break
        found.append(row)
    return found


def _of(table: Any, journal: Journal) -> tuple[Any, Any]:
    return table.c.gate_id == journal[0], table.c.epoch == journal[1]


def _start(row: Row[Any]) -> JournalStart:
    return JournalStart(row.seq, row.hash, row.begun, tuple(json.loads(row.first_codes)))
