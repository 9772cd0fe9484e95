"""The table of desk.db about screens that stay signed in. No other file writes SQL on it.

All functions raise sqlite3.Error. Times are ISO 8601.
"""

import sqlite3
from typing import NamedTuple


class KeptScreenRow(NamedTuple):
    """A screen that stays signed in. `token` and `password`: digests, not the values themselves."""

    token: str
    name: str
    password: str
    since_utc: str
    until_utc: str


def create(db: sqlite3.Connection) -> None:
    """Create the table if it is missing."""
    db.execute(
        "CREATE TABLE IF NOT EXISTS kept_screens (token TEXT PRIMARY KEY, name TEXT NOT NULL, password TEXT NOT NULL,"
        " since_utc TEXT NOT NULL, until_utc TEXT NOT NULL)"
    )


def add(db: sqlite3.Connection, row: KeptScreenRow, keep: int) -> None:
    """Add a screen, and remove the oldest so that `keep` are left."""
    db.execute("INSERT INTO kept_screens VALUES (?, ?, ?, ?, ?)", row)
    db.execute(
        "DELETE FROM kept_screens WHERE token NOT IN (SELECT token FROM kept_screens ORDER BY since_utc DESC LIMIT ?)",
        (keep,),
    )


def find(db: sqlite3.Connection, token: str) -> KeptScreenRow | None:
    """Return the screen with this digest of a token."""
    row = db.execute(
        "SELECT token, name, password, since_utc, until_utc FROM kept_screens WHERE token = ?", (token,)
    ).fetchone()
    return KeptScreenRow(*map(str, row)) if row else None


def remove(db: sqlite3.Connection, token: str) -> bool:
    """Remove a screen. Return False if there is none."""
    return db.execute("DELETE FROM kept_screens WHERE token = ?", (token,)).rowcount > 0
