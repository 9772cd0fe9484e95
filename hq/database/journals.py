"""The journals of gates in the database: where each ends, and which process stores events of it."""

from collections.abc import Mapping, Set
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, text, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from hq.database import tables as t
from hq.database.journal_starts import journal_start
from hq.database.values import Journal, JournalKey, Watermark, origin

_KEY = "hashtextextended('journal ' || gate || '/' || epoch, 0)"
_ASKED = "unnest(CAST(:gates AS text[]), CAST(:epochs AS text[])) AS asked(gate, epoch)"
_CLAIM_ALL = text(f"SELECT gate, epoch, pg_advisory_xact_lock({_KEY}) AS held FROM {_ASKED}")
_CLAIM_FREE = text(f"SELECT gate, epoch, pg_try_advisory_xact_lock({_KEY}) AS held FROM {_ASKED}")


def claim(db: Connection, journals: Set[Journal], *, wait: bool) -> Set[Journal]:
    """Reserve journals to the end of this transaction. Return those that no other process has reserved.

    `wait`: until all are free. Then pass one journal only: two processes that wait for each other's second wait for
    ever.
    """
    if db.dialect.name != "postgresql":
        return journals  # SQLite has one writer anyway
    rows = db.execute(
        _CLAIM_ALL if wait else _CLAIM_FREE, {"gates": [g for g, _ in journals], "epochs": [e for _, e in journals]}
    )
    return {(row.gate, row.epoch) for row in rows if row.held is not False}


def journals(db: Connection, gate_id: str) -> list[tuple[JournalKey, Watermark]]:
    """Read every journal of a gate with its watermark, the one written last at the end."""
    wanted = select(t.watermarks).where(t.watermarks.c.gate_id == gate_id).order_by(t.watermarks.c.updated_utc)
    return [(JournalKey(r.site_id, gate_id, r.epoch), Watermark(r.seq, r.hash)) for r in db.execute(wanted)]


def branches(db: Connection, key: JournalKey, prefix: str) -> list[tuple[JournalKey, Watermark]]:
    """Read the branches of a journal: those whose names begin with `prefix`."""
    columns = t.watermarks.c
    wanted = select(columns.epoch, columns.seq, columns.hash).where(
        columns.gate_id == key.gate_id, columns.epoch.startswith(prefix, autoescape=True)
    )
    return [
        (JournalKey(key.site_id, key.gate_id, row.epoch, written_as=key.epoch), Watermark(row.seq, row.hash))
        for row in db.execute(wanted)
    ]


def all_journals(db: Connection) -> list[Row[Any]]:
    """Read the watermark rows of every journal, by gate and time of the last change."""
    return list(db.execute(select(t.watermarks).order_by(t.watermarks.c.gate_id, t.watermarks.c.updated_utc)))


def last_stored(db: Connection) -> dict[str, datetime]:
    """Read, by gate, when an event of it was last stored."""
    gate = t.watermarks.c.gate_id
    wanted = select(gate, func.max(t.watermarks.c.updated_utc).label("utc")).group_by(gate)
    return {row.gate_id: row.utc for row in db.execute(wanted)}


def taken_by_gate(db: Connection) -> dict[str, int]:
    """Count, by gate, the events that HQ took, by the ends of its journals. No event is read for it but of branches."""
    counts: dict[str, int] = {}
    for row in db.execute(select(t.watermarks.c.gate_id, t.watermarks.c.epoch, t.watermarks.c.seq)):
        base = _base(db, row.gate_id, row.epoch) if origin(row.epoch) else 0
        counts[row.gate_id] = counts.get(row.gate_id, 0) + row.seq - base
    return counts


def _base(db: Connection, gate_id: str, epoch: str) -> int:
    """Return the number before the first event of a branch."""
    mine = (t.events.c.gate_id == gate_id, t.events.c.epoch == epoch)
    first = db.execute(select(t.events.c.seq).where(*mine).order_by(t.events.c.seq).limit(1)).scalar()
    return int(first or 1) - 1


def last_begun(db: Connection, gate_id: str) -> str:
    """Name the epoch that a gate began last, by the arrival of its first event; "" if it has none.

    Of a branch it is the epoch as the gate names it.
    """
    begun: dict[int, str] = {}
    for epoch in db.execute(select(t.watermarks.c.epoch).where(t.watermarks.c.gate_id == gate_id)).scalars():
        mine = (t.events.c.gate_id == gate_id, t.events.c.epoch == epoch)
        start = journal_start(db, (gate_id, epoch))
        first = start.begun if start else None
        if first is None:
            first = db.execute(select(t.events.c.id).where(*mine).order_by(t.events.c.seq).limit(1)).scalar()
        begun[first or 0] = epoch
    epoch = begun[max(begun)] if begun else ""
    return origin(epoch) or epoch


def watermarks(db: Connection, journals: Set[Journal]) -> dict[Journal, Watermark]:
    """Read the ends of these journals, of those that HQ holds."""
    columns = t.watermarks.c
    wanted = select(columns.gate_id, columns.epoch, columns.seq, columns.hash).where(
        tuple_(columns.gate_id, columns.epoch).in_(sorted(journals))
    )
    return {(row.gate_id, row.epoch): Watermark(row.seq, row.hash) for row in db.execute(wanted)}


def set_watermarks(db: Connection, marks: Mapping[Journal, tuple[str, Watermark]], utc: datetime) -> None:
    """Store journal -> its site and the new end."""
    if not marks:
        return
    dialect: Any = postgresql if db.dialect.name == "postgresql" else sqlite
    upsert = dialect.insert(t.watermarks)
    changing = {name: upsert.excluded[name] for name in ("seq", "hash", "site_id", "updated_utc")}
    rows = [
        {"gate_id": gate, "epoch": epoch, "site_id": site, "seq": mark.seq, "hash": mark.hash, "updated_utc": utc}
        for (gate, epoch), (site, mark) in marks.items()
    ]
    db.execute(upsert.on_conflict_do_update(index_elements=["gate_id", "epoch"], set_=changing), rows)
