"""The other tables of replica.db: acks, commands, incidents, link, serials. No other file writes SQL on them.

All functions raise sqlite3.Error. Functions with `ask` also read a file that another process wrote: each answer has a
limit, because that process may write as much as it likes.
"""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from contract.messages import Ack
from contract.topics import Channel
from edge.core.domain import Incident
from edge.replica.row_values import aware_time, short_text, whole_number
from edge.storage.database_reader import Ask

KEEP_COMMANDS = 200
KEEP_INCIDENTS = 500
SCHEMA = """
CREATE TABLE IF NOT EXISTS acks (
    epoch TEXT PRIMARY KEY, seq INTEGER NOT NULL, utc TEXT NOT NULL, received_utc TEXT NOT NULL, envelope BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS commands (
    id INTEGER PRIMARY KEY AUTOINCREMENT, received_utc TEXT NOT NULL, envelope BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS incidents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, ref TEXT NOT NULL UNIQUE, utc TEXT NOT NULL, code TEXT NOT NULL,
    detail TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS link (
    id INTEGER PRIMARY KEY CHECK (id = 1), connected INTEGER NOT NULL, since_utc TEXT NOT NULL, broker TEXT NOT NULL,
    detail TEXT NOT NULL, hq_online INTEGER, unsent INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS serials (id INTEGER PRIMARY KEY CHECK (id = 1), last INTEGER NOT NULL);
"""
_INCIDENTS = """
SELECT substr(ref, 1, 200), code, substr(detail, 1, 500) FROM
(SELECT id, ref, code, detail FROM incidents ORDER BY id DESC LIMIT 500) ORDER BY id
"""
_COMMANDS = """
SELECT id, envelope FROM commands WHERE id > ? AND typeof(envelope) = 'blob' AND length(envelope) <= ? ORDER BY id LIMIT 100
"""
_ACKS = """
SELECT envelope FROM acks WHERE typeof(envelope) = 'blob' AND length(envelope) <= ? ORDER BY rowid DESC LIMIT 200
"""
_SIGNED = (("acks", Channel.ACK), ("commands", Channel.COMMAND))


class AckSummary(NamedTuple):
    """HQ's newest acknowledgement, and when it was received."""

    epoch: str
    seq: int
    utc: datetime
    received_utc: datetime


class LinkSummary(NamedTuple):
    """The connection to the broker. `hq_online` None: HQ has not said anything yet."""

    connected: bool
    since_utc: datetime
    broker: str
    detail: str
    hq_online: bool | None
    unsent: int


def create(db: sqlite3.Connection) -> None:
    """Create missing tables."""
    for statement in SCHEMA.split(";"):
        db.execute(statement)


# --- acknowledgements ----------------------------------------------------------------------------------------


def save_ack(db: sqlite3.Connection, ack: Ack, envelope: bytes) -> None:
    """Keep HQ's newest acknowledgement of an epoch."""
    db.execute(
        "INSERT OR REPLACE INTO acks VALUES (?, ?, ?, ?, ?)",
        (ack.epoch, ack.seq, ack.utc.isoformat(), _now(), envelope),
    )


def acked(db: sqlite3.Connection, epoch: str) -> tuple[int, datetime] | None:
    """Return how far HQ holds an epoch, and HQ's time of saying so."""
    row = db.execute("SELECT seq, utc FROM acks WHERE epoch = ?", (epoch,)).fetchone()
    return (row[0], datetime.fromisoformat(row[1])) if row else None


def newest_ack(db: sqlite3.Connection) -> AckSummary | None:
    """Return the acknowledgement that was received last. Raises ValueError for a row of no known form."""
    row = db.execute("SELECT epoch, seq, utc, received_utc FROM acks ORDER BY received_utc DESC LIMIT 1").fetchone()
    if row is None:
        return None
    return AckSummary(short_text(row[0]), whole_number(row[1]), aware_time(row[2]), aware_time(row[3]))


def ack_envelopes(ask: Ask, max_bytes: int) -> list[bytes]:
    """Return at most 200 signed acknowledgements."""
    return [bytes(envelope) for (envelope,) in ask(_ACKS, (max_bytes,), (bytes,))]


# --- commands ------------------------------------------------------------------------------------------------


def has_command(db: sqlite3.Connection, envelope: bytes) -> bool:
    """Say whether exactly this command is kept."""
    return db.execute("SELECT 1 FROM commands WHERE envelope = ?", (envelope,)).fetchone() is not None


def add_command(db: sqlite3.Connection, envelope: bytes) -> None:
    """Keep a signed command, and remove the oldest ones."""
    db.execute("INSERT INTO commands (received_utc, envelope) VALUES (?, ?)", (_now(), envelope))
    db.execute("DELETE FROM commands WHERE id <= (SELECT max(id) FROM commands) - ?", (KEEP_COMMANDS,))


def commands(ask: Ask, after_id: int, max_bytes: int) -> list[tuple[int, bytes]]:
    """Return id and envelope of at most 100 commands after an id, oldest first."""
    return [(int(row), bytes(envelope)) for row, envelope in ask(_COMMANDS, (after_id, max_bytes), (int, bytes))]


def signed_messages(db: sqlite3.Connection) -> Iterator[tuple[str, int, Channel, bytes]]:
    """Yield table, row, channel and envelope of all signed messages. Rows may be removed meanwhile."""
    for table, channel in _SIGNED:
        for row, envelope in db.execute(f"SELECT rowid, envelope FROM {table}").fetchall():
            yield table, row, channel, bytes(envelope)


def remove_message(db: sqlite3.Connection, table: str, row: int) -> None:
    """Remove a signed message. `table` and `row`: from `signed_messages`."""
    db.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))


# --- incidents -----------------------------------------------------------------------------------------------


def add_incident(db: sqlite3.Connection, incident: Incident) -> None:
    """Add an incident unless its ref is known, and remove the oldest ones."""
    db.execute(
        "INSERT OR IGNORE INTO incidents (ref, utc, code, detail) VALUES (?, ?, ?, ?)",
        (incident.ref, _now(), incident.code.value, incident.detail[:500]),
    )
    db.execute("DELETE FROM incidents WHERE id <= (SELECT max(id) FROM incidents) - ?", (KEEP_INCIDENTS,))


def incidents(ask: Ask) -> list[tuple[str, str, str]]:
    """Return ref, code and detail of the newest 500 incidents, oldest first."""
    return ask(_INCIDENTS, types=(str, str, str))


# --- connection ----------------------------------------------------------------------------------------------


def set_link(db: sqlite3.Connection, row: LinkSummary) -> None:
    """Keep the state of the connection for the screen."""
    db.execute(
        "INSERT OR REPLACE INTO link VALUES (1, ?, ?, ?, ?, ?, ?)",
        (row.connected, row.since_utc.isoformat(), row.broker, row.detail, row.hq_online, row.unsent),
    )


def link(db: sqlite3.Connection) -> LinkSummary | None:
    """Return the state of the connection, or None. Raises ValueError for a row of no known form."""
    row = db.execute("SELECT connected, since_utc, broker, detail, hq_online, unsent FROM link").fetchone()
    if row is None:
        return None
    online = None if row[4] is None else bool(row[4])
    since, unsent = aware_time(row[1]), whole_number(row[5])
    return LinkSummary(bool(row[0]), since, short_text(row[2]), short_text(row[3]), online, unsent)


def last_serial(db: sqlite3.Connection) -> int:
    """Return the highest serial number that was kept, or 0."""
    row = db.execute("SELECT last FROM serials").fetchone()
    return int(row[0]) if row else 0


def keep_serial(db: sqlite3.Connection, last: int) -> None:
    """Keep the highest serial number of this gate's messages."""
    db.execute("INSERT OR REPLACE INTO serials VALUES (1, ?)", (last,))


def _now() -> str:
    return datetime.now(UTC).isoformat()
