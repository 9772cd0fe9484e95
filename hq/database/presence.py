"""The tables of who passed last, and the passages that they are made from.

Functions run in the caller's transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Table, and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hq.database import tables as t
from hq.database.values import Journal, JournalKey

KIND = "passage"
OF_ONE_WORKER = 50
"""Passages of one worker, those that arrived last, among which the newest is looked for."""


class Cursor(NamedTuple):
    """A journal with passages to read. `seq`: read so far; None: nothing of it was read yet. `end`: how far HQ holds
    it."""

    gate_id: str
    epoch: str
    site_id: str
    end: int
    seq: int | None
    passage_seq: int
    passage_hash: str


class PassageEventRow(NamedTuple):
    """A passage among the events. `body`: the event as JSON."""

    site_id: str
    gate_id: str
    epoch: str
    seq: int
    hash: str
    worker_id: str | None
    utc: datetime | None
    corrected_utc: datetime | None
    received_utc: datetime
    body: str


_PASSAGE = tuple(t.events.c[name] for name in PassageEventRow._fields)


def unread_journals(db: Connection) -> list[Cursor]:
    """Read the journals that hold events which were not read yet."""
    marks, read = t.watermarks.c, t.read_journals.c
    same = and_(marks.gate_id == read.gate_id, marks.epoch == read.epoch)
    columns: Sequence[Any] = (
        *(marks.gate_id, marks.epoch, marks.site_id, marks.seq, read.seq),
        *(func.coalesce(read.passage_seq, 0), func.coalesce(read.passage_hash, "")),
    )
    wanted = select(*columns).select_from(t.watermarks.outerjoin(t.read_journals, same))
    rows = db.execute(wanted.where(or_(read.seq.is_(None), read.seq < marks.seq)))
    return [Cursor(*row) for row in rows]


def read_journals(db: Connection) -> list[Row[Any]]:
    """Read how far every journal was read."""
    return list(db.execute(select(t.read_journals)))


def first_since(db: Connection, journal: Journal, since: datetime) -> int | None:
    """Return the number of the first event of a journal since a time; None if there is none."""
    events = t.events.c
    of_it = (events.gate_id == journal[0], events.epoch == journal[1], events.utc >= since)
    return db.execute(select(func.min(events.seq)).where(*of_it)).scalar()


def passages(db: Connection, journal: Journal, after: int, limit: int) -> list[PassageEventRow]:
    """Read the passages of a journal after a number, in order."""
    events = t.events.c
    where = (events.gate_id == journal[0], events.epoch == journal[1], events.seq > after, events.type == KIND)
    return [
        PassageEventRow(*row) for row in db.execute(select(*_PASSAGE).where(*where).order_by(events.seq).limit(limit))
    ]


def passages_of(db: Connection, site_id: str, worker_id: str) -> list[PassageEventRow]:
    """Read the passages of a worker at a site that arrived last."""
    events = t.events.c
    where = (events.worker_id == worker_id, events.type == KIND, events.site_id == site_id)
    rows = db.execute(select(*_PASSAGE).where(*where).order_by(events.id.desc()).limit(OF_ONE_WORKER))
    return [PassageEventRow(*row) for row in rows]


def last_passages(db: Connection, since: datetime) -> Iterable[Row[Any]]:
    """Read the last passages of all workers since a time."""
    return db.execute(select(t.last_passages).where(t.last_passages.c.utc >= since).execution_options(yield_per=2000))


def unnamed_passages(db: Connection, since: datetime) -> Iterable[Row[Any]]:
    """Read the passages of unknown people since a time."""
    return db.execute(select(t.unnamed_passages).where(t.unnamed_passages.c.utc >= since))


def passages_at(db: Connection, site_id: str, since: datetime) -> tuple[list[Row[Any]], list[Row[Any]]]:
    """Read the passages at one site since a time: the last of each worker, and all of unknown people."""
    named, unnamed = t.last_passages.c, t.unnamed_passages.c
    last = select(t.last_passages).where(named.site_id == site_id, named.utc >= since).order_by(named.utc)
    others = select(t.unnamed_passages).where(unnamed.utc >= since, unnamed.site_id == site_id)
    return list(db.execute(last)), list(db.execute(others.order_by(unnamed.utc, unnamed.seq)))


def save_last_passages(db: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Add these last passages, or replace those of the same worker and site."""
    _upsert(db, t.last_passages, ("site_id", "worker_id"), rows)


def save_unnamed_passages(db: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Add these passages of unknown people, or replace the same ones."""
    _upsert(db, t.unnamed_passages, ("gate_id", "epoch", "seq"), rows)


def save_read_journals(db: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Store how far these journals were read."""
    _upsert(db, t.read_journals, ("gate_id", "epoch"), rows)


def read_again(db: Connection, key: JournalKey, seq: int) -> None:
    """Let a journal be read again from this event on: its times were corrected."""
    read = t.read_journals.c
    of_it = (read.gate_id == key.gate_id, read.epoch == key.epoch, read.seq >= seq)
    db.execute(update(t.read_journals).where(*of_it).values(seq=seq - 1))


def forget(db: Connection, before: datetime) -> None:
    """Delete passages from before a time: no list names them any more."""
    for table in (t.last_passages, t.unnamed_passages):
        db.execute(delete(table).where(table.c.utc < before))


def _upsert(db: Connection, table: Table, keys: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    if not rows:
        return
    dialect: Any = postgresql if db.dialect.name == "postgresql" else sqlite
    upsert = dialect.insert(table)
    changing = {column.name: upsert.excluded[column.name] for column in table.c if column.name not in keys}
    db.execute(upsert.on_conflict_do_update(index_elements=list(keys), set_=changing), rows)
