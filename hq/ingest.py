"""Events from gates into the database: in order, once, verified, and never blocking.

HQ keeps whatever a gate's journal says. What does not verify is kept too, marked in the quarantine and found by
`verify`, because refusing it would hold up everything after it for ever.
"""

import time
from dataclasses import dataclass, field
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection

from contract.chain import link
from contract.codec import BadMessage, decode, decode_event
from contract.messages import (
    Ack,
    AnyEvent,
    CommissioningEvent,
    CommissioningRecord,
    EnrolmentEvent,
    EventBatch,
    EventRecord,
)
from contract.signing import COMMISSIONING, BadSignature, verify
from hq.allowance import Allowance
from hq.branches import place
from hq.people import EnrolmentRefused, People
from hq.store import JournalKey, Store, Watermark, add_events, ask_for, hashes, now, put_aside, set_watermark, watermark

log = structlog.get_logger()

ROSTER_AGAIN = "roster"
"""The task left after an enrolment at a gate: publish the rosters anew."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """A batch compared with the watermark: known records, new ones that follow it, and whether a hole stopped us."""

    known: tuple[EventRecord, ...]
    fresh: tuple[EventRecord, ...]
    hole: bool


@dataclass(slots=True)
class Outcome:
    """What became of a batch. `ack` is what HQ holds now."""

    ack: Ack
    stored: int = 0
    hole: bool = False
    enrolled: list[str] = field(default_factory=list)


def sort(records: tuple[EventRecord, ...], seq: int) -> Sorted:
    """Split a batch by the watermark's seq. Pure."""
    known = tuple(record for record in records if record.seq <= seq)
    fresh: list[EventRecord] = []
    for record in records:
        if record.seq == seq + 1:
            fresh.append(record)
            seq = record.seq
        elif record.seq > seq:
            return Sorted(known, tuple(fresh), hole=True)
    return Sorted(known, tuple(fresh), hole=False)


def fault(record: EventRecord, event: AnyEvent | None, prev_hash: str, key: JournalKey) -> str | None:
    """What is wrong with a record that should follow `prev_hash`; None if nothing. `event`: its body, if readable. Pure."""
    if record.prev_hash != prev_hash:
        return "does not continue the chain (changed history, or two gates with one id)"
    if link(record.prev_hash, record.body) != record.hash:
        return "was changed after it was written"
    if event is None:
        return "has a body that this version cannot read"
    if (event.gate_id, event.site_id, event.epoch, event.seq) != (key.gate_id, key.site_id, key.named, record.seq):
        return "has a body that belongs to another gate, epoch or number"
    return None


def readable(record: EventRecord) -> AnyEvent | None:
    """The event in a record; None if this version cannot read it."""
    try:
        return decode_event(record.body)
    except BadMessage:
        return None


class Ingest:
    def __init__(self, store: Store, people: People) -> None:
        self._store, self._people = store, people
        self._allowance = Allowance()

    def take(self, batch: EventBatch) -> Outcome:
        """Store what is new in one transaction; afterwards the returned acknowledgement is true."""
        key = JournalKey(batch.site_id, batch.gate_id, batch.epoch)
        with self._store.write(f"journal {key.gate_id}/{key.epoch}") as db:
            mark = watermark(db, key)
            where = place(db, key, mark, batch)
            if where is None:
                return Outcome(self._ack(key, mark), hole=True)
            if where.why:
                self._alarm(db, where.key, where.records[0], where.why)
            key, mark = where.key, where.mark
            batch_sorted = sort(where.records, mark.seq)
            self._compare_known(db, key, batch_sorted.known)
            outcome = Outcome(self._ack(key, mark), hole=batch_sorted.hole)
            if batch_sorted.fresh:
                mark = self._append(db, key, batch_sorted.fresh, mark, outcome)
                set_watermark(db, key, mark)
            outcome.stored = len(batch_sorted.fresh)
            outcome.ack = self._ack(key, mark, None if outcome.stored or outcome.hole else batch)
        return outcome

    def refuse(self, site_id: str, gate_id: str, reason: str, payload: bytes) -> None:
        """Keep a message that is no batch of this gate at all; it cannot be acknowledged. Of a flood only some is kept."""
        if not self._allowance.take(f"{site_id}/{gate_id}", time.monotonic()):
            log.debug("refused_again", gate_id=gate_id)
            return
        with self._store.write() as db:
            if put_aside(db, JournalKey(site_id, gate_id, ""), 0, reason, payload):
                log.error("quarantined", gate_id=gate_id, reason=reason)

    def _append(
        self, db: Connection, key: JournalKey, records: tuple[EventRecord, ...], mark: Watermark, out: Outcome
    ) -> Watermark:
        """Store all; then mark what is wrong with any. The watermark after them."""
        events = [readable(record) for record in records]
        add_events(db, [_row(key, record, event) for record, event in zip(records, events, strict=True)])
        for record, event in zip(records, events, strict=True):
            wrong = fault(record, event, mark.hash, key)
            mark = Watermark(record.seq, record.hash)
            if wrong:
                self._alarm(db, key, record, wrong)
            elif isinstance(event, EnrolmentEvent):
                self._enrol(db, key, record, event, out)
            elif isinstance(event, CommissioningEvent) and (objection := forged(event)):
                self._alarm(db, key, record, objection)
        return mark

    def _enrol(self, db: Connection, key: JournalKey, record: EventRecord, event: EnrolmentEvent, out: Outcome) -> None:
        try:
            self._people.enrol_sealed(db, event)
            out.enrolled.append(event.worker_id)
            ask_for(db, ROSTER_AGAIN)
        except EnrolmentRefused as error:
            self._alarm(db, key, record, str(error))

    def _compare_known(self, db: Connection, key: JournalKey, known: tuple[EventRecord, ...]) -> None:
        if not known:
            return
        held = hashes(db, key, known[0].seq, known[-1].seq)
        for record in known:
            if held.get(record.seq) != record.hash:
                self._alarm(db, key, record, "differs from the event held under its number: two gates with one id?")

    def _alarm(self, db: Connection, key: JournalKey, record: EventRecord, reason: str) -> None:
        if put_aside(db, key, record.seq, f"event {reason}", record.model_dump_json().encode()):
            log.error("quarantined", gate_id=key.gate_id, epoch=key.epoch, seq=record.seq, reason=reason)

    def _ack(self, key: JournalKey, mark: Watermark, batch: EventBatch | None = None) -> Ack:
        """`batch`: held already; its sender is told, so that it sees no hole, nor a stranger where only others went on."""
        ack = Ack(gate_id=key.gate_id, epoch=key.named, seq=mark.seq, hash=mark.hash, utc=now())
        if batch is None or batch.base_seq is None:
            return ack
        return ack.model_copy(update={"batch_seq": batch.records[-1].seq, "batch_hash": batch.records[-1].hash})


def forged(event: CommissioningEvent) -> str:
    """What is wrong with a commissioning record's signature or content; "" if nothing."""
    try:
        key = Ed25519PublicKey.from_public_bytes(event.public_key)
        record = decode(CommissioningRecord, verify(event.signed_record, COMMISSIONING, key))
    except (BadSignature, BadMessage, ValueError) as error:
        return f"holds a commissioning record that cannot be believed: {error}"
    if (record.site_id, record.gate_id, record.outcome) != (event.site_id, event.gate_id, event.outcome):
        return "holds the commissioning record of another gate, or with another outcome"
    return ""


def _row(key: JournalKey, record: EventRecord, event: AnyEvent | None) -> dict[str, Any]:
    return {
        "site_id": key.site_id,
        "gate_id": key.gate_id,
        "epoch": key.epoch,
        "seq": record.seq,
        "type": event.type if event else "unreadable",
        "reason": _reason(event),
        "worker_id": getattr(event, "worker_id", None),
        "utc": event.utc if event else None,
        # PostgreSQL keeps no NUL, and JSON has none: such a body is an alarm already, and must not stop HQ as well.
        "body": record.body.replace("\0", "\ufffd"),
        "prev_hash": record.prev_hash,
        "hash": record.hash,
        "received_utc": now(),
    }


def _reason(event: AnyEvent | None) -> str:
    for name in ("reason", "outcome", "code"):
        value = getattr(event, name, None)
        if value is not None:
            return str(value)
    return ""
