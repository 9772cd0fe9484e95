"""Write events from gates into the database: in order, once, verified, never blocked by a faulty one.

`hq.ingest.plan` decides what to store; this file reads what the plan needs and executes it in one transaction.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from contract.messages import (
    VERSION,
    Ack,
    ClockEvent,
    EnrolmentEvent,
    Event,
    EventBatch,
    EventRecord,
    NoticeCode,
    NoticeEvent,
)
from hq.database.clock import now
from hq.database.erasure import add_proofs
from hq.database.errors import ValueRefused
from hq.database.events import add_events, chain_base, hashes, replace_body
from hq.database.journals import branches, claim, journals, last_begun, set_watermarks, watermarks
from hq.database.quarantine import put_in_quarantine
from hq.database.store import Store
from hq.database.tasks import READ_NEWER_EVENTS, add_task
from hq.database.values import Journal, JournalKey, Watermark, origin, stored_form
from hq.ingest import newer_events
from hq.ingest.batches import BatchOutcome, ReadBatch, examine, payload_of
from hq.ingest.corrected_times import correct_newest
from hq.ingest.forks import JournalLine, branch_prefix
from hq.ingest.plan import (
    EnrolmentFound,
    Fault,
    Finding,
    HeldState,
    NewerEventFound,
    Plan,
    TwoJournals,
    ack,
    compared_journals,
    gates_with_several_epochs,
    judge,
    plan,
    refused_senders,
)
from hq.ingest.records import readable
from hq.ingest.rejected_messages import RejectedMessages
from hq.ingest.sender_log import SenderLog
from hq.ingest.senders import SenderCheck
from hq.registry.approvals import Approvals
from hq.registry.gates import registered
from hq.registry.import_draft import EnrolmentRefused
from hq.registry.registered_gate import RegisteredGate

log = structlog.get_logger()

TWINS = "two journals of this gate both go on: two gates with one id, or an old card was put back"
ERASED = (
    "event is an enrolment that HQ held before, and this database does not: the gate has erased it. Restore a newer backup, or "
    "enrol the worker again"
)


class Ingest:
    """Stores batches. `senders` and `rejected` are open to those who handle other messages of gates."""

    def __init__(self, store: Store, approvals: Approvals, check: SenderCheck) -> None:
        self._store, self._approvals, self._check = store, approvals, check
        self._last_epochs: dict[str, str] = {}
        self.senders, self.rejected = SenderLog(), RejectedMessages(store)

    def take(self, batch: EventBatch) -> BatchOutcome:
        """Store what is new of one batch. Waits while another process stores of the same journal."""
        (outcome,) = self._commit([examine(batch)], wait=True)
        assert outcome is not None  # it waited
        return outcome

    def take_all(self, batches: Sequence[ReadBatch]) -> list[BatchOutcome | None]:
        """Store what is new of many batches in one transaction. Afterwards the acknowledgements are true.

        A batch that the database cannot hold is put in quarantine, and stops no other.

        Returns:
            An outcome for each; None where another process stores of the same journal: try that batch again.
        """
        try:
            return self._commit(batches, wait=False)
        except ValueRefused as error:
            if len(batches) > 1:
                return [outcome for batch in batches for outcome in self.take_all([batch])]
            return [self._keep_unstorable(batches[0], str(error))]

    def read_again(self) -> int:
        """Read the stored events of a newer version, as far as this one can, after an update. Return how many."""
        return newer_events.read_again(self._store, readable, self._judge_again)

    def acks(self, gate_id: str) -> list[Ack]:
        """Say what HQ holds of the journal that a gate began last: one for each line, the one written last at the end.

        Of an earlier journal the gate may know nothing.
        """
        with self._store.read() as db:
            begun = last_begun(db, gate_id)
            held = [(replace(key, written_as=origin(key.epoch)), mark) for key, mark in journals(db, gate_id)]
        return [ack(key, mark, now()) for key, mark in held if key.named == begun]

    def _commit(self, batches: Sequence[ReadBatch], *, wait: bool) -> list[BatchOutcome | None]:
        with self._store.write() as db:
            reserved = claim(db, {batch.key.journal for batch in batches}, wait=wait)
            gates = registered(db, {gate_id for gate_id, _ in reserved}, hold=True)  # a revocation waits for our end
            refused = refused_senders(batches, reserved, gates, self._check)
            accepted = {n for n, batch in enumerate(batches) if batch.key.journal in reserved and n not in refused}
            held = self._held(db, batches, accepted, watermarks(db, reserved), gates)
            made = plan(batches, held)
            self._execute(db, made, held.utc)
        self._last_epochs |= made.epochs  # only now: what is rolled back is tried again
        outcomes = made.outcomes
        for number, why in refused.items():
            outcomes[number] = self._keep_refused(batches[number], why)
        return [outcomes.get(number) for number in range(len(batches))]

    def _held(
        self,
        db: Connection,
        batches: Sequence[ReadBatch],
        accepted: Set[int],
        marks: Mapping[Journal, Watermark],
        gates: Mapping[str, RegisteredGate],
    ) -> HeldState:
        """Read what the plan needs."""
        ours = [batches[number] for number in sorted(accepted)]
        compared = compared_journals(ours, marks)
        return HeldState(
            utc=now(),
            accepted=accepted,
            gates=gates,
            marks=marks,
            lines={
                key.journal: _lines(db, key, marks.get(key.journal, Watermark()), numbers)
                for key, numbers in compared.items()
            },
            begun_last={gate: last_begun(db, gate) for gate in gates_with_several_epochs(ours, self._last_epochs)},
            last_epochs=self._last_epochs,
        )

    def _execute(self, db: Connection, made: Plan, utc: datetime) -> None:
        """Carry out a plan."""
        self._report(db, made.findings)
        add_events(db, made.rows)
        if made.erased:
            add_proofs(db, made.erased, self._approvals.cipher)
        set_watermarks(db, made.marks, utc)
        for line, setting in made.clocks.values():  # of events that may have come in this very transaction
            correct_newest(db, line, setting)

    def _report(self, db: Connection, findings: Sequence[Finding]) -> None:
        """Put in quarantine, log and request what the plan found."""
        for found in findings:
            match found:
                case Fault(key, record, reason):
                    _quarantine_event(db, key, record, reason)
                case EnrolmentFound(key, record, event):
                    self._enrol(db, key, record, event)
                case TwoJournals(site_id, gate_id, epochs):
                    if put_in_quarantine(db, JournalKey(site_id, gate_id, ""), 0, TWINS, epochs.encode()):
                        log.error("quarantined", gate_id=gate_id, epochs=epochs, reason=TWINS)
                case NewerEventFound(gate_id, version):
                    add_task(db, READ_NEWER_EVENTS)
                    self.senders.newer(gate_id, f"events of version {version}, HQ reads {VERSION}")

    def _enrol(self, db: Connection, key: JournalKey, record: EventRecord, event: EnrolmentEvent) -> None:
        if record.erased is not None:
            if put_in_quarantine(db, key, record.seq, ERASED, record.model_dump_json().encode(), tell=False):
                log.warning("enrolment_erased_before", gate_id=key.gate_id, epoch=key.epoch, seq=record.seq)
            return
        try:
            self._approvals.take(db, key, event)
        except EnrolmentRefused as error:
            _quarantine_event(db, key, record, str(error))

    def _judge_again(
        self, db: Connection, key: JournalKey, record: EventRecord, event: Event | None, prev_hash: str
    ) -> None:
        """Judge a record that is stored already.

        One that HQ erased since, when the consent ended, counts for nothing.
        """
        if record.erased is not None:
            return
        gate = registered(db, [key.gate_id]).get(key.gate_id)
        believed, findings = judge(key, record, event, prev_hash, gate)
        self._report(db, findings)
        if believed and isinstance(event, ClockEvent):
            correct_newest(db, key, event)
        if isinstance(event, EnrolmentEvent):
            kept = stored_form(record, believed=believed)
            replace_body(db, key, record.seq, kept.body)
            if kept.erased is not None:
                add_proofs(db, [(key, kept)], self._approvals.cipher)

    def _keep_refused(self, batch: ReadBatch, why: str) -> BatchOutcome:
        """Acknowledge nothing: the gate that really has these events keeps them."""
        self.senders.refused(batch.key.gate_id, why)
        self.rejected.keep(batch.key.site_id, batch.key.gate_id, f"events: {why}", payload_of(batch))
        return BatchOutcome(batch.key, None)

    def _keep_unstorable(self, batch: ReadBatch, why: str) -> BatchOutcome:
        """Answer with what HQ holds of the journal."""
        key = batch.key
        self.rejected.keep(key.site_id, key.gate_id, f"events: {why}", payload_of(batch))
        with self._store.read() as db:
            mark = watermarks(db, {key.journal}).get(key.journal, Watermark())
        return BatchOutcome(key, ack(key, mark, now()))


def _lines(db: Connection, key: JournalKey, end: Watermark, numbers: Sequence[tuple[int, int]]) -> list[JournalLine]:
    """Read all lines of a journal, with the hashes of these numbers."""
    base = chain_base(db, key)
    lines = [JournalLine(key, end, base, removed=base[0])]
    lines += [
        JournalLine(branch, mark, chain_base(db, branch))
        for branch, mark in branches(db, key, branch_prefix(key.epoch))
    ]
    for line in lines:
        for first, last in numbers:
            if first < line.end.seq:
                line.hashes.update(hashes(db, line.key, first, min(last, line.end.seq)))
            elif first == line.end.seq:  # a batch that continues beside one that does not: no query for it
                line.hashes[first] = line.end.hash
    return lines


def _quarantine_event(db: Connection, key: JournalKey, record: EventRecord, reason: str) -> None:
    event = readable(record)
    # A gate's notice that it was refused something, refused as well, must not cause another one.
    tell = not (isinstance(event, NoticeEvent) and event.code is NoticeCode.EVENT_REFUSED)
    payload = record.model_dump_json(exclude={"signature"}).encode()
    if put_in_quarantine(db, key, record.seq, f"event {reason}", payload, tell=tell):
        log.error("quarantined", gate_id=key.gate_id, epoch=key.epoch, seq=record.seq, reason=reason)
