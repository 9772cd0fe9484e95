"""Events from gates into the database: in order, once, verified, and never blocking.

HQ keeps whatever a gate's journal says. What does not verify is kept too, marked in the quarantine and found by
`verify`, because refusing it would hold up everything after it for ever.
"""

import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection

from contract.chain import link
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
from hq import newer
from hq.allowance import Allowance
from hq.branches import Place, origin, place
from hq.journals import (
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
from hq.people import EnrolmentRefused, People
from hq.store import Store, ask_for, now, put_aside
from hq.times import correct

log = structlog.get_logger()

TWINS = "two journals of this gate both go on: two gates with one id, or an old card was put back"
ROSTER_AGAIN = "roster"
"""The task left after an enrolment at a gate: publish the rosters anew."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A batch and the events in it, read before the database is asked for anything. `events`: by seq, None if unreadable."""

    key: JournalKey
    records: tuple[EventRecord, ...]
    events: Mapping[int, Event | None]
    base_seq: int | None
    set_aside: bool


@dataclass(frozen=True, slots=True)
class Sorted:
    """A batch compared with the watermark: known records, new ones that follow it, and whether a hole stopped us."""

    known: tuple[EventRecord, ...]
    fresh: tuple[EventRecord, ...]
    hole: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch. `ack` is what HQ now holds of the `line` that the batch belongs to (`hq.branches`)."""

    line: JournalKey
    ack: Ack
    stored: int = 0
    hole: bool = False


def examine(batch: EventBatch) -> Arrival:
    """Read the events of a batch: the larger part of the work, done while no journal is held. Pure."""
    events = {record.seq: readable(record) for record in reversed(batch.records)}  # the first of a number counts
    key = JournalKey(batch.site_id, batch.gate_id, batch.epoch)
    return Arrival(key, batch.records, events, batch.base_seq, batch.set_aside)


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


def fault(record: EventRecord, event: Event | None, prev_hash: str, key: JournalKey) -> str | None:
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
    rows: list[EventRow] = field(default_factory=list)
    moved: dict[Journal, str] = field(default_factory=dict)
    settings: list[tuple[JournalKey, ClockEvent]] = field(default_factory=list)

    def mark(self, line: JournalKey) -> Watermark:
        return self.marks.get(line.journal, Watermark())

    def place(self, arrival: Arrival) -> Place | None:
        """The line that an arrival continues; None if its predecessor is not here (yet)."""
        key, mark, first = arrival.key, self.mark(arrival.key), arrival.records[0]
        if arrival.base_seq is None or (first.seq, first.prev_hash) == (mark.seq + 1, mark.hash):
            return Place(key, mark, arrival.records)  # an older gate cannot tell; any other goes on, nearly always
        self.write()  # the lines are compared in the database
        return place(self.db, key, mark, arrival.records, arrival.base_seq)

    def move(self, line: JournalKey, mark: Watermark) -> None:
        self.marks[line.journal], self.moved[line.journal] = mark, line.site_id

    def write(self) -> None:
        """Everything so far."""
        add_events(self.db, self.rows)
        set_watermarks(self.db, {line: (site_id, self.marks[line]) for line, site_id in self.moved.items()}, self.utc)
        for line, setting in self.settings:  # of events that may have come in this very group
            correct(self.db, line, setting)
        for taken in (self.rows, self.moved, self.settings):
            taken.clear()


class Ingest:
    def __init__(self, store: Store, people: People) -> None:
        self._store, self._people = store, people
        self._told: set[str] = set()
        self._allowance = Allowance()
        self._last_epoch: dict[str, str] = {}

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
        """Keep a message that is no batch of this gate at all; it cannot be acknowledged. Of a flood only some is kept."""
        if not self._allowance.take(f"{site_id}/{gate_id}", time.monotonic()):
            log.debug("refused_again", gate_id=gate_id)
            return
        with self._store.write() as db:
            if put_aside(db, JournalKey(site_id, gate_id, ""), 0, reason, payload):
                log.error("quarantined", gate_id=gate_id, reason=reason)

    def read_again(self) -> int:
        """After an update: read the events that a newer version wrote, as far as this one can; how many it could."""
        return newer.read_again(self._store, readable, self._judge_again)

    def tell_newer(self, gate_id: str, what: str) -> None:
        """In the log, once for each gate: it is no alarm, and goes on until HQ is updated."""
        if gate_id not in self._told:
            self._told.add(gate_id)
            log.warning("gate_is_newer", gate_id=gate_id, detail=f"{what}: update sitegate-hq")

    def acks(self, gate_id: str) -> list[Ack]:
        """What HQ holds of each of a gate's journals now, the one written last at the end."""
        with self._store.read() as db:
            held = journals(db, gate_id)
        return [_ack(replace(key, written_as=origin(key.epoch)), mark, now()) for key, mark in held]

    def _store_all(self, db: Connection, arrivals: Sequence[Arrival], ours: Set[Journal]) -> dict[int, Outcome]:
        """Outcomes by place in `arrivals`, of those whose journal is ours. One statement stores the events of all."""
        group = _Group(db, now(), watermarks(db, ours))
        outcomes: dict[int, Outcome] = {}
        for number in sorted(range(len(arrivals)), key=lambda n: arrivals[n].records[0].seq):
            arrival = arrivals[number]
            if arrival.key.journal not in ours:
                continue
            where = group.place(arrival)
            if where is None:
                mark = group.mark(arrival.key)
                outcomes[number] = Outcome(arrival.key, _ack(arrival.key, mark, group.utc), hole=True)
            else:
                outcomes[number] = self._join(group, where, arrival)
        group.write()
        return outcomes

    def _join(self, group: "_Group", where: Place, arrival: Arrival) -> Outcome:
        """What is new of one arrival joins the group."""
        db, line, mark = group.db, where.key, where.mark
        if where.why:
            self._alarm(db, line, where.records[0], where.why)
        found = sort(where.records, mark.seq)
        self._compare_known(db, line, found.known, group.rows)
        if found.fresh and not arrival.set_aside:
            self._watch_epoch(db, line, goes_on=mark.seq > 0)
        for record in found.fresh:
            event = arrival.events[record.seq]
            if self._judge(db, line, record, event, mark.hash) and isinstance(event, ClockEvent):
                group.settings.append((line, event))
            if event is not None and newer.unread(event):
                self._note_newer(db, event)
            group.rows.append(_row(line, record, event, group.utc))
            mark = Watermark(record.seq, record.hash)
        if found.fresh:
            group.move(line, mark)
        told = None if found.fresh or found.hole else arrival
        return Outcome(line, _ack(line, mark, group.utc, told), stored=len(found.fresh), hole=found.hole)

    def _note_newer(self, db: Connection, event: Event) -> None:
        ask_for(db, newer.READ_AGAIN)
        self.tell_newer(event.gate_id, f"events of version {event.version}, HQ reads {VERSION}")

    def _judge(self, db: Connection, key: JournalKey, record: EventRecord, event: Event | None, prev_hash: str) -> bool:
        """Mark what is wrong with a new record; take an enrolment over. Whether it is as the gate wrote it."""
        if wrong := fault(record, event, prev_hash, key):
            self._alarm(db, key, record, wrong)
            return False
        if isinstance(event, EnrolmentEvent):
            self._enrol(db, key, record, event)
        elif isinstance(event, CommissioningEvent) and (objection := forged(event)):
            self._alarm(db, key, record, objection)
        return True

    def _judge_again(
        self, db: Connection, key: JournalKey, record: EventRecord, event: Event | None, prev_hash: str
    ) -> None:
        """The same for a record that is stored already."""
        if self._judge(db, key, record, event, prev_hash) and isinstance(event, ClockEvent):
            correct(db, key, event)

    def _watch_epoch(self, db: Connection, key: JournalKey, *, goes_on: bool) -> None:
        """A gate that begins a new journal never writes the old one again: if both go on, there are two. Marked once."""
        before = self._last_epoch.get(key.gate_id, key.named)
        self._last_epoch[key.gate_id] = key.named
        # Beside other processes this one may have seen neither the end of the one nor the beginning of the other.
        if goes_on and before != key.named and last_begun(db, key.gate_id) != key.named:
            pair = "/".join(sorted((before, key.named)))
            if put_aside(db, JournalKey(key.site_id, key.gate_id, ""), 0, TWINS, pair.encode()):
                log.error("quarantined", gate_id=key.gate_id, epochs=pair, reason=TWINS)

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
        event = readable(record)
        # A gate's notice that it was refused something: refused as well, it must not breed another one.
        tell = not (isinstance(event, NoticeEvent) and event.code is NoticeCode.EVENT_REFUSED)
        if put_aside(db, key, record.seq, f"event {reason}", record.model_dump_json().encode(), tell=tell):
            log.error("quarantined", gate_id=key.gate_id, epoch=key.epoch, seq=record.seq, reason=reason)


def _ack(key: JournalKey, mark: Watermark, utc: datetime, arrival: Arrival | None = None) -> Ack:
    """`arrival`: held already; its sender is told, so that it sees no hole, nor a stranger where only others went on."""
    ack = Ack(gate_id=key.gate_id, epoch=key.named, seq=mark.seq, hash=mark.hash, utc=utc)
    if arrival is None or arrival.base_seq is None:
        return ack
    last = arrival.records[-1]
    return ack.model_copy(update={"batch_seq": last.seq, "batch_hash": last.hash})


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


def _row(key: JournalKey, record: EventRecord, event: Event | None, received: datetime) -> EventRow:
    """NUL is no JSON, and PostgreSQL holds none: whoever sent one finds it in the quarantine as it came."""
    return EventRow(
        site_id=key.site_id,
        gate_id=key.gate_id,
        epoch=key.epoch,
        seq=record.seq,
        **newer.columns(event),
        body=record.body.replace("\0", "\ufffd"),
        prev_hash=record.prev_hash,
        hash=record.hash,
        received_utc=received,
        corrected_utc=None,
    )
