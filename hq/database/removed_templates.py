"""Templates that HQ destroyed, and which published rosters still hold them. Functions run in the caller's transaction.

A template leaves gates only with a roster that is published whole: changes do not alter the snapshot that they refer
to. After a withdrawal that happens at once, after any other change within `[lists] whole_after_h`.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from contract.deltas import Base
from contract.messages import ListKind
from hq.database import tables as t
from hq.database.change_file import note_change
from hq.database.published_lists import snapshot_version


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


def snapshot_holds_removed(db: Connection, site_id: str, utc: datetime, whole_after: timedelta) -> bool:
    """Tell whether a site's roster must be published whole, because its snapshot holds templates that must be gone.

    That is what was withdrawn, and what was replaced longer than `whole_after` ago. Also if this is not known, as of
    snapshots of earlier versions, or if the snapshot is older than `WHOLE_AT_LEAST_EVERY`.
    """
    covers = _covers(db, site_id)
    if covers is None or _whole_since(db, site_id) < utc - WHOLE_AT_LEAST_EVERY:
        return True
    due = t.forgotten.c.why.in_(AT_ONCE) | (t.forgotten.c.utc < utc - whole_after)
    return db.execute(select(t.forgotten.c.id).where(t.forgotten.c.id > covers, due).limit(1)).first() is not None


def note_snapshot(db: Connection, site_id: str, base: Base, covers: int, issued: datetime) -> None:
    """Record a roster that was published whole. It holds none of the removed templates up to number `covers`."""
    row = {"list_version": base.version, "digest": base.digest, "covers": covers, "issued_utc": issued}
    db.execute(insert(t.snapshots).values(site_id=site_id, **row))


def covered_removals(db: Connection) -> dict[tuple[str, int, str], int]:
    """Read, of every roster published whole, site, version and digest -> the newest removal that it covers."""
    return {(r.site_id, r.list_version, r.digest): r.covers for r in db.execute(select(t.snapshots))}


def _covers(db: Connection, site_id: str) -> int | None:
    """Return what the present snapshot covers; None if unknown. A site without a snapshot holds nobody."""
    version = snapshot_version(db, site_id, ListKind.ROSTER)
    if version is None:
        return newest_removal(db)
    wanted = select(t.snapshots.c.covers).where(t.snapshots.c.site_id == site_id, t.snapshots.c.list_version == version)
    return db.execute(wanted).scalar()


def _whole_since(db: Connection, site_id: str) -> datetime:
    """Return when the last whole roster was published."""
    wanted = select(func.max(t.snapshots.c.issued_utc)).where(t.snapshots.c.site_id == site_id)
    return db.execute(wanted).scalar() or datetime.max.replace(tzinfo=UTC)
