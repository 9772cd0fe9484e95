"""The database behind everything at HQ: opening it, and what gates sent."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, insert, select, update

from contract.chain import GENESIS
from contract.messages import EventRecord, GateStatus, Health
from hq import tables as t

QUARANTINE_MAX = 10_000
QUARANTINE_BYTES = 256 * 1024
"""Bounds, so that a gate gone mad cannot fill the disk."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """The end of the chain that HQ holds of one journal."""

    seq: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class JournalKey:
    """One journal: a gate's epoch."""

    site_id: str
    gate_id: str
    epoch: str


class Store:
    """All access to the database. `write()` and `read()` give connections; each `write()` is one transaction."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        with self.write() as db:
            t.metadata.create_all(db)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self.engine.execution_options(sitegate_write=True).begin() as db:
            yield db

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.engine.connect() as db:
            yield db

    def close(self) -> None:
        self.engine.dispose()

    def set_status(self, status: GateStatus) -> None:
        """The newest status; the broker repeats it at every connection, which is no news and changes no time."""
        body = status.model_dump_json()
        with self.read() as db:
            held = db.execute(select(t.gates.c.status).where(t.gates.c.gate_id == status.gate_id)).scalar()
        if held != body:
            self._set_gate(status.gate_id, status.site_id, status=body, status_utc=now())

    def set_health(self, health: Health) -> None:
        self._set_gate(health.gate_id, health.site_id, health=health.model_dump_json(), health_utc=now())

    def _set_gate(self, gate_id: str, site_id: str, **values: Any) -> None:
        with self.write() as db:
            changed = db.execute(update(t.gates).where(t.gates.c.gate_id == gate_id).values(site_id=site_id, **values))
            if not changed.rowcount:
                db.execute(insert(t.gates).values(gate_id=gate_id, site_id=site_id, **values))


def watermark(db: Connection, key: JournalKey) -> Watermark:
    row = db.execute(
        select(t.watermarks.c.seq, t.watermarks.c.hash).where(
            t.watermarks.c.gate_id == key.gate_id, t.watermarks.c.epoch == key.epoch
        )
    ).first()
    return Watermark(row.seq, row.hash) if row else Watermark()


def set_watermark(db: Connection, key: JournalKey, mark: Watermark) -> None:
    values = {"seq": mark.seq, "hash": mark.hash, "site_id": key.site_id, "updated_utc": now()}
    where = (t.watermarks.c.gate_id == key.gate_id, t.watermarks.c.epoch == key.epoch)
    if not db.execute(update(t.watermarks).where(*where).values(**values)).rowcount:
        db.execute(insert(t.watermarks).values(gate_id=key.gate_id, epoch=key.epoch, **values))


def hashes(db: Connection, key: JournalKey, first: int, last: int) -> dict[int, str]:
    """seq -> hash of stored events."""
    rows = db.execute(
        select(t.events.c.seq, t.events.c.hash).where(
            t.events.c.gate_id == key.gate_id, t.events.c.epoch == key.epoch, t.events.c.seq.between(first, last)
        )
    )
    return {row.seq: row.hash for row in rows}


def put_aside(db: Connection, key: JournalKey, seq: int, reason: str, payload: bytes) -> bool:
    """Quarantine a payload; False if exactly this is there already, or the quarantine is full."""
    digest = hashlib.sha256("/".join((key.gate_id, key.epoch, str(seq), reason, "")).encode() + payload).hexdigest()
    if db.execute(select(t.quarantine.c.id).where(t.quarantine.c.digest == digest)).first():
        return False
    if quarantined(db) >= QUARANTINE_MAX:
        return False
    db.execute(
        insert(t.quarantine).values(
            digest=digest,
            received_utc=now(),
            gate_id=key.gate_id,
            epoch=key.epoch,
            seq=seq,
            reason=reason[:500],
            payload=payload[:QUARANTINE_BYTES],
        )
    )
    return True


def quarantined(db: Connection) -> int:
    return int(db.execute(select(func.count()).select_from(t.quarantine)).scalar_one())


def chain(db: Connection, key: JournalKey) -> Iterator[EventRecord]:
    """All stored records of a journal, in order."""
    rows = db.execute(
        select(t.events.c.seq, t.events.c.prev_hash, t.events.c.hash, t.events.c.body)
        .where(t.events.c.gate_id == key.gate_id, t.events.c.epoch == key.epoch)
        .order_by(t.events.c.seq)
        .execution_options(yield_per=500)
    )
    for row in rows:
        yield EventRecord(seq=row.seq, prev_hash=row.prev_hash, hash=row.hash, body=row.body)


def now() -> datetime:
    return datetime.now(UTC)


def _engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(raw: Any, record: Any) -> None:
    raw.isolation_level = None  # we begin transactions ourselves: see _on_begin
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        raw.execute(f"PRAGMA {pragma}")


def _on_begin(db: Connection) -> None:
    # A writer takes the lock at once: a reader that turns writer half-way would fail at once instead of waiting.
    write = db.get_execution_options().get("sitegate_write", False)
    db.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
