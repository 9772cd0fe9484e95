"""Batches of events as they arrive, read before the database is asked for anything. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from contract.chain import changed, link
from contract.messages import Ack, Event, EventBatch, EventRecord
from hq.database.values import JournalKey
from hq.ingest.records import readable
from hq.ingest.senders import proofs


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """A batch and the events in it. `events`: by number, None if unreadable."""

    key: JournalKey
    records: tuple[EventRecord, ...]
    events: Mapping[int, Event | None]
    base_seq: int | None
    set_aside: bool
    proofs: tuple[EventRecord, ...]
    """See `hq.ingest.senders.proofs`."""
    altered: frozenset[tuple[int, str]]
    """Number and hash of the records whose body is not the one that was hashed."""
    consecutive: bool
    """Each number follows the one before it."""


@dataclass(frozen=True, slots=True)
class SplitRecords:
    """Records compared with a watermark: known ones, new ones that follow it, and whether a hole ended these."""

    known: tuple[EventRecord, ...]
    fresh: tuple[EventRecord, ...]
    hole: bool


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What became of a batch.

    `ack`: what HQ now holds of the `line` that the batch belongs to (`hq.ingest.forks`). None: the batch was not
    accepted, and its gate keeps it.
    """

    line: JournalKey
    ack: Ack | None
    stored: int = 0
    hole: bool = False

    @property
    def seq(self) -> int:
        return self.ack.seq if self.ack else 0


def examine(batch: EventBatch) -> ReadBatch:
    """Read the events of a batch. This is most of the work, and no journal is reserved meanwhile."""
    events = {record.seq: readable(record) for record in reversed(batch.records)}  # the first of a number counts
    fits = [link(record.prev_hash, record.body) == record.hash for record in batch.records]
    altered = frozenset(
        (record.seq, record.hash)
        for record, fit in zip(batch.records, fits, strict=True)
        if (changed(record) if record.erased is not None else not fit)
    )
    return ReadBatch(
        key=JournalKey(batch.site_id, batch.gate_id, batch.epoch),
        records=batch.records,
        events=events,
        base_seq=batch.base_seq,
        set_aside=batch.set_aside,
        proofs=proofs(batch.records, fits),
        altered=altered,
        consecutive=all(after.seq == before.seq + 1 for before, after in pairwise(batch.records)),
    )


def payload_of(batch: ReadBatch) -> bytes:
    """Return the records as text, for the quarantine."""
    return "\n".join(record.model_dump_json() for record in batch.records).encode()


def split(records: tuple[EventRecord, ...], seq: int) -> SplitRecords:
    """Split records by the number of the watermark."""
    known = tuple(record for record in records if record.seq <= seq)
    fresh: list[EventRecord] = []
    for record in records:
        if record.seq == seq + 1:
            fresh.append(record)
            seq = record.seq
        elif record.seq > seq:
            return SplitRecords(known, tuple(fresh), hole=True)
    return SplitRecords(known, tuple(fresh), hole=False)
