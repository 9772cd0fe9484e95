"""Times at which the database proved to be older than what gates or people hold. Functions run in the caller's
transaction.

Each stays until a person has checked what was changed since.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from hq.database import tables as t


@dataclass(frozen=True, slots=True)
class Restoration:
    """The database is older than it was. `backup_utc`: of about which time it is; None if nothing in it has a time."""

    id: int
    found_utc: datetime
    backup_utc: datetime | None
    what: str
    seen_utc: datetime | None
    seen_by: str | None
    why: str | None

    def __str__(self) -> str:
        of = f"of {self.backup_utc:%Y-%m-%d %H:%M} UTC" if self.backup_utc else "without any list"
        return f"HQ works on a database {of}: {self.what}"


def note_restoration(db: Connection, what: str, found: datetime, backup: datetime | None) -> bool:
    """Record that the database is older than it was. Return whether it is new.

    What is found later of the same restoration is added to it, as long as nobody has checked it.
    """
    for one in restorations(db, open_only=True):
        if what not in one.what:
            longer = f"{one.what}; {what}"[:1000]
            db.execute(update(t.restorations).where(t.restorations.c.id == one.id).values(what=longer))
        return False
    db.execute(insert(t.restorations).values(found_utc=found, backup_utc=backup, what=what[:1000]))
    return True


def restorations(db: Connection, *, open_only: bool = False) -> list[Restoration]:
    """Read all, oldest first, or those that nobody has checked."""
    wanted = select(t.restorations).order_by(t.restorations.c.id)
    if open_only:
        wanted = wanted.where(t.restorations.c.seen_utc.is_(None))
    return [_restoration(row) for row in db.execute(wanted)]


def mark_seen(db: Connection, number: int, utc: datetime, by: str, why: str) -> bool:
    """Record that somebody checked what was changed since. Return False if there is none open with this number."""
    where = (t.restorations.c.id == number, t.restorations.c.seen_utc.is_(None))
    values = {"seen_utc": utc, "seen_by": by[:80], "why": why[:500]}
    return bool(db.execute(update(t.restorations).where(*where).values(**values)).rowcount)


def newest_time(db: Connection) -> datetime | None:
    """Return when the newest list was made or the newest event arrived, the later of both; None without any."""
    lists = db.execute(select(func.max(t.lists.c.issued_utc))).scalar()
    newest = select(t.events.c.received_utc).order_by(t.events.c.id.desc()).limit(1)
    events = db.execute(newest).scalar()
    return max((utc for utc in (lists, events) if utc is not None), default=None)


def _restoration(row: Row[Any]) -> Restoration:
    return Restoration(**{name: getattr(row, name) for name in Restoration.__slots__})
