"""Events with words that only a newer version of the contract has: held and verified like all, read once HQ is updated."""

import json
from collections.abc import Callable, Collection
from functools import cache
from typing import Any

import structlog
from sqlalchemy import Connection, Row, func, select, update

from contract.erasure import without_sealed
from contract.messages import VERSION, Event, EventRecord
from hq.database import tables as t
from hq.database.journals import JournalKey, hashes
from hq.database.store import Store, finish_task, task_count
from hq.ingest import erasure
from hq.ingest.forks import base, origin
from hq.keys.encryption import Cipher

log = structlog.get_logger()

Judge = Callable[[Connection, JournalKey, EventRecord, Event | None, str], None]
"""Of (db, key, record, event, hash of the record before)."""

TYPE = "newer"
"""Of such an event in the table; its `reason` is the version that wrote it."""
READ_AGAIN = "read newer events"
"""The task left for the first start of a version that may know more. Without it no start has to look through all events."""
_AT_ONCE = 500
_TOLD = ("reason", "outcome", "code", "worker_id")


def unread(event: Event) -> bool:
    """Whether of this event only what all events have in common could be read."""
    return type(event) is Event


@cache
def _held(kind: type[Event]) -> frozenset[str]:
    """The fields of such an event. To ask an event for what it lacks takes longer than all else here."""
    return frozenset(kind.model_fields)


def columns(event: Event | None) -> dict[str, Any]:
    """What the table of events says of one besides the record itself. `reason`: of a decision; outcome of a passage; code of a
    notice; version of an event not read yet. None: it is broken."""
    held = _held(type(event)) if event else frozenset()
    told = {name: getattr(event, name) for name in _TOLD if name in held}
    version = event.version if event and unread(event) else ""
    return {
        "type": TYPE if version else getattr(event, "type", "unreadable"),
        "reason": version or next((str(told[name]) for name in _TOLD[:-1] if told.get(name) is not None), ""),
        "worker_id": told.get("worker_id"),
        "utc": event.utc if event else None,
    }


def read_again(store: Store, readable: Callable[[EventRecord], Event | None], judge: Judge) -> int:
    """Read what this version can; `judge` does what ingest does with a new record. How many were read."""
    with store.read() as db:
        asked = task_count(db, READ_AGAIN)
    if not asked:  # no start has to look through all events
        return 0
    read, after = 0, 0
    while found := rows(store, after):
        after = found[-1].id
        with store.write() as db:
            for row in found:
                key, record = record_of(row)
                if row.seq in erasure.proofs(db, key):
                    record = record.model_copy(update={"erased": erasure.BY_HQ})
                event = readable(record)
                if event is not None and unread(event):
                    continue
                db.execute(update(t.events).where(t.events.c.id == row.id).values(**columns(event)))
                before = hashes(db, key, record.seq - 1, record.seq - 1).get(record.seq - 1) or base(db, key)[1]
                judge(db, key, record, event, before)
                read += 1
    with store.write() as db:
        if not count(db):
            finish_task(db, READ_AGAIN, asked)
    if read:
        log.info("newer_events_read", events=read, version=VERSION)
    return read


def forget(db: Connection, worker_ids: Collection[str], cipher: Cipher) -> None:
    """Erase what is sealed in these workers' enrolments that were not read yet."""
    for row in db.execute(select(t.events).where(t.events.c.type == TYPE)).all():
        body = without_sealed(row.body)
        if body is None or json.loads(body).get("worker_id") not in worker_ids:
            continue
        key, record = record_of(row)
        left = record.model_copy(update={"body": body, "erased": erasure.BY_HQ})
        db.execute(update(t.events).where(t.events.c.id == row.id).values(body=body))
        erasure.add(db, [erasure.row_of(key, left, cipher)])


def rows(store: Store, after_id: int) -> list[Row[Any]]:
    """Some events that were not read yet, in the order of their arrival."""
    with store.read() as db:
        wanted = select(t.events).where(t.events.c.type == TYPE, t.events.c.id > after_id)
        return list(db.execute(wanted.order_by(t.events.c.id).limit(_AT_ONCE)))


def record_of(row: Row[Any]) -> tuple[JournalKey, EventRecord]:
    """The record as the gate sent it."""
    record = EventRecord(seq=row.seq, prev_hash=row.prev_hash, hash=row.hash, body=row.body)
    return JournalKey(row.site_id, row.gate_id, row.epoch, written_as=origin(row.epoch)), record


def count(db: Connection, *where: Any) -> int:
    """How many events are not read yet."""
    return int(
        db.execute(select(func.count()).select_from(t.events).where(t.events.c.type == TYPE, *where)).scalar_one()
    )
