"""Whose templates were destroyed at HQ, and which rosters from before still hold them. The functions run in a caller's
transaction.

A template leaves gates only with a roster that is published whole: changes leave the one they count from where it is. After a
withdrawal that happens at once, after any other change within `[lists] whole_after_h`.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, func, insert, select

from contract.deltas import Base
from contract.messages import ListKind
from hq.database import tables as t
from hq.lists.deltas import of_list


class RemovalReason(StrEnum):
    """Why the templates went."""

    WITHDRAWN = "withdrawn"
    """The consent was."""
    REMOVED = "removed"
    """The worker was."""
    REPLACED = "replaced"
    """By those of a new consent."""


WHOLE_AT_LEAST_EVERY = timedelta(days=7)
"""Who is left out of rosters for another reason (`hq.lists.leaving`) leaves what changes count from no later than this."""
AT_ONCE = (RemovalReason.WITHDRAWN.value, RemovalReason.REMOVED.value)


def note(db: Connection, worker_ids: Collection[str], why: RemovalReason, utc: datetime, by: str = "") -> None:
    """Templates of these workers were destroyed."""
    rows = [{"worker_id": who, "why": why.value, "by_whom": by[:64], "utc": utc} for who in sorted(worker_ids)]
    if rows:
        db.execute(insert(t.forgotten), rows)


def newest(db: Connection) -> int:
    """The number of the last one that was noted; 0: none ever was."""
    return int(db.execute(select(func.coalesce(func.max(t.forgotten.c.id), 0))).scalar_one())


def held(db: Connection, site_id: str, utc: datetime, whole_after: timedelta) -> bool:
    """Whether the whole roster of a site still holds what must be gone by now: what was withdrawn, and what else went longer
    ago than `whole_after`. Of one that was published by an earlier version nobody knows, and after `WHOLE_AT_LEAST_EVERY` it is time anyway."""
    covers = _covers(db, site_id)
    if covers is None or _whole_since(db, site_id) < utc - WHOLE_AT_LEAST_EVERY:
        return True
    due = t.forgotten.c.why.in_(AT_ONCE) | (t.forgotten.c.utc < utc - whole_after)
    return db.execute(select(t.forgotten.c.id).where(t.forgotten.c.id > covers, due).limit(1)).first() is not None


def keep_snapshot(db: Connection, site_id: str, base: Base, covers: int, issued: datetime) -> None:
    """A roster was published whole, which holds none of those up to the number `covers`."""
    row = {"list_version": base.version, "digest": base.digest, "covers": covers, "issued_utc": issued}
    db.execute(insert(t.snapshots).values(site_id=site_id, **row))


def _covers(db: Connection, site_id: str) -> int | None:
    """Of the roster that gates have; None if it is not known. There is none yet: it holds nobody."""
    base = select(t.list_bases.c.list_version).where(*of_list(t.list_bases, site_id, ListKind.ROSTER))
    version = db.execute(base).scalar()
    if version is None:
        return newest(db)
    asked = select(t.snapshots.c.covers).where(t.snapshots.c.site_id == site_id, t.snapshots.c.list_version == version)
    return db.execute(asked).scalar()


def _whole_since(db: Connection, site_id: str) -> datetime:
    """When the last whole roster was published."""
    asked = select(func.max(t.snapshots.c.issued_utc)).where(t.snapshots.c.site_id == site_id)
    return db.execute(asked).scalar() or datetime.max.replace(tzinfo=UTC)
