"""The tables of desk.db: requests, audit, accounts. No other file writes SQL on them.

All functions raise sqlite3.Error.
"""

import sqlite3
import time
from collections.abc import Sequence
from typing import NamedTuple

from sqlite_utils import Database

from edge.storage.database_reader import Ask
from edge.storage.sqlite_file import transaction

BODY_BYTES_MAX = 100_000
"""The longest body of a request. A sealed enrolment has some ten thousand bytes."""
_REQUESTS = """
SELECT id, substr(ref, 1, 100), substr(kind, 1, 100), CASE WHEN length(CAST(body AS BLOB)) <= ? THEN body ELSE '' END
FROM requests WHERE id > ? ORDER BY id LIMIT 100
"""


class RequestRow(NamedTuple):
    """A request as it is stored. `utc`: ISO 8601."""

    ref: str
    kind: str
    body: str
    utc: str
    by: str


class AuditRow(NamedTuple):
    """One line of the audit trail. `utc`: ISO 8601."""

    utc: str
    who: str
    what: str
    detail: str


def create(db: sqlite3.Connection) -> None:
    """Create missing tables.

    Ids start at the present second, so that they still grow when a damaged file is replaced: a gate that has read up to
    an id misses nothing.
    """
    with transaction(db):
        if "requests" not in Database(db).table_names():
            db.execute(
                "CREATE TABLE requests (id INTEGER PRIMARY KEY AUTOINCREMENT, ref TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,"
                " body TEXT NOT NULL, created_utc TEXT NOT NULL, by TEXT NOT NULL)"
            )
            db.execute(
                "CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, utc TEXT NOT NULL, who TEXT NOT NULL,"
                " what TEXT NOT NULL, detail TEXT NOT NULL)"
            )
            db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('requests', ?)", (int(time.time()),))
        db.execute(
            "CREATE TABLE IF NOT EXISTS accounts"
            " (name TEXT PRIMARY KEY, password TEXT NOT NULL, changed_utc TEXT NOT NULL)"
        )
        if "role" not in Database(db)["accounts"].columns_dict:
            # Accounts of a version without roles could open every page of that version.
            db.execute("ALTER TABLE accounts ADD COLUMN role TEXT NOT NULL DEFAULT 'manager'")


# --- requests ------------------------------------------------------------------------------------------------


def add_request(db: sqlite3.Connection, row: RequestRow) -> None:
    """Add a request."""
    db.execute("INSERT INTO requests (ref, kind, body, created_utc, by) VALUES (?, ?, ?, ?, ?)", row)


def requests(ask: Ask, after_id: int) -> list[tuple[int, str, str, str]]:
    """Return id, ref, kind and body of at most 100 requests, oldest first. A body that is too long is empty."""
    return ask(_REQUESTS, (BODY_BYTES_MAX, after_id), (int, str, str, str))


def request_refs(db: sqlite3.Connection) -> list[str]:
    """Return the refs of all requests."""
    return [str(ref) for (ref,) in db.execute("SELECT ref FROM requests").fetchall()]


def remove_requests(db: sqlite3.Connection, refs: Sequence[str]) -> None:
    """Remove the requests with these refs."""
    db.executemany("DELETE FROM requests WHERE ref = ?", [(ref,) for ref in refs])


def remove_requests_before(db: sqlite3.Connection, utc: str) -> int:
    """Remove the requests made before a time (ISO 8601). Return their number."""
    return int(db.execute("DELETE FROM requests WHERE created_utc < ?", (utc,)).rowcount)


# --- accounts ------------------------------------------------------------------------------------------------


def set_password(db: sqlite3.Connection, name: str, stored: str, utc: str, role: str) -> None:
    """Make an account of a role, or change its password alone. `stored`: the password's hash."""
    db.execute(
        "INSERT INTO accounts (name, password, changed_utc, role) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
        " password = excluded.password, changed_utc = excluded.changed_utc",
        (name, stored, utc, role),
    )


def set_role(db: sqlite3.Connection, name: str, role: str) -> bool:
    """Change an account's role. Return False if there is no account of this name."""
    return db.execute("UPDATE accounts SET role = ? WHERE name = ?", (role, name)).rowcount > 0


def remove_account(db: sqlite3.Connection, name: str) -> bool:
    """Remove an account. Return False if there is none of this name."""
    return db.execute("DELETE FROM accounts WHERE name = ?", (name,)).rowcount > 0


def accounts(db: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Return name and role of every account and when its password was set (ISO 8601), by name."""
    return db.execute("SELECT name, role, changed_utc FROM accounts ORDER BY name").fetchall()


def has_accounts(ask: Ask) -> bool:
    """Return True if there is an account."""
    return bool(ask("SELECT 1 FROM accounts LIMIT 1"))


def password(db: sqlite3.Connection, name: str) -> str | None:
    """Return the stored hash of an account's password, or None."""
    row = db.execute("SELECT password FROM accounts WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else None


def role(db: sqlite3.Connection, name: str) -> str | None:
    """Return an account's role, or None."""
    row = db.execute("SELECT role FROM accounts WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else None


# --- audit trail ---------------------------------------------------------------------------------------------


def add_audit(db: sqlite3.Connection, row: AuditRow) -> None:
    """Add a line to the audit trail."""
    db.execute("INSERT INTO audit (utc, who, what, detail) VALUES (?, ?, ?, ?)", row)


def newest_audit(db: sqlite3.Connection, who: str, what: str, since: str) -> tuple[int, str] | None:
    """Return id and detail of the newest line of this person and kind since a time, or None."""
    found = db.execute(
        "SELECT id, detail FROM audit WHERE who = ? AND what = ? AND utc > ? ORDER BY id DESC LIMIT 1",
        (who, what, since),
    ).fetchone()
    return (int(found[0]), str(found[1])) if found else None


def set_audit_detail(db: sqlite3.Connection, line_id: int, detail: str) -> None:
    """Change the detail of a line."""
    db.execute("UPDATE audit SET detail = ? WHERE id = ?", (detail, line_id))


def audit_trail(db: sqlite3.Connection, limit: int) -> list[AuditRow]:
    """Return the newest lines, newest first."""
    rows = db.execute("SELECT utc, who, what, detail FROM audit ORDER BY id DESC LIMIT ?", (limit,))
    return [AuditRow(*row) for row in rows]
