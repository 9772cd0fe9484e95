"""Lock-downs of whole sites, and the commands that carry them to gates."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from hq.database import tables as t
from hq.database.store import insert_new

_ORDERS = t.lock_downs.c
_CARRIED = t.lock_down_commands.c


def add_lock_down(db: Connection, site_id: str, name: str, body: bytes, utc: datetime) -> bool:
    """Add a lock-down. Return False if one stands at this site already."""
    return insert_new(db, t.lock_downs, site_id=site_id, name=name, order_body=body, ordered_utc=utc)


def standing_lock_down(db: Connection, site_id: str) -> Row[Any] | None:
    """Read the lock-down that stands at a site."""
    return db.execute(select(t.lock_downs).where(_ORDERS.site_id == site_id, _ORDERS.released_utc.is_(None))).first()


def standing_lock_downs(db: Connection) -> list[Row[Any]]:
    """Read the lock-downs that stand, by site."""
    return list(db.execute(select(t.lock_downs).where(_ORDERS.released_utc.is_(None)).order_by(_ORDERS.site_id)))


def newest_lock_down(db: Connection, site_id: str) -> Row[Any] | None:
    """Read the lock-down that was ordered last at a site, released or not."""
    return db.execute(
        select(t.lock_downs).where(_ORDERS.site_id == site_id).order_by(_ORDERS.id.desc()).limit(1)
    ).first()


def release_lock_down(db: Connection, lock_down_id: int, utc: datetime) -> None:
    """Let a lock-down stand no longer."""
    db.execute(update(t.lock_downs).where(_ORDERS.id == lock_down_id).values(released_utc=utc))


def note_lock_down_command(
    db: Connection, command_id: str, lock_down_id: int, gate_id: str, connection: int, *, releases: bool
) -> None:
    """Note which command carries a lock-down, or its release, to a gate."""
    row = {"command_id": command_id, "lock_down_id": lock_down_id, "gate_id": gate_id, "connection": connection}
    db.execute(insert(t.lock_down_commands).values(**row, releases=int(releases)))


def lock_down_commands(db: Connection, lock_down_ids: Sequence[int]) -> list[Row[Any]]:
    """Read the commands of these lock-downs with what was noted of each, in the order in which they expire."""
    joined = t.lock_down_commands.join(t.commands, t.commands.c.command_id == _CARRIED.command_id)
    noted = (_CARRIED.lock_down_id, _CARRIED.connection, _CARRIED.releases)
    wanted = select(t.commands, *noted).select_from(joined).where(_CARRIED.lock_down_id.in_(lock_down_ids))
    return list(db.execute(wanted.order_by(t.commands.c.expires_utc)))
