"""Plan what one transaction stores of some batches, given what HQ holds. Pure: no database, no clock, no log.

HQ keeps everything that a gate's journal says. What does not verify is stored too, put in quarantine and found by
`verify`: to refuse it would hold up everything after it for ever.
"""

from collections.abc import Container, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime

from contract.messages import Ack, ClockEvent, CommissioningEvent, EnrolmentEvent, Event, EventRecord
from hq.database.values import EventRow, Journal, JournalKey, Watermark, stored_form
from hq.ingest.batches import BatchOutcome, ReadBatch, split
from hq.ingest.event_columns import columns, unread
from hq.ingest.forks import JournalLine, Placement, compared_numbers, place
from hq.ingest.records import commissioning_fault, fault
from hq.ingest.senders import SenderCheck, SenderRefused
from hq.registry.registered_gate import RegisteredGate

DIFFERS = "differs from the event held under its number: two gates with one id?"


@dataclass(frozen=True, slots=True)
class Fault:
    """A record that is put in quarantine, and why. Its line goes on with it."""

    key: JournalKey
    record: EventRecord
    reason: str


@dataclass(frozen=True, slots=True)
class TwoJournals:
    """A gate goes on with an older journal beside the one that it began last. `epochs`: both names."""

    site_id: str
    gate_id: str
    epochs: str


@dataclass(frozen=True, slots=True)
class EnrolmentFound:
    """An enrolment, for the approvals to decide on. Erased already: only to be noted, its templates are lost."""

    key: JournalKey
    record: EventRecord
    event: EnrolmentEvent


@dataclass(frozen=True, slots=True)
class NewerEventFound:
    """An event that only a newer version of HQ can read."""

    gate_id: str
    version: str


Finding = Fault | TwoJournals | EnrolmentFound | NewerEventFound


@dataclass(frozen=True, slots=True)
class HeldState:
    """What HQ holds, as far as the plan needs it.

    `accepted`: places of the batches whose sender is accepted and whose journal this process may store of. `lines`: of
    the journals in `compared_journals`, all lines, the epoch's own first. `begun_last`: of the gates in
    `gates_with_several_epochs`, the epoch begun last. `last_epochs`: gate -> the epoch that this process stored of
    last.
    """

    utc: datetime
    accepted: Set[int]
    gates: Mapping[str, RegisteredGate] = field(default_factory=dict)
    marks: Mapping[Journal, Watermark] = field(default_factory=dict)
    lines: Mapping[Journal, Sequence[JournalLine]] = field(default_factory=dict)
    begun_last: Mapping[str, str] = field(default_factory=dict)
    last_epochs: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """What the transaction does: first the findings in order, then rows, proofs of erasure and marks, then corrected
    times.
    """

    findings: list[Finding] = field(default_factory=list)
    rows: list[EventRow] = field(default_factory=list)
    erased: list[tuple[JournalKey, EventRecord]] = field(default_factory=list)
    """Of those rows, enrolments without their sealed templates (`hq.database.erasure`)."""
    marks: dict[Journal, tuple[str, Watermark]] = field(default_factory=dict)
    """New ends: journal -> site and watermark."""
    clocks: dict[tuple[Journal, str], tuple[JournalKey, ClockEvent]] = field(default_factory=dict)
    """Of each boot the newest trusted setting of the clock: it says all that earlier ones said."""
    epochs: dict[str, str] = field(default_factory=dict)
    """Gate -> the epoch stored last; to be remembered once this is committed."""
    outcomes: dict[int, BatchOutcome] = field(default_factory=dict)
    """By place of the batch. Missing: the batch is not accepted now."""


def plan(batches: Sequence[ReadBatch], held: HeldState) -> Plan:
    """Plan what to store of the accepted batches, and how to answer each."""
    planner = _Planner(held)
    for number in _in_order(batches):
        if number in held.accepted:
            planner.plan.outcomes[number] = planner.add(batches[number])
    return planner.plan


def refused_senders(
    batches: Sequence[ReadBatch], reserved: Set[Journal], gates: Mapping[str, RegisteredGate], check: SenderCheck
) -> dict[int, str]:
    """Say, by place, why a batch is not accepted, of the batches whose journal is reserved."""
    found = {}
    for number, batch in enumerate(batches):
        if batch.key.journal in reserved:
            try:
                check.check_records(gates.get(batch.key.gate_id), batch.key, batch.records, batch.proofs)
            except SenderRefused as error:
                found[number] = str(error)
    return found


def compared_journals(
    batches: Sequence[ReadBatch], marks: Mapping[Journal, Watermark]
) -> dict[JournalKey, list[tuple[int, int]]]:
    """Name the journals with a batch that does not simply continue them, and the numbers whose hashes are compared."""
    ends, unclear = dict(marks), set()
    for number in _in_order(batches):
        batch = batches[number]
        end, first = ends.get(batch.key.journal, Watermark()), batch.records[0].seq
        beyond = batch.base_seq is None and first > end.seq  # an older gate: never placed on a branch
        if batch.consecutive and (beyond or _continues(batch, end)):
            if first == end.seq + 1:
                ends[batch.key.journal] = Watermark(batch.records[-1].seq, batch.records[-1].hash)
        else:
            unclear.add(batch.key.journal)
    ranges: dict[Journal, tuple[JournalKey, list[tuple[int, int]]]] = {}
    for batch in batches:
        if batch.key.journal in unclear:
            numbers = [record.seq for record in batch.records]
            asked = ranges.setdefault(batch.key.journal, (batch.key, []))[1]
            asked.append((min(numbers[0] - 1, *numbers), max(numbers)))
    return {key: compared_numbers(asked) for key, asked in ranges.values()}


def gates_with_several_epochs(batches: Sequence[ReadBatch], last_epochs: Mapping[str, str]) -> set[str]:
    """Name the gates whose batches are of several journals, or of another one than stored last."""
    epochs: dict[str, set[str]] = {}
    for batch in batches:
        last = last_epochs.get(batch.key.gate_id, batch.key.epoch)
        epochs.setdefault(batch.key.gate_id, {last}).add(batch.key.epoch)
    return {gate_id for gate_id, names in epochs.items() if len(names) > 1}


def judge(
    key: JournalKey,
    record: EventRecord,
    event: Event | None,
    prev_hash: str,
    gate: RegisteredGate | None,
    altered: Container[tuple[int, str]] | None = None,
) -> tuple[bool, list[Finding]]:
    """Tell whether a record is as its gate wrote it, and what HQ has to do about it."""
    if wrong := fault(record, event, prev_hash, key, altered):
        return False, [Fault(key, record, wrong)]
    if isinstance(event, EnrolmentEvent):
        return True, [EnrolmentFound(key, record, event)]
    if isinstance(event, CommissioningEvent) and (objection := commissioning_fault(event, gate)):
        return True, [Fault(key, record, objection)]
    return True, []


def ack(key: JournalKey, mark: Watermark, utc: datetime, batch: ReadBatch | None = None) -> Ack:
    """Acknowledge a line up to its end.

    `batch`: held already, so that its sender sees neither a hole nor a stranger.
    """
    made = Ack(gate_id=key.gate_id, epoch=key.named, seq=mark.seq, hash=mark.hash, utc=utc)
    if batch is None or batch.base_seq is None:
        return made
    last = batch.records[-1]
    return made.model_copy(update={"batch_seq": last.seq, "batch_hash": last.hash})


class _Planner:
    """Builds one plan, batch by batch."""

    def __init__(self, held: HeldState) -> None:
        self._held, self.plan = held, Plan()
        self._lines = {
            journal: [replace(line, hashes=dict(line.hashes)) for line in lines]
            for journal, lines in held.lines.items()
        }

    def add(self, batch: ReadBatch) -> BatchOutcome:
        """Plan what is new of one batch."""
        lines = self._lines_of(batch.key)
        found = self._place(batch, lines)
        if found is None:
            return BatchOutcome(batch.key, ack(batch.key, lines[0].end, self._held.utc), hole=True)
        line = found.line
        key = line.key if line.key.site_id == batch.key.site_id else replace(line.key, site_id=batch.key.site_id)
        if found.why:
            lines.append(line)
            self.plan.findings.append(Fault(key, found.records[0], found.why))
        parts = split(found.records, line.end.seq)
        self.plan.findings += [Fault(key, r, DIFFERS) for r in parts.known if _differs(line, r)]
        if parts.fresh and not batch.set_aside:
            self._watch_epoch(key, goes_on=line.end.seq > 0)
        for record in parts.fresh:
            self._add_record(key, line, record, batch)
        if parts.fresh:
            self.plan.marks[key.journal] = key.site_id, line.end
        answered = None if parts.fresh or parts.hole else batch
        return BatchOutcome(key, ack(key, line.end, self._held.utc, answered), stored=len(parts.fresh), hole=parts.hole)

    def _lines_of(self, key: JournalKey) -> list[JournalLine]:
        if key.journal not in self._lines:
            self._lines[key.journal] = [JournalLine(key, self._held.marks.get(key.journal, Watermark()))]
        return self._lines[key.journal]

    def _place(self, batch: ReadBatch, lines: Sequence[JournalLine]) -> Placement | None:
        if batch.base_seq is None or _continues(batch, lines[0].end):  # an older gate cannot tell
            return Placement(lines[0], batch.records)
        return place(batch.key, lines, batch.records, batch.base_seq)

    def _watch_epoch(self, key: JournalKey, *, goes_on: bool) -> None:
        """Report two journals that both go on. A gate that begins a new one never writes the old one again."""
        last = self._held.last_epochs.get(key.gate_id, key.named)
        before = self.plan.epochs.get(key.gate_id) or last
        self.plan.epochs[key.gate_id] = key.named
        # Beside other processes this one may have seen neither the end of the one nor the beginning of the other.
        if goes_on and before != key.named and self._held.begun_last.get(key.gate_id) != key.named:
            pair = "/".join(sorted((before, key.named)))
            self.plan.findings.append(TwoJournals(key.site_id, key.gate_id, pair))

    def _add_record(self, key: JournalKey, line: JournalLine, record: EventRecord, batch: ReadBatch) -> None:
        event, gate = batch.events[record.seq], self._held.gates.get(key.gate_id)
        believed, findings = judge(key, record, event, line.end.hash, gate, batch.altered)
        line.append(record)
        self.plan.findings += findings
        if believed and isinstance(event, ClockEvent) and event.clock_trusted:
            self.plan.clocks[key.journal, event.boot_id] = key, event
        if event is not None and unread(event):
            self.plan.findings.append(NewerEventFound(event.gate_id, event.version))
        elif event is None or isinstance(event, EnrolmentEvent):
            record = stored_form(record, believed=believed)
            self.plan.erased += [(key, record)] if record.erased is not None else []
        self.plan.rows.append(_row(key, record, event, self._held.utc))


def _differs(line: JournalLine, record: EventRecord) -> bool:
    """Tell whether HQ holds another event under this number, or none where it should."""
    return record.seq > line.removed and line.hashes.get(record.seq) != record.hash


def _in_order(batches: Sequence[ReadBatch]) -> list[int]:
    """Sort places: journals as they came, since a gate begins its new one after the old; each by its numbers."""
    begin: dict[Journal, int] = {}
    for number, batch in enumerate(batches):
        begin.setdefault(batch.key.journal, number)
    return sorted(range(len(batches)), key=lambda n: (begin[batches[n].key.journal], batches[n].records[0].seq))


def _continues(batch: ReadBatch, end: Watermark) -> bool:
    first = batch.records[0]
    return (first.seq, first.prev_hash) == (end.seq + 1, end.hash)


def _row(key: JournalKey, record: EventRecord, event: Event | None, received: datetime) -> EventRow:
    """Make the row of a record.

    NUL is no JSON, and PostgreSQL stores none; the quarantine has the record as it came.
    """
    return EventRow(
        site_id=key.site_id,
        gate_id=key.gate_id,
        epoch=key.epoch,
        seq=record.seq,
        **columns(event),
        body=record.body.replace("\0", "\ufffd"),
        prev_hash=record.prev_hash,
        hash=record.hash,
        received_utc=received,
        corrected_utc=None,
    )
