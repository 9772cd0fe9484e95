"""The lease of the one HQ that publishes from a database. Functions run in the caller's transaction.

Times are the database's: the clocks of two machines may differ.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, text

from hq.database import tables as t

LEASE_S = 30.0
"""A lease that was not renewed for this long is over."""
_TIME = {
    "sqlite": "SELECT (julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "SELECT extract(epoch FROM clock_timestamp())",
}


@dataclass(frozen=True, slots=True)
class LeaseHolder:
    """An HQ that publishes. `machine`: a name that no other machine has. `process`: its id, and when it started."""

    token: str
    host: str
    machine: str
    process: str
    folder: str
    started_utc: datetime

    def __str__(self) -> str:
        pid = self.process.partition("/")[0]
        return f"process {pid} on {self.host}, folder {self.folder}, since {self.started_utc:%Y-%m-%d %H:%M:%S} UTC"


def take_lease(db: Connection, me: LeaseHolder, alive: Callable[[LeaseHolder], bool | None]) -> LeaseHolder | None:
    """Take the lease, or renew it. Return the other holder, if it stands: then nothing was changed.

    `alive`: whether the process of a holder lives; None if that cannot be seen from here, and the time decides.
    """
    row = db.execute(select(t.leases)).first()
    if row is not None and row.token != me.token:
        other = _holder(row)
        lives = alive(other)
        if lives or (lives is None and abs(_now_s(db) - row.renewed_s) < LEASE_S):
            return other
    db.execute(delete(t.leases))
    values = {name: getattr(me, name) for name in LeaseHolder.__slots__}
    db.execute(insert(t.leases).values(id=1, renewed_s=_now_s(db), **values))
    return None


def lease_holder(db: Connection) -> LeaseHolder | None:
    """Return who holds the lease, or held it last; None if it was released."""
    row = db.execute(select(t.leases)).first()
    return _holder(row) if row else None


def release_lease(db: Connection, token: str) -> None:
    """End the lease with this token."""
    db.execute(delete(t.leases).where(t.leases.c.token == token))


def _now_s(db: Connection) -> float:
    return float(db.execute(text(_TIME[db.dialect.name])).scalar_one())


def _holder(row: Row[Any]) -> LeaseHolder:
    return LeaseHolder(**{name: getattr(row, name) for name in LeaseHolder.__slots__})
