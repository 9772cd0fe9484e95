"""Templates that HQ destroyed, and which published rosters still hold them. Functions run in the caller's transaction.

A template leaves gates only with a roster that is published whole. Changes do not alter the snapshot that they refer
to. After a withdrawal that happens at once, after any other change within `[lists] whole_after_h`. A worker who only
moves to another site leaves the first site's gates at once, and their files within `whole_after_h`. HQ asks for no
receipt then, because the templates still count.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, func, insert, or_, select, update

from contract.deltas import Base
from contract.messages import ListKind
from hq.database import tables as t
from hq.database.change_file import note_change
from hq.database.published_lists import ListKey


class RemovalReason(StrEnum):
    """Why templates were destroyed."""

    WITHDRAWN = "withdrawn"
    """The consent was withdrawn."""
    REMOVED = "removed"
    """The worker was removed."""
    REPLACED = "replaced"
    """A new consent replaced the old one."""


WHOLE_AT_LEAST_EVERY = timedelta(days=7)
"""Maximum age of a snapshot. Workers who are left out (`hq.registry.inactive_workers`) leave snapshots within it."""
AT_ONCE = (RemovalReason.WITHDRAWN.value, RemovalReason.REMOVED.value)


def note_removed(db: Connection, worker_ids: Collection[str], why: RemovalReason, utc: datetime, by: str = "") -> None:
    """Record that the templates of these workers were destroyed."""
    rows = [{"worker_id": who, "why": why.value, "by_whom": by[:64], "utc": utc} for who in sorted(worker_ids)]
    if rows:
        db.execute(insert(t.forgotten), rows)
        cover_others(db)
    for row in rows if why is RemovalReason.REMOVED else ():
        note_change(db, "removed", name=row["worker_id"], by=by)


def newest_removal(db: Connection) -> int:
    """Return the number of the newest removal; 0 if there is none."""
    return int(db.execute(select(func.coalesce(func.max(t.forgotten.c.id), 0))).scalar_one())


def removals(db: Connection, worker_id: str | None) -> list[Row[Any]]:
    """Read the removals of one worker, or of all, newest first."""
    wanted = select(t.forgotten).order_by(t.forgotten.c.id.desc())
    if worker_id is not None:
        wanted = wanted.where(t.forgotten.c.worker_id == worker_id)
    return list(db.execute(wanted))


def lists_to_publish_whole(
    db: Connection, utc: datetime, whole_after: timedelta, only: ListKey | None = None
) -> list[ListKey]:
    """Name the lists that must be published whole, because gates hold with their snapshots what must be gone.

    That is: templates that were withdrawn; what was replaced, or left the list, longer than `whole_after` ago. Also a
    roster of which this is not known, as of earlier versions, or that is older than `WHOLE_AT_LEAST_EVERY`.
    """
    bases, snapshots = t.list_bases.c, t.snapshots.c
    same = (snapshots.site_id == bases.site_id) & (snapshots.list_version == bases.list_version)
    roster = bases.kind == ListKind.ROSTER.value
    old = or_(snapshots.covers.is_(None), snapshots.issued_utc < utc - WHOLE_AT_LEAST_EVERY)
    due = or_(t.forgotten.c.why.in_(AT_ONCE), t.forgotten.c.utc < utc - whole_after)
    holds = _held_since(bases.site_id, snapshots.covers).where(due).exists()
    wanted = select(bases.site_id, bases.kind).select_from(t.list_bases.outerjoin(t.snapshots, roster & same))
    wanted = wanted.where(or_(bases.left_utc < utc - whole_after, roster & or_(old, holds)))
    if only is not None:
        wanted = wanted.where(bases.site_id == only[0], bases.kind == only[1].value)
    return [(row.site_id, ListKind(row.kind)) for row in db.execute(wanted.order_by(bases.kind, bases.site_id))]


def cover_others(db: Connection, site_id: str | None = None) -> None:
    """Record that snapshots without the workers of the newest removals hold none of their templates.

    Without this, gates of a site could prove nothing about people who never worked there.
    """
    snapshots, bases = t.snapshots, t.list_bases.c
    present = select(bases.list_version).where(
        bases.site_id == snapshots.c.site_id, bases.kind == ListKind.ROSTER.value
    )
    values = select(func.coalesce(func.max(t.forgotten.c.id), 0)).scalar_subquery()
    raised = update(snapshots).where(
        snapshots.c.list_version == present.scalar_subquery(),
        snapshots.c.covers < values,
        ~_held_since(snapshots.c.site_id, snapshots.c.covers).exists(),
    )
    if site_id is not None:
        raised = raised.where(snapshots.c.site_id == site_id)
    db.execute(raised.values(covers=values))


def _held_since(site_id: Column[Any], covers: Column[Any]) -> Select[Any]:
    """Select the removals after `covers` of workers whom the site's snapshot or changes hold."""
    rows, forgotten = t.list_rows.c, t.forgotten.c
    both = t.forgotten.join(t.list_rows, rows.worker_id == forgotten.worker_id)
    here = (rows.site_id == site_id, rows.kind == ListKind.ROSTER.value, forgotten.id > covers)
    return select(forgotten.id).select_from(both).where(*here).correlate(t.list_bases, t.snapshots)


def note_snapshot(db: Connection, site_id: str, base: Base, covers: int, issued: datetime) -> None:
    """Record a roster that was published whole. It holds none of the removed templates up to number `covers`."""
    row = {"list_version": base.version, "digest": base.digest, "covers": covers, "issued_utc": issued}
    db.execute(insert(t.snapshots).values(site_id=site_id, **row))


def covered_removals(db: Connection) -> dict[tuple[str, int, str], int]:
    """Read, of every roster published whole, site, version and digest -> the newest removal that it covers."""
    return {(r.site_id, r.list_version, r.digest): r.covers for r in db.execute(select(t.snapshots))}
