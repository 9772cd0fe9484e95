"""Events from gates into the database: in order, once, verified, and never blocking.

HQ keeps whatever a gate's journal says. What does not verify is kept too, marked in the quarantine and found by
`verify`, because refusing it would hold up everything after it for ever.
"""

import time
from collections.abc import Container, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, update

from contract.chain import changed, link
from contract.codec import BadMessage, NewerMessage, decode, decode_event, decode_event_header
from contract.messages import (
    VERSION,
    Ack,
    ClockEvent,
    CommissioningEvent,
    CommissioningRecord,
    EnrolmentEvent,
    Event,
    EventBatch,
    EventRecord,
    NoticeCode,
    NoticeEvent,
)
from contract.signing import COMMISSIONING, BadSignature, verify
from hq.database import tables as t
from hq.database.journals import (
    EventRow,
    Journal,
    JournalKey,
    Watermark,
    add_events,
    claim,
    hashes,
    journals,
    last_begun,
    set_watermarks,
    watermarks,
)
from hq.database.store import REPUBLISH_ROSTERS, Store, ValueRefused, add_task, now, put_in_quarantine
from hq.ingest import erasure, newer_events
from hq.ingest.corrected_times import correct_newest
from hq.ingest.forks import Placement, origin, place
from hq.ingest.rate_limit import limit_per_sender
from hq.ingest.senders import SenderCheck, SenderRefused, proofs
from hq.registry.approvals import Approvals
from hq.registry.gates import RegisteredGate, registered
from hq.registry.people import EnrolmentRefused

log = structlog.get_logger()

TWINS = "two journals of this gate both go on: two gates with one id, or an old card was put back"
STRANGERS_MAX, REASONS_MAX = 1000, 20
"""So many are told of in the log, each for so many reasons: nobody can use up the room of the others."""
OWN_KEY_APART = ("1.0", "1.1", "1.2")
"""Versions in which gates had a key for this alone."""
ERASED = (
    "event is an enrolment that HQ held before, and this database does not: the gate has erased it. Restore a newer backup, or "
    "enrol the worker again"
)


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """A batch and the events in it, read before the database is asked for anything. `events`: by seq, None if unreadable."""

    key: JournalKey
    records: tuple[EventRecord, ...]
    events: Mapping[int, Event | None]
    base_seq: int | None
    set_aside: bool
    proofs: tuple[EventRecord, ...]
    """See `hq.ingest.senders.proofs`."""
    altered: frozenset[tuple[int, str]]
    """Number and hash of the records whose body is not the one that was hashed."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """A batch compared with the watermark: known records, new ones that follow it, and whether a hole stopped us."""

    known: tuple[EventRecord, ...]
    fresh: tuple[EventRecord, ...]
    hole: bool


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What became of a batch. `ack` is what HQ now holds of the `line` that the batch belongs to (`hq.ingest.forks`); none for a batch
    that was not taken, which its gate keeps."""

    line: JournalKey
    ack: Ack | None
    stored: int = 0
    hole: bool = False

    @property
    def seq(self) -> int:
        return self.ack.seq if self.ack else 0


def examine(batch: EventBatch) -> ReadBatch:
    """Read the events of a batch: the larger part of the work, done while no journal is held. Pure."""
    events = {record.seq: readable(record) for record in reversed(batch.records)}  # the first of a number counts
    key = JournalKey(batch.site_id, batch.gate_id, batch.epoch)
    fits = [link(record.prev_hash, record.body) == record.hash for record in batch.records]
    altered = frozenset(
        (record.seq, record.hash)
        for record, fit in zip(batch.records, fits, strict=True)
        if (changed(record) if record.erased is not None else not fit)
    )
    needed = proofs(batch.records, fits)
    return ReadBatch(key, batch.records, events, batch.base_seq, batch.set_aside, needed, altered)


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


def fault(
    record: EventRecord,
    event: Event | None,
    prev_hash: str,
    key: JournalKey,
    altered: Container[tuple[int, str]] | None = None,
) -> str | None:
    """What is wrong with a record that should follow `prev_hash`; None if nothing. `event`: its body, if readable; `altered`: see
    `Arrival`, where that is known. Pure."""
    if record.prev_hash != prev_hash:
        return "does not continue the chain (changed history, or two gates with one id)"
    if changed(record) if altered is None else (record.seq, record.hash) in altered:
        return "was changed after it was written"
    if event is None:
        return "has a body that this version cannot read"
    if (event.gate_id, event.site_id, event.epoch, event.seq) != (key.gate_id, key.site_id, key.named, record.seq):
        return "has a body that belongs to another gate, epoch or number"
    return None


def readable(record: EventRecord) -> Event | None:
    """The event in a record; None if it is broken. Of an event with words that only a newer version of the contract has:
    what all events have in common, as a plain `Event`. That is no fault of the gate's, HQ was not updated yet."""
    try:
        return decode_event(record.body)
    except NewerMessage:
        try:
            return decode_event_header(record.body)
        except BadMessage:
            return None
    except BadMessage:
        return None


@dataclass
class _Group:
    """What one transaction takes, before it is written."""

    db: Connection
    utc: datetime
    marks: dict[Journal, Watermark]
    gates: Mapping[str, RegisteredGate]
    rows: list[EventRow] = field(default_factory=list)
    erased: list[dict[str, Any]] = field(default_factory=list)
    """Of those rows, which hold an enrolment no more (`hq.ingest.erasure`)."""
    moved: dict[Journal, str] = field(default_factory=dict)
    settings: dict[tuple[Journal, str], tuple[JournalKey, ClockEvent]] = field(default_factory=dict)
    """Of each boot the newest trusted one: it says all that those before it said."""
    epochs: dict[str, str] = field(default_factory=dict)
    """Gate -> the epoch it wrote last, to be remembered once this is committed."""

    def mark(self, line: JournalKey) -> Watermark:
        return self.marks.get(line.journal, Watermark())

    def place(self, arrival: ReadBatch) -> Placement | None:
        """The line that an arrival continues; None if its predecessor is not here (yet)."""
        key, mark, first = arrival.key, self.mark(arrival.key), arrival.records[0]
        if arrival.base_seq is None or (first.seq, first.prev_hash) == (mark.seq + 1, mark.hash):
            return Placement(key, mark, arrival.records)  # an older gate cannot tell; any other goes on, nearly always
        self.write()  # the lines are compared in the database
        return place(self.db, key, mark, arrival.records, arrival.base_seq)

    def move(self, line: JournalKey, mark: Watermark) -> None:
        self.marks[line.journal], self.moved[line.journal] = mark, line.site_id

    def write(self) -> None:
        """Everything so far."""
        add_events(self.db, self.rows)
        erasure.add(self.db, self.erased)
        set_watermarks(self.db, {line: (site_id, self.marks[line]) for line, site_id in self.moved.items()}, self.utc)
        for line, setting in self.settings.values():  # of events that may have come in this very group
            correct_newest(self.db, line, setting)
        for taken in (self.rows, self.erased, self.moved, self.settings):
            taken.clear()

    def set_clock(self, line: JournalKey, setting: ClockEvent) -> None:
        if setting.clock_trusted:
            self.settings[line.journal, setting.boot_id] = line, setting


class Ingest:
    def __init__(self, store: Store, approvals: Approvals, door: SenderCheck) -> None:
        self._store, self._approvals, self._door = store, approvals, door
        self._told: set[str] = set()
        self._allowance = limit_per_sender()
        self._last_epoch: dict[str, str] = {}
        self._strangers: dict[str, set[str]] = {}

    def take(self, batch: EventBatch) -> BatchOutcome:
        """Store what is new of one batch; waits while another process stores of the same journal."""
        (outcome,) = self._commit([examine(batch)], wait=True)
        assert outcome is not None  # it waited
        return outcome

    def take_all(self, arrivals: Sequence[ReadBatch]) -> list[BatchOutcome | None]:
        """Store what is new in many batches in one transaction; afterwards the acknowledgements are true.

        Returns:
            An outcome for each; None where another process stores of the same journal just now: try that one again.
            A batch that the database cannot hold is put aside, and stops no other.
        """
        try:
            return self._commit(arrivals, wait=False)
        except ValueRefused as error:
            if len(arrivals) > 1:
                return [outcome for arrival in arrivals for outcome in self.take_all([arrival])]
            return [self._put_aside(arrivals[0], str(error))]

    def _commit(self, arrivals: Sequence[ReadBatch], *, wait: bool) -> list[BatchOutcome | None]:
        with self._store.write() as db:
            ours = claim(db, {arrival.key.journal for arrival in arrivals}, wait=wait)
            gates = registered(db, {gate_id for gate_id, _ in ours}, hold=True)
            refused = self._refused(gates, arrivals, ours)
            group = _Group(db, now(), watermarks(db, ours), gates)
            outcomes = self._store_all(group, arrivals, ours, refused)
        self._last_epoch |= group.epochs  # only now: what is rolled back is tried again
        for number, why in refused.items():
            outcomes[number] = self._turn_away(arrivals[number], why)
        return [outcomes.get(place) for place in range(len(arrivals))]

    def _refused(
        self, gates: Mapping[str, RegisteredGate], arrivals: Sequence[ReadBatch], ours: Set[Journal]
    ) -> dict[int, str]:
        """By place, why an arrival is not taken."""
        found = {}
        for number, arrival in enumerate(arrivals):
            if arrival.key.journal in ours:
                try:
                    gate = gates.get(arrival.key.gate_id)
                    self._door.check_records(gate, arrival.key, arrival.records, arrival.proofs)
                except SenderRefused as error:
                    found[number] = str(error)
        return found

    def _turn_away(self, arrival: ReadBatch, why: str) -> BatchOutcome:
        """Nothing is acknowledged: whoever really has these events keeps them."""
        key, payload = arrival.key, "\n".join(record.model_dump_json() for record in arrival.records).encode()
        self.tell_stranger(key.gate_id, why)
        self.refuse(key.site_id, key.gate_id, f"events: {why}", payload)
        return BatchOutcome(key, None)

    def _put_aside(self, arrival: ReadBatch, why: str) -> BatchOutcome:
        """Its sender hears how far its journal is held."""
        key, payload = arrival.key, "\n".join(record.model_dump_json() for record in arrival.records).encode()
        self.refuse(key.site_id, key.gate_id, f"events: {why}", payload)
        with self._store.read() as db:
            mark = watermarks(db, {key.journal}).get(key.journal, Watermark())
        return BatchOutcome(key, _ack(key, mark, now()))

    def refuse(self, site_id: str, gate_id: str, reason: str, payload: bytes) -> None:
        """Keep a message that is no batch of this gate at all; it cannot be acknowledged. Of a flood only some is kept."""
        if not self._allowance.take(f"{site_id}/{gate_id}", time.monotonic()):
            log.debug("refused_again", gate_id=gate_id)
            return
        with self._store.write() as db:
            if put_in_quarantine(db, JournalKey(site_id, gate_id, ""), 0, reason, payload):
                log.error("quarantined", gate_id=gate_id, reason=reason)

    def read_again(self) -> int:
        """After an update: read the events that a newer version wrote, as far as this one can; how many it could."""
        return newer_events.read_again(self._store, readable, self._judge_again)

    def tell_newer(self, gate_id: str, what: str) -> None:
        """In the log, once for each gate: it is no alarm, and goes on until HQ is updated."""
        if gate_id not in self._told:
            self._told.add(gate_id)
            log.warning("gate_is_newer", gate_id=gate_id, detail=f"{what}: update sitegate-hq")

    def tell_stranger(self, gate_id: str, why: str) -> bool:
        """In the log, once for each reason: what is not taken waits at its gate. Whether it is new."""
        known = self._strangers.get(gate_id)
        if known is None and len(self._strangers) < STRANGERS_MAX:
            known = self._strangers[gate_id] = set()
        if known is None or why in known or len(known) >= REASONS_MAX:
            return False
        known.add(why)
        log.error("gate_not_taken", gate_id=gate_id, detail=why)
        return True

    def acks(self, gate_id: str) -> list[Ack]:
        """What HQ holds now of the journal that a gate began last: a line for each way it went on, the one written last at the
        end. Of an earlier journal the gate may know nothing."""
        with self._store.read() as db:
            begun = _begun_last(db, gate_id)
            held = [(replace(key, written_as=origin(key.epoch)), mark) for key, mark in journals(db, gate_id)]
        return [_ack(key, mark, now()) for key, mark in held if key.named == begun]

    def _store_all(
        self, group: "_Group", arrivals: Sequence[ReadBatch], ours: Set[Journal], refused: Container[int]
    ) -> dict[int, BatchOutcome]:
        """Outcomes by place in `arrivals`, of those whose journal is ours. One statement stores the events of all."""
        outcomes: dict[int, BatchOutcome] = {}
        begin = {arrival.key.journal: -number for number, arrival in enumerate(reversed(arrivals))}
        # Journals in the order in which they came, since a gate begins its new one after the old; each by its numbers.
        for number in sorted(
            range(len(arrivals)), key=lambda n: (begin[arrivals[n].key.journal], arrivals[n].records[0].seq)
        ):
            arrival = arrivals[number]
            if arrival.key.journal not in ours or number in refused:
                continue
            where = group.place(arrival)
            if where is None:
                mark = group.mark(arrival.key)
                outcomes[number] = BatchOutcome(arrival.key, _ack(arrival.key, mark, group.utc), hole=True)
            else:
                outcomes[number] = self._join(group, where, arrival)
        group.write()
        return outcomes

    def _join(self, group: "_Group", where: Placement, arrival: ReadBatch) -> BatchOutcome:
        """What is new of one arrival joins the group."""
        db, line, mark = group.db, where.key, where.mark
        if where.why:
            self._alarm(db, line, where.records[0], where.why)
        found = sort(where.records, mark.seq)
        self._compare_known(db, line, found.known, group.rows)
        if found.fresh and not arrival.set_aside:
            self._watch_epoch(group, line, goes_on=mark.seq > 0)
        for record in found.fresh:
            event = arrival.events[record.seq]
            believed = self._judge(db, line, record, event, mark.hash, arrival.altered)
            if believed and isinstance(event, ClockEvent):
                group.set_clock(line, event)
            if event is not None and newer_events.unread(event):
                self._note_newer(db, event)
            elif event is None or isinstance(event, EnrolmentEvent):
                record = erasure.stored(record, believed=believed)
                group.erased += (
                    [erasure.row_of(line, record, self._approvals.cipher)] if record.erased is not None else []
                )
            group.rows.append(_row(line, record, event, group.utc))
            mark = Watermark(record.seq, record.hash)
        if found.fresh:
            group.move(line, mark)
        told = None if found.fresh or found.hole else arrival
        return BatchOutcome(line, _ack(line, mark, group.utc, told), stored=len(found.fresh), hole=found.hole)

    def _note_newer(self, db: Connection, event: Event) -> None:
        add_task(db, newer_events.READ_AGAIN)
        self.tell_newer(event.gate_id, f"events of version {event.version}, HQ reads {VERSION}")

    def _judge(
        self,
        db: Connection,
        key: JournalKey,
        record: EventRecord,
        event: Event | None,
        prev_hash: str,
        altered: Container[tuple[int, str]] | None = None,
    ) -> bool:
        """Mark what is wrong with a new record; take an enrolment over. Whether it is as the gate wrote it."""
        if wrong := fault(record, event, prev_hash, key, altered):
            self._alarm(db, key, record, wrong)
            return False
        if isinstance(event, EnrolmentEvent):
            self._enrol(db, key, record, event)
        elif isinstance(event, CommissioningEvent):
            gate = registered(db, [key.gate_id]).get(key.gate_id)
            if objection := forged(event, gate):
                self._alarm(db, key, record, objection)
        return True

    def _judge_again(
        self, db: Connection, key: JournalKey, record: EventRecord, event: Event | None, prev_hash: str
    ) -> None:
        """The same for a record that is stored already; one that HQ has erased since, when the consent ended, counts for nothing."""
        if record.erased is not None:
            return
        believed = self._judge(db, key, record, event, prev_hash)
        if believed and isinstance(event, ClockEvent):
            correct_newest(db, key, event)
        if isinstance(event, EnrolmentEvent):
            kept = erasure.stored(record, believed=believed)
            mine = (t.events.c.gate_id == key.gate_id, t.events.c.epoch == key.epoch, t.events.c.seq == record.seq)
            db.execute(update(t.events).where(*mine).values(body=kept.body))
            erasure.add(db, [erasure.row_of(key, kept, self._approvals.cipher)] if kept.erased is not None else [])

    def _watch_epoch(self, group: "_Group", key: JournalKey, *, goes_on: bool) -> None:
        """A gate that begins a new journal never writes the old one again: if both go on, there are two. Marked once."""
        db, before = group.db, group.epochs.get(key.gate_id) or self._last_epoch.get(key.gate_id, key.named)
        group.epochs[key.gate_id] = key.named
        # Beside other processes this one may have seen neither the end of the one nor the beginning of the other.
        if goes_on and before != key.named and _begun_last(db, key.gate_id) != key.named:
            pair = "/".join(sorted((before, key.named)))
            if put_in_quarantine(db, JournalKey(key.site_id, key.gate_id, ""), 0, TWINS, pair.encode()):
                log.error("quarantined", gate_id=key.gate_id, epochs=pair, reason=TWINS)

    def _enrol(self, db: Connection, key: JournalKey, record: EventRecord, event: EnrolmentEvent) -> None:
        if record.erased is not None:
            if put_in_quarantine(db, key, record.seq, ERASED, record.model_dump_json().encode(), tell=False):
                log.warning("enrolment_erased_before", gate_id=key.gate_id, epoch=key.epoch, seq=record.seq)
            return
        try:
            if self._approvals.take(db, key, event):
                add_task(db, REPUBLISH_ROSTERS)
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
        event = readable(record)
        # A gate's notice that it was refused something: refused as well, it must not breed another one.
        tell = not (isinstance(event, NoticeEvent) and event.code is NoticeCode.EVENT_REFUSED)
        if put_in_quarantine(
            db, key, record.seq, f"event {reason}", record.model_dump_json(exclude={"signature"}).encode(), tell=tell
        ):
            log.error("quarantined", gate_id=key.gate_id, epoch=key.epoch, seq=record.seq, reason=reason)


def _begun_last(db: Connection, gate_id: str) -> str:
    """The epoch that a gate began last, as it names it."""
    epoch = last_begun(db, gate_id)
    return origin(epoch) or epoch


def _ack(key: JournalKey, mark: Watermark, utc: datetime, arrival: ReadBatch | None = None) -> Ack:
    """`arrival`: held already; its sender is told, so that it sees no hole, nor a stranger where only others went on."""
    ack = Ack(gate_id=key.gate_id, epoch=key.named, seq=mark.seq, hash=mark.hash, utc=utc)
    if arrival is None or arrival.base_seq is None:
        return ack
    last = arrival.records[-1]
    return ack.model_copy(update={"batch_seq": last.seq, "batch_hash": last.hash})


def forged(event: CommissioningEvent, gate: RegisteredGate | None = None) -> str:
    """What is wrong with a commissioning record's signature or content; "" if nothing. `gate`: as it is registered."""
    if gate is not None and event.public_key != gate.gate_key and event.version not in OWN_KEY_APART:
        return "holds a commissioning record that was not signed with the gate's registered key"
    try:
        key = Ed25519PublicKey.from_public_bytes(event.public_key)
        record = decode(CommissioningRecord, verify(event.signed_record, COMMISSIONING, key))
    except (BadSignature, BadMessage, ValueError) as error:
        return f"holds a commissioning record that cannot be believed: {error}"
    if (record.site_id, record.gate_id, record.outcome) != (event.site_id, event.gate_id, event.outcome):
        return "holds the commissioning record of another gate, or with another outcome"
    return ""


def _row(key: JournalKey, record: EventRecord, event: Event | None, received: datetime) -> EventRow:
    """NUL is no JSON, and PostgreSQL holds none: whoever sent one finds it in the quarantine as it came."""
    return EventRow(
        site_id=key.site_id,
        gate_id=key.gate_id,
        epoch=key.epoch,
        seq=record.seq,
        **newer_events.columns(event),
        body=record.body.replace("\0", "\ufffd"),
        prev_hash=record.prev_hash,
        hash=record.hash,
        received_utc=received,
        corrected_utc=None,
    )
