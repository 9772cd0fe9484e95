"""Events from gates into the database: in order, once, verified, and never blocking.

HQ keeps whatever a gate's journal says. What does not verify is kept too, marked in the quarantine and found by
`verify`, because refusing it would hold up everything after it for ever.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

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
from hq.journals import (
    EventRow,
    Journal,
    JournalKey,
    Watermark,
    add_events,
    claim,
    hashes,
    set_watermarks,
    watermarks,
)
from hq.people import EnrolmentRefused, People
from hq.store import Store, ask_for, now, put_aside

log = structlog.get_logger()

ROSTER_AGAIN = "roster"
"""The task left after an enrolment at a gate: publish the rosters anew."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A batch and the events in it, read before the database is asked for anything. `events`: by seq, None if unreadable."""

    key: JournalKey
    records: tuple[EventRecord, ...]
    events: Mapping[int, AnyEvent | None]


@dataclass(frozen=True, slots=True)
class Sorted:
    """A batch compared with the watermark: known records, new ones that follow it, and whether a hole stopped us."""

    known: tuple[EventRecord, ...]
    fresh: tuple[EventRecord, ...]
    hole: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch. `ack` is what HQ holds now."""

    ack: Ack
    stored: int = 0
    hole: bool = False


def examine(batch: EventBatch) -> Arrival:
    """Read the events of a batch: the larger part of the work, done while no journal is held. Pure."""
    events = {record.seq: readable(record) for record in reversed(batch.records)}  # the first of a number counts
    return Arrival(JournalKey(batch.site_id, batch.gate_id, batch.epoch), batch.records, events)


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
    if (event.gate_id, event.site_id, event.epoch, event.seq) != (key.gate_id, key.site_id, key.epoch, record.seq):
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

    def take(self, batch: EventBatch) -> Outcome:
        """Store what is new of one batch; waits while another process stores of the same journal."""
        arrival = examine(batch)
        with self._store.write() as db:
            (outcome,) = self._store_all(db, [arrival], claim(db, {arrival.key.journal}, wait=True)).values()
        return outcome

    def take_all(self, arrivals: Sequence[Arrival]) -> list[Outcome | None]:
        """Store what is new in many batches in one transaction; afterwards the acknowledgements are true.

        Returns:
            An outcome for each; None where another process stores of the same journal just now: try that one again.
        """
        with self._store.write() as db:
            ours = claim(db, {arrival.key.journal for arrival in arrivals}, wait=False)
            outcomes = self._store_all(db, arrivals, ours)
        return [outcomes.get(place) for place in range(len(arrivals))]

    def refuse(self, site_id: str, gate_id: str, reason: str, payload: bytes) -> None:
        """Keep a message that is no batch of this gate at all; it cannot be acknowledged."""
        with self._store.write() as db:
            if put_aside(db, JournalKey(site_id, gate_id, ""), 0, reason, payload):
                log.error("quarantined", gate_id=gate_id, reason=reason)

    def _store_all(self, db: Connection, arrivals: Sequence[Arrival], ours: Set[Journal]) -> dict[int, Outcome]:
        """Outcomes by place in `arrivals`, of those whose journal is ours. One statement stores the events of all."""
        utc, marks = now(), watermarks(db, ours)
        outcomes: dict[int, Outcome] = {}
        rows: list[EventRow] = []
        moved: dict[Journal, str] = {}
        for place in sorted(range(len(arrivals)), key=lambda n: arrivals[n].records[0].seq):
            key, events = arrivals[place].key, arrivals[place].events
            if key.journal not in ours:
                continue
            mark = marks.get(key.journal, Watermark())
            found = sort(arrivals[place].records, mark.seq)
            self._compare_known(db, key, found.known, rows)
            for record in found.fresh:
                event = events[record.seq]
                self._judge(db, key, record, event, mark.hash)
                rows.append(_row(key, record, event, utc))
                mark = Watermark(record.seq, record.hash)
            if found.fresh:
                marks[key.journal], moved[key.journal] = mark, key.site_id
            ack = Ack(gate_id=key.gate_id, epoch=key.epoch, seq=mark.seq, utc=utc)
            outcomes[place] = Outcome(ack, stored=len(found.fresh), hole=found.hole)
        add_events(db, rows)
        set_watermarks(db, {journal: (site_id, marks[journal]) for journal, site_id in moved.items()}, utc)
        return outcomes

    def _judge(
        self, db: Connection, key: JournalKey, record: EventRecord, event: AnyEvent | None, prev_hash: str
    ) -> None:
        """Mark what is wrong with a new record; take an enrolment over."""
        if wrong := fault(record, event, prev_hash, key):
            self._alarm(db, key, record, wrong)
        elif isinstance(event, EnrolmentEvent):
            self._enrol(db, key, record, event)
        elif isinstance(event, CommissioningEvent) and (objection := forged(event)):
            self._alarm(db, key, record, objection)

    def _enrol(self, db: Connection, key: JournalKey, record: EventRecord, event: EnrolmentEvent) -> None:
        try:
            self._people.enrol_sealed(db, event)
            ask_for(db, ROSTER_AGAIN)
        except EnrolmentRefused as error:
            self._alarm(db, key, record, str(error))

    def _compare_known(
        self, db: Connection, key: JournalKey, known: Sequence[EventRecord], unwritten: Sequence[EventRow]
    ) -> None:
        """A record whose number is taken must be the one that took it, in the database or among the rows to come."""
        if not known:
            return
        held = hashes(db, key, known[0].seq, known[-1].seq)
        held |= {row.seq: row.hash for row in unwritten if (row.gate_id, row.epoch) == key.journal}
        for record in known:
            if held.get(record.seq) != record.hash:
                self._alarm(db, key, record, "differs from the event held under its number: two gates with one id?")

    def _alarm(self, db: Connection, key: JournalKey, record: EventRecord, reason: str) -> None:
        if put_aside(db, key, record.seq, f"event {reason}", record.model_dump_json().encode()):
            log.error("quarantined", gate_id=key.gate_id, epoch=key.epoch, seq=record.seq, reason=reason)


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


def _row(key: JournalKey, record: EventRecord, event: AnyEvent | None, received: datetime) -> EventRow:
    """NUL is no JSON, and PostgreSQL holds none: whoever sent one finds it in the quarantine as it came."""
    return EventRow(
        site_id=key.site_id,
        gate_id=key.gate_id,
        epoch=key.epoch,
        seq=record.seq,
        type=event.type if event else "unreadable",
        reason=_reason(event),
        worker_id=getattr(event, "worker_id", None),
        utc=event.utc if event else None,
        body=record.body.replace("\0", "\ufffd"),
        prev_hash=record.prev_hash,
        hash=record.hash,
        received_utc=received,
    )


def _reason(event: AnyEvent | None) -> str:
    for name in ("reason", "outcome", "code"):
        value = getattr(event, name, None)
        if value is not None:
            return str(value)
    return ""
