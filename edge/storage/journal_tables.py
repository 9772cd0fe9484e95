"""The tables of journal.db but for its events: journal, refs, marks, live. No other file writes SQL on them.

`events` is in `edge.storage.journal_events`. All functions raise sqlite3.Error.
"""

import secrets
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlite_utils import Database

from contract.chain import GENESIS
from edge.storage import journal_events
from edge.storage.sqlite_file import column_names, transaction

CODE_REFS = ("code-", "code.")
"""Refs of used codes lie from the first of these up to the second. One comes with every passage."""
CODES_FORGOTTEN = "codes_forgotten_before"
"""The mark that says up to which time (Unix) of their use codes were forgotten."""


class Base(NamedTuple):
    """The newest event that was removed, or (0, GENESIS)."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class JournalRow:
    """The one row of the table `journal`."""

    epoch: str
    gate_id: str
    base: Base


def create(db: sqlite3.Connection, gate_id: str, refs: Sequence[tuple[str, int]]) -> bool:
    """Create the tables in one transaction, so that no reader sees half of them. Return False if they existed.

    `refs`: of an earlier journal, oldest first. They stand before the first event of this one, in the same order.
    """
    wrapped = Database(db)
    new = "journal" not in wrapped.table_names()
    if new:
        with transaction(db):
            _create_tables(wrapped, gate_id, refs)
    db.execute("CREATE INDEX IF NOT EXISTS refs_by_seq ON refs (seq)")  # not in files of earlier versions
    db.execute("CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, value TEXT)")
    journal_events.add_columns(db)
    add_columns(db)
    return new


def _create_tables(db: Database, gate_id: str, refs: Sequence[tuple[str, int]]) -> None:
    journal_events.create(db)
    db.table("refs").create({"ref": str, "seq": int}, pk="ref")
    db.conn.executemany(
        "INSERT INTO refs VALUES (?, ?)", ((ref, row - len(refs)) for row, (ref, _) in enumerate(refs, start=1))
    )
    db.table("live").create({"id": int, "state": str}, pk="id")
    db.table("journal").create({"epoch": str, "gate_id": str, "base_seq": int, "base_hash": str})
    epoch = f"{time.strftime('%Y%m%d')}-{secrets.token_hex(6)}"
    insert_journal(db.conn, JournalRow(epoch, gate_id, Base(0, GENESIS)))


def add_columns(db: sqlite3.Connection) -> None:
    """Add what files of earlier versions lack. Nothing that they hold changes."""
    present = column_names(db, "journal")
    for name, kind in (("signed_by", "TEXT"), ("signed_to", "INTEGER")):
        if name not in present:
            db.execute(f"ALTER TABLE journal ADD COLUMN {name} {kind}")


def create_copy(db: sqlite3.Connection) -> None:
    """Create the tables of a file that holds saved events: without a -wal file, so that it is one file."""
    db.executescript(
        f"PRAGMA journal_mode=DELETE; {journal_events.COPY_SCHEMA}"
        " CREATE TABLE journal (epoch TEXT, gate_id TEXT, base_seq INTEGER, base_hash TEXT);"
    )


# --- journal -------------------------------------------------------------------------------------------------


def insert_journal(db: sqlite3.Connection, row: JournalRow) -> None:
    """Add the one row of the table `journal`."""
    db.execute(
        "INSERT INTO journal (epoch, gate_id, base_seq, base_hash) VALUES (?, ?, ?, ?)",
        (row.epoch, row.gate_id, *row.base),
    )


def journal(db: sqlite3.Connection) -> JournalRow:
    """Read the one row of the table `journal`."""
    found = db.execute("SELECT epoch, gate_id, base_seq, base_hash FROM journal").fetchone()
    if found is None:
        raise sqlite3.DatabaseError("the table journal is empty")
    return JournalRow(found[0], found[1], Base(found[2], found[3]))


def base(db: sqlite3.Connection) -> Base:
    """Read which event is the newest that was removed."""
    return journal(db).base


def set_base(db: sqlite3.Connection, removed: Base) -> None:
    """Note that the events up to this one were removed."""
    db.execute("UPDATE journal SET base_seq = ?, base_hash = ?", removed)


def signing(db: sqlite3.Connection) -> tuple[str | None, int]:
    """Return the id of the key that signs this file, and up to where earlier records were examined."""
    key, reached = db.execute("SELECT signed_by, signed_to FROM journal").fetchone()
    return key, int(reached or 0)


def set_signing_key(db: sqlite3.Connection, key_id: str) -> None:
    """Note another key. No record has been examined for it yet."""
    db.execute("UPDATE journal SET signed_by = ?, signed_to = 0", (key_id,))


def set_signed_to(db: sqlite3.Connection, seq: int) -> None:
    """Note up to where earlier records were examined."""
    db.execute("UPDATE journal SET signed_to = ?", (seq,))


# --- refs ----------------------------------------------------------------------------------------------------


def add_ref(db: sqlite3.Connection, ref: str, seq: int) -> None:
    """Note that an event used this ref."""
    db.execute("INSERT INTO refs (ref, seq) VALUES (?, ?)", (ref, seq))


def has_ref(db: sqlite3.Connection, ref: str) -> bool:
    """Say whether an event used this ref, also if the event was removed since."""
    return bool(db.execute("SELECT 1 FROM refs WHERE ref = ?", (ref,)).fetchone())


def last_ref(db: sqlite3.Connection, beginnings: Sequence[str]) -> str | None:
    """Find the newest ref that begins with one of these. By the refs' index: a journal may hold millions of them."""
    where = " OR ".join("(ref >= ? AND ref < ?)" for _ in beginnings)
    values = [value for text in beginnings for value in (text, text[:-1] + chr(ord(text[-1]) + 1))]
    found = db.execute(f"SELECT ref FROM refs WHERE {where} ORDER BY +seq DESC LIMIT 1", values).fetchone()
    return str(found[0]) if found else None


def refs(db: sqlite3.Connection) -> dict[str, int]:
    """Return every ref with the number of its event."""
    return dict(db.execute("SELECT ref, seq FROM refs").fetchall())


def refs_page(db: sqlite3.Connection, after: str, limit: int) -> list[str]:
    """Return the next refs in alphabetical order."""
    rows = db.execute("SELECT ref, seq FROM refs WHERE ref > ? ORDER BY ref LIMIT ?", (after, limit)).fetchall()
    return [str(ref) for ref, _ in rows]


def salvage_refs(db: sqlite3.Connection, *, backwards: bool) -> Iterator[tuple[str, int]]:
    """Read the refs of a damaged file from one end, up to the damage."""
    for ref, seq in db.execute(f"SELECT ref, seq FROM refs ORDER BY rowid {'DESC' if backwards else 'ASC'}"):
        if isinstance(ref, str) and isinstance(seq, int):
            yield ref, seq


def forget_code_refs(db: sqlite3.Connection, through: int) -> None:
    """Remove the refs of codes that were used up to an event."""
    # By the index refs_by_seq. The other refs are few, and what they guard (desk requests, incidents, commands) has no
    # age: they are kept for ever.
    db.execute("DELETE FROM refs WHERE seq <= ? AND +ref >= ? AND +ref < ?", (through, *CODE_REFS))


# --- marks and live state ------------------------------------------------------------------------------------


def mark(db: sqlite3.Connection, name: str) -> str | None:
    """Return a value kept beside the events, or None."""
    row = db.execute("SELECT value FROM marks WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else None


def set_mark(db: sqlite3.Connection, name: str, value: str) -> None:
    """Keep a value beside the events."""
    db.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (name, value))


def marks(db: sqlite3.Connection) -> Mapping[str, str]:
    """Return all values kept beside the events."""
    return dict(db.execute("SELECT name, value FROM marks").fetchall())


def remove_marks(db: sqlite3.Connection) -> None:
    """Remove all values kept beside the events."""
    db.execute("DELETE FROM marks")


def live(db: sqlite3.Connection) -> str | None:
    """Return the gate's present state as JSON, or None."""
    row = db.execute("SELECT state FROM live WHERE id = 1").fetchone()
    return str(row[0]) if row and row[0] else None


def set_live(db: sqlite3.Connection, state: str) -> None:
    """Overwrite the gate's present state."""
    db.execute("INSERT OR REPLACE INTO live (id, state) VALUES (1, ?)", (state,))
