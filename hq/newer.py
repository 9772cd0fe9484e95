"""Events with words that only a newer version of the contract has: held and verified like all, read once HQ is updated."""

from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from contract.messages import Event, EventRecord
from hq import tables as t
from hq.store import JournalKey, Store, ask_for, take_pending

TYPE = "newer"
"""Of such an event in the table; its `reason` is the version that wrote it."""
READ_AGAIN = "read newer events"
"""The task left for the first start of a version that may know more. Without it no start has to look through all events."""
_AT_ONCE = 500


def unread(event: Event) -> bool:
    """Whether of this event only what all events have in common could be read."""
    return type(event) is Event


def rows(store: Store, after_id: int) -> list[Row[Any]]:
    """Some events that were not read yet, in the order of their arrival; none if no start has to look."""
    with store.read() as db:
        if not db.execute(select(t.pending.c.what).where(t.pending.c.what == READ_AGAIN)).first():
            return []
        wanted = select(t.events).where(t.events.c.type == TYPE, t.events.c.id > after_id)
        return list(db.execute(wanted.order_by(t.events.c.id).limit(_AT_ONCE)))


def record_of(row: Row[Any]) -> tuple[JournalKey, EventRecord]:
    """The record as the gate sent it."""
    record = EventRecord(seq=row.seq, prev_hash=row.prev_hash, hash=row.hash, body=row.body)
    return JournalKey(row.site_id, row.gate_id, row.epoch), record


def set_read(db: Connection, row_id: int, **columns: Any) -> None:
    """What was read of an event by now; the record itself stays as it came."""
    db.execute(update(t.events).where(t.events.c.id == row_id).values(**columns))


def forget_if_none(store: Store) -> None:
    """Drop the task if nothing is left to read."""
    with store.write() as db:
        if take_pending(db, READ_AGAIN) and count(db):
            ask_for(db, READ_AGAIN)


def count(db: Connection, *where: Any) -> int:
    """How many events are not read yet."""
    return int(
        db.execute(select(func.count()).select_from(t.events).where(t.events.c.type == TYPE, *where)).scalar_one()
    )
