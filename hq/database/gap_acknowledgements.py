"""Gaps that somebody acknowledged."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from hq.database import tables as t


@dataclass(frozen=True, slots=True)
class GapAcknowledgement:
    """Who knows of a gap, and why it may stay. `size`: how large it was then."""

    gap_id: str
    kind: str
    site_id: str
    gate_id: str
    size: int
    acknowledged_utc: datetime
    acknowledged_by: str
    why: str


def gap_acknowledgements(db: Connection) -> dict[str, GapAcknowledgement]:
    """Read all acknowledgements, by the gap's id."""
    rows = db.execute(select(t.gap_acknowledgements))
    return {row.gap_id: GapAcknowledgement(**row._mapping) for row in rows}


def acknowledge_gap(db: Connection, made: GapAcknowledgement) -> None:
    """Store an acknowledgement in place of an earlier one of the same gap."""
    rows = t.gap_acknowledgements
    db.execute(delete(rows).where(rows.c.gap_id == made.gap_id))
    db.execute(insert(rows).values({name: getattr(made, name) for name in GapAcknowledgement.__slots__}))
