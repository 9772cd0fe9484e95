"""The table `events` of journal.db. No other file writes SQL on it.

All functions raise sqlite3.Error.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlite_utils import Database

from contract.messages import EventRecord
from edge.storage.sqlite_file import column_names

COPY_SCHEMA = (
    "CREATE TABLE events (seq INTEGER PRIMARY KEY, utc REAL, prev_hash TEXT, hash TEXT, body TEXT, erased BLOB);"
)
"""The table in a file that holds saved events."""
_SEALED = 'erased IS NULL AND instr(body, \'"type":"enrolment"\') > 0'
"""Enrolments that still hold sealed content. An index lists only those."""
_INSERT_AFTER_NEWEST = """
INSERT INTO events (seq, utc, prev_hash, hash, body) SELECT ?, ?, ?, ?, ? WHERE
EXISTS (SELECT 1 FROM events WHERE seq = ? AND hash = ?) OR EXISTS (SELECT 1 FROM journal WHERE base_seq = ? AND base_hash = ?)
"""
_NEWEST_TRUSTED = """
SELECT body FROM (SELECT seq, body FROM events ORDER BY seq DESC LIMIT 5000)
WHERE json_extract(body, '$.clock_trusted') ORDER BY seq DESC LIMIT 1
"""
_PASSAGES = """
SELECT seq, utc, json_extract(body, '$.outcome'), json_extract(body, '$.direction'), json_extract(body, '$.worker_id')
FROM events WHERE seq > ? AND +utc >= ? AND json_extract(body, '$.type') = 'passage' ORDER BY seq
"""
FIRST_SINCE = "SELECT min(+seq) FROM events WHERE utc >= ?"
"""By the index of times: for min(seq) SQLite would read the table from its beginning."""

Link = tuple[int, str, str, str]
"""seq, prev_hash, hash, body."""


class Row(NamedTuple):
    """An event as it is stored. `utc`: Unix time."""

    seq: int
    utc: float
    prev_hash: str
    hash: str
    body: str


class SavedRow(NamedTuple):
    """An event of a damaged file. `erased`: the gate's signature, if the sealed content of the body was erased."""

    seq: int
    utc: float
    prev_hash: str
    hash: str
    body: str
    erased: bytes | None


class PassageRow(NamedTuple):
    """What an event says about a passage. `utc`: Unix time."""

    seq: int
    utc: float
    outcome: str
    direction: str
    worker_id: str | None


def create(db: Database) -> None:
    """Create the table with its index of times."""
    db.table("events").create({"seq": int, "utc": float, "prev_hash": str, "hash": str, "body": str}, pk="seq")
    db.table("events").create_index(["utc"])


def add_columns(db: sqlite3.Connection) -> None:
    """Add what files of earlier versions lack. Nothing that they hold changes."""
    if not has_erased(db):
        db.execute("ALTER TABLE events ADD COLUMN erased BLOB")
    db.execute(f"CREATE INDEX IF NOT EXISTS events_sealed ON events (seq) WHERE {_SEALED}")
    add_signature_column(db)


def add_signature_column(db: sqlite3.Connection) -> None:
    """Add the column of the gate's signatures."""
    if not has_signatures(db):
        db.execute("ALTER TABLE events ADD COLUMN signature BLOB")


def has_erased(db: sqlite3.Connection) -> bool:
    """Return False for a file that only a version before erasure has written."""
    return "erased" in column_names(db, "events")


def has_signatures(db: sqlite3.Connection) -> bool:
    """Return False for a file that only a version before 1.3 has written."""
    return "signature" in column_names(db, "events")


def _erased(db: sqlite3.Connection) -> str:
    return "erased" if has_erased(db) else "NULL"


# --- write ---------------------------------------------------------------------------------------------------


def append(db: sqlite3.Connection, row: Row) -> bool:
    """Add an event after the newest. Return False if the event before it is missing or was changed."""
    before = (row.seq - 1, row.prev_hash)
    return db.execute(_INSERT_AFTER_NEWEST, (*row, *before, *before)).rowcount == 1


def copy(db: sqlite3.Connection, rows: Iterator[SavedRow]) -> None:
    """Add saved events to a new file."""
    db.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", rows)


def remove_through(db: sqlite3.Connection, seq: int) -> None:
    """Remove the events up to this one."""
    db.execute("DELETE FROM events WHERE seq <= ?", (seq,))


def set_signatures(db: sqlite3.Connection, rows: Sequence[tuple[bytes, int]]) -> None:
    """Store signatures, each with the number of its event."""
    db.executemany("UPDATE events SET signature = ? WHERE seq = ?", rows)


def remove_signatures(db: sqlite3.Connection) -> None:
    """Remove the signatures of another key."""
    db.execute("UPDATE events SET signature = NULL WHERE signature IS NOT NULL")


def set_erased(db: sqlite3.Connection, rows: Sequence[tuple[str, bytes, int]]) -> None:
    """Replace bodies by what is left of them. Each row: the rest, the gate's signature, the number of the event."""
    db.executemany("UPDATE events SET body = ?, erased = ? WHERE seq = ?", rows)


# --- read ----------------------------------------------------------------------------------------------------


def newest(db: sqlite3.Connection) -> tuple[int, str] | None:
    """Return seq and hash of the newest event, or None."""
    found = db.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
    return (found[0], found[1]) if found else None


def head(db: sqlite3.Connection) -> int:
    """Return the newest number that was written, also if its event was removed."""
    return int(db.execute("SELECT coalesce(max(seq), (SELECT base_seq FROM journal), 0) FROM events").fetchone()[0])


def newest_seq(db: sqlite3.Connection) -> int:
    """Return the number of the newest event that is here, or 0."""
    return int(db.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0])


def records(db: sqlite3.Connection, after: int, limit: int) -> list[EventRecord]:
    """Return records in order, of a file of any version."""
    present = column_names(db, "events")
    columns = ", ".join(name if name in present else "NULL" for name in ("erased", "signature"))
    rows = db.execute(
        f"SELECT seq, prev_hash, hash, body, {columns} FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
        (after, limit),
    )
    return [EventRecord(seq=s, prev_hash=p, hash=h, body=b, erased=e, signature=g) for s, p, h, b, e, g in rows]


def unsigned_records(db: sqlite3.Connection, after: int, limit: int) -> list[EventRecord]:
    """Return records in order, without signatures. Raises ValueError for a row that is no record."""
    asked = f"SELECT seq, prev_hash, hash, body, {_erased(db)} FROM events WHERE seq > ? ORDER BY seq LIMIT ?"
    return [_record(row) for row in db.execute(asked, (after, limit)).fetchall()]


def newest_records(db: sqlite3.Connection, limit: int) -> list[EventRecord]:
    """Return the newest records in order, without signatures. Raises ValueError for a row that is no record."""
    asked = f"SELECT seq, prev_hash, hash, body, {_erased(db)} FROM events ORDER BY seq DESC LIMIT ?"
    return [_record(row) for row in reversed(db.execute(asked, (limit,)).fetchall())]


def _record(row: Any) -> EventRecord:
    seq, prev_hash, digest, body, erased = row
    return EventRecord(seq=seq, prev_hash=prev_hash, hash=digest, body=body, erased=erased)


def salvage(db: sqlite3.Connection, after: int) -> Iterator[SavedRow]:
    """Read the events of a damaged file one by one, up to the first that is damaged."""
    try:
        asked = f"SELECT seq, utc, prev_hash, hash, body, {_erased(db)} FROM events WHERE seq > ? ORDER BY seq"
        for seq, utc, prev_hash, digest, body, erased in db.execute(asked, (after,)):
            if not all(isinstance(text, str) for text in (prev_hash, digest, body)):
                return
            yield SavedRow(int(seq), float(utc), prev_hash, digest, body, erased)
    except (sqlite3.Error, TypeError, ValueError):  # the damage begins here
        return


def first_link(db: sqlite3.Connection) -> tuple[int, str] | None:
    """Return the number of the oldest event and the hash before it, or None."""
    found = db.execute("SELECT seq, prev_hash FROM events ORDER BY seq LIMIT 1").fetchone()
    return (found[0], found[1]) if found else None


def links(db: sqlite3.Connection, after: int, until: int, limit: int) -> list[Link]:
    """Return what a signature needs of the events after one number, up to another, in order."""
    asked = "SELECT seq, prev_hash, hash, body FROM events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
    return db.execute(asked, (after, until, limit)).fetchall()


def all_links(db: sqlite3.Connection) -> list[Link]:
    """Return what a signature needs of all events, in order."""
    return db.execute("SELECT seq, prev_hash, hash, body FROM events ORDER BY seq").fetchall()


def times(db: sqlite3.Connection, through: int, limit: int) -> list[tuple[int, float, str]]:
    """Return the oldest events up to a number: seq, Unix time, hash."""
    asked = "SELECT seq, utc, hash FROM events WHERE seq <= ? ORDER BY seq LIMIT ?"
    return db.execute(asked, (through, limit)).fetchall()


def latest(db: sqlite3.Connection, limit: int) -> list[str]:
    """Return the bodies of the newest events, newest first."""
    return [body for (body,) in db.execute("SELECT body FROM events ORDER BY seq DESC LIMIT ?", (limit,))]


def newest_trusted(db: sqlite3.Connection) -> str | None:
    """Return the body of the newest event with a trusted clock, or None. Searches the last 5,000 events."""
    found = db.execute(_NEWEST_TRUSTED).fetchone()
    return str(found[0]) if found else None


def passages(db: sqlite3.Connection, after: int, since: datetime) -> list[PassageRow]:
    """Return the passages after a number and since a time, in order."""
    return [PassageRow(*row) for row in db.execute(_PASSAGES, (after, since.timestamp()))]


def hash_of(db: sqlite3.Connection, seq: int) -> str | None:
    """Return the hash of an event; None if it is not here."""
    found = db.execute("SELECT hash FROM events WHERE seq = ?", (seq,)).fetchone()
    return str(found[0]) if found else None


def before(db: sqlite3.Connection, since: datetime) -> int:
    """Return the number before the first event since a time. Older events are not read at all."""
    (first,) = db.execute(FIRST_SINCE, (since.timestamp(),)).fetchone()
    return int(first) - 1 if first is not None else 0


# --- sealed content of enrolments ----------------------------------------------------------------------------


def first_sealed(db: sqlite3.Connection) -> int:
    """Return the first event that still holds sealed content, or 0."""
    return int(db.execute(f"SELECT coalesce(min(seq), 0) FROM events WHERE {_SEALED}").fetchone()[0])


def count_sealed(db: sqlite3.Connection) -> int:
    """Count the events that still hold sealed content. Slow in a file of an earlier version."""
    which = _SEALED if has_erased(db) else _SEALED.replace("erased IS NULL AND ", "")
    return int(db.execute(f"SELECT count(*) FROM events WHERE {which}").fetchone()[0])


def sealed(db: sqlite3.Connection, through: int) -> list[Link]:
    """Return the events up to a number that still hold sealed content."""
    asked = f"SELECT seq, prev_hash, hash, body FROM events WHERE {_SEALED} AND seq <= ?"
    return db.execute(asked, (through,)).fetchall()
