"""The tables of desk.db about visitors and acknowledged alarms. No other file writes SQL on them.

All functions raise sqlite3.Error. Times are ISO 8601.
"""

import sqlite3
from typing import NamedTuple

from edge.storage.database_reader import Ask

PASSES_MAX = 500
"""Visits that can last at the same time. The gate reads so many."""


class VisitRow(NamedTuple):
    """A visit as it is stored. `details`: JSON. `ended_utc` None: it lasts."""

    visitor_id: str
    badge: str
    from_utc: str
    until_utc: str
    details: str
    created_utc: str
    by: str
    ended_utc: str | None = None
    ended_by: str = ""


class AcknowledgementRow(NamedTuple):
    """Who acknowledged the alarm `seq` of a journal, when, and what they did about it."""

    epoch: str
    seq: int
    utc: str
    by: str
    note: str


def create(db: sqlite3.Connection) -> None:
    """Create missing tables."""
    db.execute(
        "CREATE TABLE IF NOT EXISTS visitors (visitor_id TEXT PRIMARY KEY, badge TEXT NOT NULL, from_utc TEXT NOT NULL,"
        " until_utc TEXT NOT NULL, details TEXT NOT NULL, created_utc TEXT NOT NULL, by TEXT NOT NULL, ended_utc TEXT,"
        " ended_by TEXT NOT NULL)"
    )
    db.execute(
        "CREATE TABLE IF NOT EXISTS acknowledged (epoch TEXT NOT NULL, seq INTEGER NOT NULL, utc TEXT NOT NULL,"
        " by TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (epoch, seq))"
    )


# --- visitors ------------------------------------------------------------------------------------------------


def passes(ask: Ask) -> list[tuple[str, str, str, str]]:
    """Return id, digest of the badge, begin and end of the visits that last. Empty without the table."""
    if not ask("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'visitors'"):
        return []  # The screen of this version has not started yet.
    sql = (
        "SELECT substr(visitor_id, 1, 100), substr(badge, 1, 100), substr(from_utc, 1, 100), substr(until_utc, 1, 100)"
        " FROM visitors WHERE ended_utc IS NULL ORDER BY created_utc DESC LIMIT ?"
    )
    return ask(sql, (PASSES_MAX,), (str, str, str, str))


def add_visit(db: sqlite3.Connection, row: VisitRow) -> None:
    """Add a visit."""
    db.execute("INSERT INTO visitors VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def set_pass(db: sqlite3.Connection, visitor_id: str, badge: str, from_utc: str, until_utc: str) -> bool:
    """Give a lasting visit another badge. Return False if there is no such visit."""
    sql = "UPDATE visitors SET badge = ?, from_utc = ?, until_utc = ? WHERE visitor_id = ? AND ended_utc IS NULL"
    return db.execute(sql, (badge, from_utc, until_utc, visitor_id)).rowcount > 0


def end_visit(db: sqlite3.Connection, visitor_id: str, utc: str, by: str) -> bool:
    """End a visit. Return False if there is no such visit that lasts."""
    sql = "UPDATE visitors SET ended_utc = ?, ended_by = ? WHERE visitor_id = ? AND ended_utc IS NULL"
    return db.execute(sql, (utc, by, visitor_id)).rowcount > 0


def visit(db: sqlite3.Connection, visitor_id: str) -> VisitRow | None:
    """Return one visit, or None."""
    row = db.execute("SELECT * FROM visitors WHERE visitor_id = ?", (visitor_id,)).fetchone()
    return VisitRow(*row) if row else None


def visits(db: sqlite3.Connection, limit: int) -> list[VisitRow]:
    """Return the newest visits: first those that last."""
    rows = db.execute("SELECT * FROM visitors ORDER BY ended_utc IS NOT NULL, created_utc DESC LIMIT ?", (limit,))
    return [VisitRow(*row) for row in rows]


def count_lasting(db: sqlite3.Connection) -> int:
    """Return the number of visits that last."""
    return int(db.execute("SELECT count(*) FROM visitors WHERE ended_utc IS NULL").fetchone()[0])


def end_expired(db: sqlite3.Connection, before_utc: str, utc: str) -> int:
    """End the visits whose time was over before a time. Return their number."""
    sql = "UPDATE visitors SET ended_utc = ? WHERE ended_utc IS NULL AND until_utc < ?"
    return int(db.execute(sql, (utc, before_utc)).rowcount)


def remove_visits_ended_before(db: sqlite3.Connection, utc: str) -> int:
    """Remove visits that ended before a time. Return their number."""
    return int(db.execute("DELETE FROM visitors WHERE ended_utc < ?", (utc,)).rowcount)


# --- alarms --------------------------------------------------------------------------------------------------


def acknowledge(db: sqlite3.Connection, row: AcknowledgementRow) -> bool:
    """Store who acknowledged an alarm. Return False if somebody did before."""
    return db.execute("INSERT OR IGNORE INTO acknowledged VALUES (?, ?, ?, ?, ?)", row).rowcount > 0


def acknowledgements(db: sqlite3.Connection, epoch: str, limit: int) -> list[AcknowledgementRow]:
    """Return the acknowledgements of one journal, newest alarm first."""
    sql = "SELECT epoch, seq, utc, by, note FROM acknowledged WHERE epoch = ? ORDER BY seq DESC LIMIT ?"
    return [AcknowledgementRow(*row) for row in db.execute(sql, (epoch, limit))]


def remove_acknowledgements_before(db: sqlite3.Connection, utc: str) -> int:
    """Remove acknowledgements given before a time. Return their number."""
    return int(db.execute("DELETE FROM acknowledged WHERE utc < ?", (utc,)).rowcount)
