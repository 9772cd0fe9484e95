"""Batches of events, and HQ's ingest that takes them."""

from sync_rig import Rig

from contract.messages import (
    EventBatch,
    EventRecord,
)
from edge.storage.journal import Journal, JournalReader
from hq.database.store import Store
from hq.ingest.ingest import Ingest

EVENTS_TOPIC = "sitegate/v1/site-1/gate-1/events"


def event_records(rig: Rig) -> tuple[EventRecord, ...]:
    reader = JournalReader(rig.state_dir / "gate/journal.db")
    try:
        return tuple(reader.records(0, 500))
    finally:
        reader.close()


def event_batch(journal: Journal, records: tuple[EventRecord, ...]) -> EventBatch:
    return EventBatch(site_id="site-1", gate_id="gate-1", epoch=journal.epoch, records=records)


def ingest_of(rig: Rig) -> tuple[Ingest, Store]:
    store = rig.store()
    return rig.ingest(store), store
