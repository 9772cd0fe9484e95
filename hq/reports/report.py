"""Read from the database what people ask for: events, gates, quarantine, and whether each journal's chain is whole."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from contract.chain import BrokenChain, verify
from contract.messages import EventRecord, GateStatus, Health
from hq.database import erasure
from hq.database.events import chain, chain_base, count_of_type, event_count
from hq.database.gap_acknowledgements import GapAcknowledgement, gap_acknowledgements
from hq.database.gate_reports import GateReport, gate_reports
from hq.database.journal_starts import journal_start
from hq.database.journals import all_journals, taken_by_gate
from hq.database.quarantine import newest_quarantined
from hq.database.store import Store
from hq.database.values import UNREAD_TYPE, JournalKey
from hq.database.watched_events import GateNotices, gate_notices
from hq.keys.encryption import Cipher
from hq.reports.branches import branch_reason
from hq.reports.gaps import loss
from hq.reports.known_gaps import covering
from hq.reports.listed_events import ListedEvent as ListedEvent
from hq.reports.listed_events import events as events

LOCKED_DOWN = "lockdown"
"""The word of a gate's health for a lock-down (`PassageState` at the gate)."""


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """One journal: how many events HQ holds of how many the gate wrote, and whether the chain is whole.

    `newer`: events held that only a newer version of HQ can read. `erased`: enrolments without their sealed templates.
    `removed`: events that HQ removed by age.
    """

    site_id: str
    gate_id: str
    epoch: str
    held: int
    last_seq: int
    problem: str
    newer: int = 0
    erased: int = 0
    removed: int = 0

    @property
    def ok(self) -> bool:
        return not self.problem and self.removed + self.held == self.last_seq


@dataclass(frozen=True, slots=True)
class GateOverview:
    """What a gate last reported, and how many of its events HQ holds."""

    site_id: str
    gate_id: str
    status: GateStatus | None
    status_utc: datetime | None
    health: Health | None
    health_utc: datetime | None
    events: int
    state: str = ""
    """The last state that the gate process itself reported (`hq.database.gate_reports`)."""
    state_utc: datetime | None = None
    state_since_utc: datetime | None = None
    locked_down_utc: datetime | None = None
    """Since when the gate is locked down; None if it is not."""
    losses: int = 0
    """How often it reported lost events."""
    loss_acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """A payload in quarantine, without its content."""

    id: int
    received_utc: datetime
    gate_id: str
    epoch: str
    seq: int
    reason: str
    told_utc: datetime | None


def verdicts(store: Store, cipher: Cipher | None = None) -> list[ChainVerdict]:
    """Walk the chain of every journal. With a `cipher`, check too that HQ itself erased what is erased."""
    with store.read() as db:
        return [_verdict(db, row, cipher) for row in all_journals(db)]


def gates(store: Store) -> list[GateOverview]:
    """List every gate that ever reported."""
    with store.read() as db:
        counts, reports, notices = taken_by_gate(db), gate_reports(db), gate_notices(db)
        known = gap_acknowledgements(db)
    losses = {name: found.losses for name, found in notices.items()}
    return [
        GateOverview(
            site_id=report.site_id,
            gate_id=report.gate_id,
            status=report.status,
            status_utc=report.status_utc,
            health=report.health,
            health_utc=report.health_utc,
            events=counts.get(report.gate_id, 0),
            state=report.state,
            state_utc=report.state_utc,
            state_since_utc=report.state_since_utc,
            locked_down_utc=_locked_down(report, notices.get(report.gate_id, GateNotices())),
            losses=losses.get(report.gate_id, 0),
            loss_acknowledged=_loss_known(report, losses.get(report.gate_id, 0), known),
        )
        for report in reports
    ]


def _locked_down(report: GateReport, notices: GateNotices) -> datetime | None:
    """Say since when a gate is locked down: by its journal, or by its health if no journal arrived."""
    in_health = report.state == LOCKED_DOWN
    return notices.locked_down_utc or (report.state_since_utc if in_health else None)


def _loss_known(report: GateReport, losses: int, known: Mapping[str, GapAcknowledgement]) -> bool:
    gap = loss(report.site_id, report.gate_id, losses, None)
    return gap is not None and covering(gap, known) is not None


def quarantine(store: Store, limit: int = 50) -> list[QuarantineRow]:
    """List the newest payloads in quarantine, newest first."""
    with store.read() as db:
        rows = newest_quarantined(db, tuple(QuarantineRow.__dataclass_fields__), limit)
    return [QuarantineRow(**row._mapping) for row in rows]


def _verdict(db: Connection, row: Row[Any], cipher: Cipher | None) -> ChainVerdict:
    key = JournalKey(row.site_id, row.gate_id, row.epoch)
    held = event_count(db, key)
    problem, proofs = "", erasure.proofs(db, key)
    start = journal_start(db, key.journal)
    try:
        seq, digest = verify(_proven(chain(db, key, proofs), key, proofs, cipher), *chain_base(db, key))
        if (seq, digest) != (row.seq, row.hash):
            problem = f"the chain ends at {seq}, the watermark at {row.seq}"
    except BrokenChain as error:
        problem = str(error)
    problem = problem or branch_reason(db, key)
    newer = count_of_type(db, UNREAD_TYPE, key)
    return ChainVerdict(
        key.site_id, key.gate_id, key.epoch, held, row.seq, problem, newer, len(proofs), start.seq if start else 0
    )


def _proven(
    records: Iterable[EventRecord], key: JournalKey, proofs: Mapping[int, bytes], cipher: Cipher | None
) -> Iterator[EventRecord]:
    """Pass the records on. Raises BrokenChain where HQ did not erase what is erased."""
    for record in records:
        if cipher and record.seq in proofs and (wrong := erasure.proof_fault(key, record, proofs[record.seq], cipher)):
            raise BrokenChain(wrong)
        yield record
