"""Messages and events that HQ could not accept as they arrived."""

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from contract.erasure import scrubbed
from hq.database import tables as t
from hq.database.clock import now
from hq.database.store import insert_new
from hq.database.values import Journal, JournalKey

QUARANTINE_MAX = 10_000
QUARANTINE_BYTES = 256 * 1024
"""Bounds, so that a faulty gate cannot fill the disk."""


def put_in_quarantine(
    db: Connection, key: JournalKey, seq: int, reason: str, payload: bytes, *, tell: bool = True
) -> bool:
    """Keep a payload, without what is sealed in enrolments. `tell`: report it to the gate.

    Returns:
        False if exactly this is kept already, or the quarantine is full.
    """
    reason = reason.encode(errors="backslashreplace").decode().replace("\0", "\\0")  # it may quote a hostile payload
    digest = hashlib.sha256("/".join((key.gate_id, key.epoch, str(seq), reason, "")).encode() + payload).hexdigest()
    if quarantined(db) >= QUARANTINE_MAX:
        return False
    return insert_new(
        db,
        t.quarantine,
        digest=digest,
        received_utc=now(),
        gate_id=key.gate_id[:64],  # from a topic it may be of any length, and PostgreSQL counts
        epoch=key.epoch,
        seq=seq,
        reason=reason[:500],
        payload=scrubbed(payload)[:QUARANTINE_BYTES],
        site_id=key.site_id[:64],
        told_utc=None if tell else now(),
    )


def quarantined(db: Connection) -> int:
    """Count all payloads."""
    return int(db.execute(select(func.count()).select_from(t.quarantine)).scalar_one())


def quarantined_events(db: Connection) -> dict[Journal, int]:
    """Count the events, by number, of each journal."""
    rows = t.quarantine.c
    journal = (rows.gate_id, rows.epoch)
    counted = select(*journal, func.count(func.distinct(rows.seq))).where(rows.seq > 0).group_by(*journal)
    return {(gate, epoch): count for gate, epoch, count in db.execute(counted)}


def newest_quarantined(db: Connection, columns: tuple[str, ...], limit: int) -> list[Row[Any]]:
    """Read these columns of the newest payloads, newest first."""
    wanted = [t.quarantine.c[name] for name in columns]
    return list(db.execute(select(*wanted).order_by(t.quarantine.c.id.desc()).limit(limit)))


def quarantined_because(db: Connection, part_of_reason: str, limit: int) -> list[Row[Any]]:
    """Read gate and site of the newest payloads with this text in their reason, newest first."""
    rows = t.quarantine.c
    wanted = select(rows.gate_id, rows.site_id).where(rows.reason.contains(part_of_reason))
    return list(db.execute(wanted.order_by(rows.id.desc()).limit(limit)))


def unreported(db: Connection) -> list[Row[Any]]:
    """Read gates with unreported payloads: `gate_id`, `waiting` (count), `newest` (row id)."""
    rows = t.quarantine.c
    counted = select(rows.gate_id, func.count().label("waiting"), func.max(rows.id).label("newest"))
    return list(db.execute(counted.where(rows.told_utc.is_(None)).group_by(rows.gate_id)))


def quarantined_row(db: Connection, row_id: int) -> Row[Any]:
    """Read site, epoch, number, reason and time of one payload."""
    rows = t.quarantine.c
    columns: list[Any] = [rows.site_id, rows.epoch, rows.seq, rows.reason, rows.received_utc]
    return db.execute(select(*columns).where(rows.id == row_id)).one()


def report_up_to(db: Connection, gate_id: str, newest: int, utc: datetime) -> None:
    """Note that all payloads of a gate up to this row were reported to it."""
    rows = t.quarantine.c
    which = (rows.gate_id == gate_id, rows.told_utc.is_(None), rows.id <= newest)
    db.execute(update(t.quarantine).where(*which).values(told_utc=utc))
