"""Questions to the database: events, gates, and whether the chain of every journal is whole."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from contract.chain import BrokenChain, verify
from contract.messages import EventRecord, GateStatus, Health
from hq.database import tables as t
from hq.database.journals import JournalKey, chain
from hq.database.store import Store
from hq.ingest import erasure, forks
from hq.ingest import newer_events as newer
from hq.keys.encryption import Cipher


@dataclass(frozen=True, slots=True)
class ListedEvent:
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
    """Where the gate's clock, which gave `utc`, was wrong and set right later."""


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """One journal: how many events are held of how many the gate is known to have written, and whether the chain holds.
    `newer`: events held that only a newer version of HQ can read; `erased`: enrolments without what was sealed in them."""

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
    site_id: str
    gate_id: str
    status: GateStatus | None
    status_utc: datetime | None
    health: Health | None
    health_utc: datetime | None
    events: int


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    id: int
    received_utc: datetime
    gate_id: str
    epoch: str
    seq: int
    reason: str
    told_utc: datetime | None


def events(store: Store, *, gate_id: str | None = None, after_id: int = 0, limit: int = 20) -> list[ListedEvent]:
    """The newest events (by arrival), oldest of them first."""
    columns = [c for c in t.events.c if c.name in ListedEvent.__slots__]
    asked = select(*columns).where(t.events.c.id > after_id).order_by(t.events.c.id.desc()).limit(limit)
    if gate_id is not None:
        asked = asked.where(t.events.c.gate_id == gate_id)
    with store.read() as db:
        rows = [ListedEvent(**row._mapping) for row in db.execute(asked)]
    return rows[::-1]


def verdicts(store: Store, cipher: Cipher | None = None) -> list[ChainVerdict]:
    """Every journal's chain, walked from its first event. With a `cipher`: also whether it was HQ who erased what is erased."""
    with store.read() as db:
        marks = db.execute(select(t.watermarks).order_by(t.watermarks.c.gate_id, t.watermarks.c.updated_utc)).all()
        return [_verdict(db, row, cipher) for row in marks]


def gates(store: Store) -> list[GateOverview]:
    with store.read() as db:
        counts: dict[str, int] = {
            row[0]: row[1] for row in db.execute(select(t.events.c.gate_id, func.count()).group_by(t.events.c.gate_id))
        }
        rows = db.execute(select(t.gates).order_by(t.gates.c.site_id, t.gates.c.gate_id)).all()
    return [
        GateOverview(
            site_id=row.site_id,
            gate_id=row.gate_id,
            status=GateStatus.model_validate_json(row.status) if row.status else None,
            status_utc=row.status_utc,
            health=Health.model_validate_json(row.health) if row.health else None,
            health_utc=row.health_utc,
            events=counts.get(row.gate_id, 0),
        )
        for row in rows
    ]


def quarantine(store: Store, limit: int = 50) -> list[QuarantineRow]:
    """The newest quarantined payloads, newest first."""
    columns = [c for c in t.quarantine.c if c.name in QuarantineRow.__slots__]
    with store.read() as db:
        rows = db.execute(select(*columns).order_by(t.quarantine.c.id.desc()).limit(limit))
        return [QuarantineRow(**row._mapping) for row in rows]


def _verdict(db: Any, row: Any, cipher: Cipher | None) -> ChainVerdict:
    key = JournalKey(row.site_id, row.gate_id, row.epoch)
    mine = (t.events.c.gate_id == key.gate_id, t.events.c.epoch == key.epoch)
    held = db.execute(select(func.count()).select_from(t.events).where(*mine)).scalar_one()
    problem, proofs = "", erasure.proofs(db, key)
    try:
        seq, digest = verify(_proven(chain(db, key, proofs), key, proofs, cipher), *forks.base(db, key))
        if (seq, digest) != (row.seq, row.hash):
            problem = f"the chain ends at {seq}, the watermark at {row.seq}"
    except BrokenChain as error:
        problem = str(error)
    problem = problem or forks.parting(db, key)
    return ChainVerdict(
        key.site_id, key.gate_id, key.epoch, held, row.seq, problem, newer.count(db, *mine), len(proofs)
    )


def _proven(
    records: Iterable[EventRecord], key: JournalKey, proofs: Mapping[int, bytes], cipher: Cipher | None
) -> Iterator[EventRecord]:
    """Raises BrokenChain where something was erased by somebody else."""
    for record in records:
        if cipher and record.seq in proofs and (wrong := erasure.objection(key, record, proofs[record.seq], cipher)):
            raise BrokenChain(wrong)
        yield record
