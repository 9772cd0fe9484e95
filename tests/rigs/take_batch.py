"""One batch of a journal, taken by HQ."""

from sync_rig import Rig

from contract.messages import EventBatch
from edge.storage.journal import Journal, JournalReader
from hq.database.store import Store


def take(store: Store, rig: Rig, journal: Journal, reader: JournalReader, upto: int, after: int = 0) -> int:
    batch = EventBatch(
        site_id="site-1",
        gate_id="gate-1",
        epoch=journal.epoch,
        base_seq=0,
        records=tuple(reader.records(after, upto - after)),
    )
    return rig.ingest(store).take(batch).ack.seq
