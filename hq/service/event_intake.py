"""Store the batches that have arrived and acknowledge them."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from contract.messages import Ack
from hq.database.values import JournalKey
from hq.ingest.batches import BatchOutcome, ReadBatch
from hq.ingest.ingest import Ingest
from hq.reports.metrics import HqMetrics

log = structlog.get_logger()

READY_MAX = 1_000
HOLE_PATIENCE_S = 4.0
"""A batch whose predecessor is missing waits until its journal has not grown for this long: another worker may have it
in its queue. Shorter than a gate waits for an acknowledgement (`[sync] ack_timeout_s`)."""


@dataclass(slots=True)
class _Hole:
    """Events arrived that do not follow `seq`, where the journal ends since `seen_s`."""

    seq: int
    seen_s: float
    logged: bool = False


class EventIntake:
    """Holds batches until they are stored. `acknowledge`: sends an acknowledgement to a site."""

    def __init__(self, ingest: Ingest, metrics: HqMetrics, acknowledge: Callable[[Ack, str], None]) -> None:
        self._ingest, self._metrics, self.acknowledge = ingest, metrics, acknowledge
        self._ready: list[ReadBatch] = []
        self._holes: dict[JournalKey, _Hole] = {}

    @property
    def waiting(self) -> bool:
        """Whether a batch waits for another process, or for its predecessor."""
        return bool(self._ready)

    @property
    def full(self) -> bool:
        return len(self._ready) >= READY_MAX

    def add(self, batch: ReadBatch) -> None:
        """Add a batch, to be stored in the next turn."""
        self._ready.append(batch)

    def due(self) -> None:
        """Store all batches in one transaction, then send one acknowledgement for each journal.

        A batch that arrived before its predecessor is tried again. After waiting in vain it is acknowledged up to the
        hole, and the gate sends it again.
        """
        if not self._ready:
            return
        with self._metrics.take.time():
            outcomes = self._ingest.take_all(self._ready)
        ready, self._ready = self._ready, []
        acks: dict[JournalKey, Ack] = {}
        for batch, outcome in zip(ready, outcomes, strict=True):
            if outcome is None or (outcome.hole and self._may_come(batch.key, outcome.seq)):
                self._ready.append(batch)
            elif outcome.ack is not None and (outcome.line not in acks or acks[outcome.line].seq <= outcome.seq):
                acks[outcome.line] = outcome.ack
            self._count(batch, outcome)
        for key in self._holes.keys() - {batch.key for batch in self._ready}:
            del self._holes[key]
        for key, ack in acks.items():
            self.acknowledge(ack, key.site_id)

    def acknowledge_again(self, site_id: str, gate_id: str) -> None:
        """Tell a gate how far HQ holds its journal."""
        for ack in self._ingest.acks(gate_id):
            self.acknowledge(ack, site_id)

    def _count(self, batch: ReadBatch, outcome: BatchOutcome | None) -> None:
        if outcome is not None and outcome.ack is not None:  # an unknown gate gets no numbers of its own
            self._metrics.events.labels(batch.key.gate_id).inc(outcome.stored)

    def _may_come(self, key: JournalKey, seq: int) -> bool:
        """Tell whether what follows `seq` may still come: while the journal grows, another worker stores of it."""
        hole = self._holes.get(key)
        if hole is None or hole.seq != seq:
            self._metrics.holes.inc()
            hole = self._holes[key] = _Hole(seq, time.monotonic())
        if time.monotonic() - hole.seen_s < HOLE_PATIENCE_S:
            return True
        if not hole.logged:
            log.warning("events_missing", gate_id=key.gate_id, after=seq)
            hole.logged = True
        return False
