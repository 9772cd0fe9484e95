"""The sites in the database, and the names of gates."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from hq.database import tables as t
from hq.database.store import insert_new

_IN_FORCE = t.sites.c.retired_utc.is_(None)


def site_rows(db: Connection) -> list[Row[Any]]:
    """Read every site, retired ones too, by id."""
    return list(db.execute(select(t.sites).order_by(t.sites.c.site_id)))


def site_row(db: Connection, site_id: str, *, hold: bool = False) -> Row[Any] | None:
    """Read one site; None if HQ never had it. `hold`: a change of it waits for the end of this transaction."""
    wanted = select(t.sites).where(t.sites.c.site_id == site_id)
    return db.execute(wanted.with_for_update(read=True) if hold else wanted).first()


def active_sites(db: Connection) -> tuple[str, ...]:
    """Name the sites that are not retired, in the order of their ids."""
    wanted = select(t.sites.c.site_id).where(_IN_FORCE).order_by(t.sites.c.site_id)
    return tuple(db.execute(wanted).scalars())


def shared_with(db: Connection, site_id: str) -> frozenset[str]:
    """Name the sites whose people a site sees: itself and those of its group. A retired site sees nobody."""
    group = select(t.sites.c.site_group).where(t.sites.c.site_id == site_id, _IN_FORCE).scalar_subquery()
    same = (t.sites.c.site_id == site_id) | ((t.sites.c.site_group == group) & (t.sites.c.site_group != ""))
    return frozenset(db.execute(select(t.sites.c.site_id).where(_IN_FORCE, same)).scalars())


def site_groups(db: Connection) -> dict[str, str]:
    """Read site -> group of all sites that are not retired; "" is none."""
    rows = db.execute(select(t.sites.c.site_id, t.sites.c.site_group).where(_IN_FORCE))
    return {row.site_id: row.site_group for row in rows}


def twin_of(db: Connection, site_id: str) -> str:
    """Name another site whose id differs in the case of its letters only; "" if there is none."""
    wanted = select(t.sites.c.site_id).where(func.lower(t.sites.c.site_id) == site_id.lower())
    return db.execute(wanted.where(t.sites.c.site_id != site_id)).scalar() or ""


def add_sites(db: Connection, site_ids: Iterable[str], by: str, utc: datetime) -> None:
    """Add sites that HQ does not know yet. Retired ones stay retired."""
    for site_id in site_ids:
        insert_new(db, t.sites, site_id=site_id, name="", site_group="", added_utc=utc, added_by=by)


def change_site(db: Connection, site_id: str, **values: Any) -> None:
    """Set columns of one site."""
    db.execute(update(t.sites).where(t.sites.c.site_id == site_id).values(**values))


def gate_name_rows(db: Connection) -> dict[str, Row[Any]]:
    """Read names and retirements of gates, by gate."""
    return {row.gate_id: row for row in db.execute(select(t.gate_names))}


def retired_gates(db: Connection) -> frozenset[str]:
    """Name the gates that are retired: nobody waits for a sign of life of them."""
    return frozenset(
        db.execute(select(t.gate_names.c.gate_id).where(t.gate_names.c.retired_utc.is_not(None))).scalars()
    )


def end_retirement(db: Connection, gate_id: str) -> None:
    """Forget that a gate was retired: it is registered again."""
    columns = t.gate_names.c
    was = columns.gate_id == gate_id, columns.retired_utc.is_not(None)
    db.execute(update(t.gate_names).where(*was).values(retired_utc=None, retired_by=None))


def note_gate(db: Connection, gate_id: str, **values: Any) -> None:
    """Set columns of the names of gates."""
    changed = db.execute(update(t.gate_names).where(t.gate_names.c.gate_id == gate_id).values(**values))
    if not changed.rowcount:
        db.execute(insert(t.gate_names).values(gate_id=gate_id, **values))
