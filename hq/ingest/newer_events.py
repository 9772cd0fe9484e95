"""Read events of a newer contract version after HQ was updated.

Until then they are stored and verified like all others.
"""

from collections.abc import Callable

import structlog
from sqlalchemy import Connection

from contract.messages import VERSION, Event, EventRecord
from hq.database import erasure
from hq.database.event_changes import ChangeReason, hold_journals, note_changes
from hq.database.events import chain_base, change_event, count_of_type, events_of_type, hashes, record_of
from hq.database.store import Store
from hq.database.tasks import READ_NEWER_EVENTS, finish_task, task_count
from hq.database.values import BY_HQ, UNREAD_TYPE, JournalKey
from hq.ingest.event_columns import columns, unread

log = structlog.get_logger()

Judge = Callable[[Connection, JournalKey, EventRecord, Event | None, str], None]
"""Of (db, key, record, event, hash of the record before)."""
_AT_ONCE = 500


def read_again(store: Store, readable: Callable[[EventRecord], Event | None], judge: Judge) -> int:
    """Read what this version can; `judge` does what ingest does with a new record. Return how many were read."""
    with store.read() as db:
        requests = task_count(db, READ_NEWER_EVENTS)
    if not requests:
        return 0
    read, after = 0, 0
    while True:
        with store.read() as db:
            found = events_of_type(db, UNREAD_TYPE, after, _AT_ONCE)
        if not found:
            break
        after = found[-1].id
        with store.write("people") as db:  # in this order, as everybody: people, journals, events
            hold_journals(db, {(row.gate_id, row.epoch) for row in found})
            for row in found:
                key, record = record_of(row)
                if row.seq in erasure.proofs(db, key):
                    record = record.model_copy(update={"erased": BY_HQ})
                event = readable(record)
                if event is not None and unread(event):
                    continue
                change_event(db, row.id, **columns(event))
                before = hashes(db, key, record.seq - 1, record.seq - 1).get(record.seq - 1) or chain_base(db, key)[1]
                note_changes(db, key, [record.seq], ChangeReason.READ)
                judge(db, key, record, event, before)
                read += 1
    with store.write() as db:
        if not count_of_type(db, UNREAD_TYPE):
            finish_task(db, READ_NEWER_EVENTS, requests)
    if read:
        log.info("newer_events_read", events=read, version=VERSION)
    return read
