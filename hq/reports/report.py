"""Read from the database what people ask for: events, gates, quarantine, and whether each journal's chain is whole."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from contract.chain import BrokenChain, verify
from contract.messages import EventRecord, GateStatus, Health
from hq.database import erasure
from hq.database.events import chain, chain_base, count_of_type, counts_by_gate, event_count, newest_events
from hq.database.gate_reports import gate_reports
from hq.database.journals import all_journals
from hq.database.quarantine import newest_quarantined
from hq.database.store import Store
from hq.database.values import UNREAD_TYPE, JournalKey
from hq.keys.encryption import Cipher
from hq.reports.branches import branch_reason


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """An event as people see it."""

    id: int
    site_id: str
    gate_id: str
    epoch: str
    seq: int
    type: str
    reason: str
    worker_id: str | None
    utc: datetime | None
    received_utc: datetime
    corrected_utc: datetime | None
    """Set where the gate's clock, which gave `utc`, was wrong and was set later."""


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """One journal: how many events HQ holds of how many the gate wrote, and whether the chain is whole.

    `newer`: events held that only a newer version of HQ can read. `erased`: enrolments without their sealed templates.
    """

    site_id: str
    gate_id: str
    epoch: str
    held: int
    last_seq: int
    problem: str
    newer: int = 0
    erased: int = 0

    @property
    def ok(self) -> bool:
        return not self.problem and self.held == self.last_seq


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


def events(store: Store, *, gate_id: str | None = None, after_id: int = 0, limit: int = 20) -> list[ListedEvent]:
    """List the newest events by arrival, oldest of them first."""
    columns = list(ListedEvent.__dataclass_fields__)
    with store.read() as db:
        rows = newest_events(db, columns, gate_id=gate_id, after_id=after_id, limit=limit)
    return [ListedEvent(**row._mapping) for row in rows]


def verdicts(store: Store, cipher: Cipher | None = None) -> list[ChainVerdict]:
    """Walk the chain of every journal. With a `cipher`, check too that HQ itself erased what is erased."""
    with store.read() as db:
        return [_verdict(db, row, cipher) for row in all_journals(db)]


def gates(store: Store) -> list[GateOverview]:
    """List every gate that ever reported."""
    with store.read() as db:
        counts, reports = counts_by_gate(db), gate_reports(db)
    return [
        GateOverview(
            site_id=report.site_id,
            gate_id=report.gate_id,
            status=report.status,
            status_utc=report.status_utc,
            health=report.health,
            health_utc=report.health_utc,
            events=counts.get(report.gate_id, 0),
        )
        for report in reports
    ]


def quarantine(store: Store, limit: int = 50) -> list[QuarantineRow]:
    """List the newest payloads in quarantine, newest first."""
    with store.read() as db:
        rows = newest_quarantined(db, tuple(QuarantineRow.__dataclass_fields__), limit)
    return [QuarantineRow(**row._mapping) for row in rows]


def _verdict(db: Connection, row: Row[Any], cipher: Cipher | None) -> ChainVerdict:
    key = JournalKey(row.site_id, row.gate_id, row.epoch)
    held = event_count(db, key)
    problem, proofs = "", erasure.proofs(db, key)
    try:
        seq, digest = verify(_proven(chain(db, key, proofs), key, proofs, cipher), *chain_base(db, key))
        if (seq, digest) != (row.seq, row.hash):
            problem = f"the chain ends at {seq}, the watermark at {row.seq}"
    except BrokenChain as error:
        problem = str(error)
    problem = problem or branch_reason(db, key)
    newer = count_of_type(db, UNREAD_TYPE, key)
    return ChainVerdict(key.site_id, key.gate_id, key.epoch, held, row.seq, problem, newer, len(proofs))


def _proven(
    records: Iterable[EventRecord], key: JournalKey, proofs: Mapping[int, bytes], cipher: Cipher | None
) -> Iterator[EventRecord]:
    """Pass the records on. Raises BrokenChain where HQ did not erase what is erased."""
    for record in records:
        if cipher and record.seq in proofs and (wrong := erasure.proof_fault(key, record, proofs[record.seq], cipher)):
            raise BrokenChain(wrong)
        yield record
