"""Readers of the feed who asked to be waited for: nothing that they have not read is removed."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from hq.database import tables as t


def feed_readers(db: Connection) -> list[Row[Any]]:
    """Read name, cursor and last time of every reader, by name."""
    return list(db.execute(select(t.feed_readers).order_by(t.feed_readers.c.name)))


def feed_reader(db: Connection, name: str) -> Row[Any] | None:
    """Read one reader."""
    return db.execute(select(t.feed_readers).where(t.feed_readers.c.name == name)).first()


def note_reader(db: Connection, name: str, cursor: str, utc: datetime) -> None:
    """Note the cursor that a reader has stored."""
    values = {"cursor": cursor, "read_utc": utc}
    if not db.execute(update(t.feed_readers).where(t.feed_readers.c.name == name).values(**values)).rowcount:
        db.execute(insert(t.feed_readers).values(name=name, **values))


def forget_reader(db: Connection, name: str) -> bool:
    """Wait for a reader no more. Return whether there was one of this name."""
    return bool(db.execute(delete(t.feed_readers).where(t.feed_readers.c.name == name)).rowcount)
