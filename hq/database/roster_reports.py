"""Rosters that gates reported to hold, one row for each change."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from contract.messages import GateStatus, ListBase
from hq.database import tables as t


@dataclass(frozen=True, slots=True)
class RosterReport:
    """What a gate reported of its rosters. `utc`: when it first reported that.

    `kept`: the snapshot in its files. `used`: the one in its memory. `sealed`: sealed enrolments that it still holds.
    """

    gate_id: str
    utc: datetime
    kept: ListBase
    used: ListBase | None
    sealed: int
    signed: bool


def note(db: Connection, status: GateStatus, utc: datetime) -> None:
    """Store what a status says of the gate's rosters, if that changed."""
    if not status.online or status.roster_kept is None:
        return
    last = roster_reports(db, t.gate_lists.c.gate_id == status.gate_id)[-1:]
    sealed, signed = status.sealed_enrolments or 0, status.signature is not None
    report = RosterReport(status.gate_id, utc, status.roster_kept, status.roster_used, sealed, signed)
    if last and replace(last[0], utc=utc) == report:
        return
    used = status.roster_used
    db.execute(
        insert(t.gate_lists).values(
            gate_id=status.gate_id,
            told_utc=utc,
            kept_version=status.roster_kept.list_version,
            kept_digest=status.roster_kept.digest,
            used_version=used.list_version if used else 0,
            used_digest=used.digest if used else "",
            sealed=sealed,
            signed=signed,
        )
    )


def roster_reports(db: Connection, *where: Any) -> list[RosterReport]:
    """Read the reports, oldest first."""
    wanted = select(t.gate_lists).where(*where).order_by(t.gate_lists.c.id)
    return [
        RosterReport(
            row.gate_id,
            row.told_utc,
            ListBase(list_version=row.kept_version, digest=row.kept_digest),
            ListBase(list_version=row.used_version, digest=row.used_digest) if row.used_version else None,
            row.sealed,
            row.signed,
        )
        for row in db.execute(wanted)
    ]
