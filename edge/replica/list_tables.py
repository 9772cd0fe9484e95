"""The tables of replica.db that hold lists: replica, list_versions, list_parts, list_deltas. No other file writes SQL
on them.

Of each kind at most four rows are kept: a snapshot in force, one that is arriving, and the changes of each. All
functions raise sqlite3.Error. Functions with `ask` also read a file that another process wrote.
"""

import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from contract.codec import MAX_BYTES
from contract.deltas import SealedDelta
from contract.messages import ListInForce, ListKind, PartHeader
from contract.parts import SealedPart
from edge.replica.row_values import aware_time, whole_number
from edge.storage.database_reader import Ask

ROWS_MAX = 100
"""More rows than this were not written by this program."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS replica (id INTEGER PRIMARY KEY CHECK (id = 1), replica_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS list_versions (
    kind TEXT NOT NULL, digest TEXT NOT NULL, list_version INTEGER NOT NULL, issued_utc TEXT NOT NULL,
    parts INTEGER NOT NULL, applied_utc TEXT, PRIMARY KEY (kind, digest));
CREATE TABLE IF NOT EXISTS list_parts (
    kind TEXT NOT NULL, digest TEXT NOT NULL, part INTEGER NOT NULL, fingerprint BLOB NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (kind, digest, part));
CREATE TABLE IF NOT EXISTS list_deltas (
    kind TEXT NOT NULL, base_digest TEXT NOT NULL, list_version INTEGER NOT NULL, issued_utc TEXT NOT NULL,
    fingerprint BLOB NOT NULL, body BLOB NOT NULL, applied_utc TEXT, PRIMARY KEY (kind, base_digest));
"""
_NEWEST = """
SELECT kind, list_version, issued_utc, applied_utc FROM list_versions WHERE applied_utc IS NOT NULL
UNION SELECT kind, list_version, issued_utc, applied_utc FROM list_deltas WHERE applied_utc IS NOT NULL
ORDER BY list_version
"""
"""Changes come after the list they change, and say its newest version."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A list as HQ published it whole."""

    list_version: int
    issued_utc: datetime
    digest: str

    @property
    def order(self) -> tuple[int, datetime]:
        """By time too: an HQ restored from a backup counts some versions again."""
        return self.list_version, self.issued_utc


@dataclass(frozen=True, slots=True)
class KeptDelta:
    """The changes of a list since a snapshot."""

    base_digest: str
    list_version: int
    issued_utc: datetime
    fingerprint: bytes

    @property
    def order(self) -> tuple[int, datetime]:
        return self.list_version, self.issued_utc


class ListSummary(NamedTuple):
    """A list in force with its newest changes: HQ's version and issue time, and when it came into force."""

    version: int
    issued_utc: datetime
    applied_utc: datetime


def create(db: sqlite3.Connection) -> None:
    """Create missing tables, and give a new file its id."""
    for statement in SCHEMA.split(";"):
        db.execute(statement)
    db.execute("INSERT OR IGNORE INTO replica VALUES (1, ?)", (uuid.uuid4().hex,))


def check_rows(db: sqlite3.Connection) -> None:
    """Raises sqlite3.DatabaseError for rows that this program never writes: they would end it at each start."""
    rows = db.execute(
        "SELECT kind, list_version, issued_utc FROM list_versions"
        " UNION ALL SELECT kind, list_version, issued_utc FROM list_deltas LIMIT ?",
        (ROWS_MAX + 1,),
    ).fetchall()
    if len(rows) > ROWS_MAX:
        raise sqlite3.DatabaseError(f"more than {ROWS_MAX} lists")
    for kind, version, issued in rows:
        try:
            known = ListKind(kind) and isinstance(version, int) and datetime.fromisoformat(issued).tzinfo is not None
        except (TypeError, ValueError):
            known = False
        if not known:
            raise sqlite3.DatabaseError("a list of no known kind, version or time")


def replica_id(ask: Ask) -> str | None:
    """Return the id of this file, or None. A new file in its place has another."""
    rows = ask("SELECT replica_id FROM replica")
    return str(rows[0][0]) if rows else None


# --- snapshots and their parts -------------------------------------------------------------------------------


def snapshot(db: sqlite3.Connection, kind: ListKind, *, in_force: bool) -> Snapshot | None:
    """Return the list in force, or the one whose parts are arriving."""
    row = db.execute(
        "SELECT list_version, issued_utc, digest FROM list_versions WHERE kind = ? AND (applied_utc IS NOT NULL) = ?",
        (kind.value, in_force),
    ).fetchone()
    return Snapshot(int(row[0]), datetime.fromisoformat(row[1]), str(row[2])) if row else None


def newest_in_force(db: sqlite3.Connection) -> dict[ListKind, ListSummary]:
    """Return the lists in force, with version and times of their newest changes. Raises ValueError for a row of no
    known form."""
    rows = db.execute(_NEWEST).fetchall()
    return {
        ListKind(kind): ListSummary(whole_number(version), aware_time(issued), aware_time(applied))
        for kind, version, issued, applied in rows
    }


def lists_in_force(db: sqlite3.Connection) -> tuple[ListInForce, ...]:
    """Return the lists in force, with their newest changes, by version and digest."""
    found = []
    for kind in ListKind:
        held, changes = snapshot(db, kind, in_force=True), delta(db, kind, in_force=True)
        if changes is not None:
            newest = changes.list_version, changes.fingerprint.hex()
        elif held is not None:
            newest = held.list_version, held.digest
        else:
            continue
        found.append(ListInForce(kind=kind, list_version=newest[0], digest=newest[1]))
    return tuple(found)


def begin(db: sqlite3.Connection, header: PartHeader) -> None:
    """Add a list that is arriving, in place of another one that was."""
    remove_snapshot(db, header.kind, in_force=False)
    db.execute(
        "INSERT INTO list_versions VALUES (?, ?, ?, ?, ?, NULL)",
        (header.kind.value, header.digest, header.list_version, header.issued_utc.isoformat(), header.parts),
    )


def add_part(db: sqlite3.Connection, part: SealedPart, body: bytes) -> None:
    """Add a part of a list that is arriving."""
    header = part.header
    db.execute(
        "INSERT OR IGNORE INTO list_parts VALUES (?, ?, ?, ?, ?)",
        (header.kind.value, header.digest, header.part, part.fingerprint, body),
    )


def count_parts(db: sqlite3.Connection, header: PartHeader) -> int:
    """Count the parts of a list that are here."""
    where = (header.kind.value, header.digest)
    return int(db.execute("SELECT count(*) FROM list_parts WHERE kind = ? AND digest = ?", where).fetchone()[0])


def fingerprints(db: sqlite3.Connection, header: PartHeader) -> list[bytes]:
    """Return the fingerprints of the parts that are here, in order."""
    asked = "SELECT fingerprint FROM list_parts WHERE kind = ? AND digest = ? ORDER BY part"
    return [bytes(row[0]) for row in db.execute(asked, (header.kind.value, header.digest))]


def missing_parts(db: sqlite3.Connection) -> dict[ListKind, list[int]]:
    """Return the numbers of the parts that arriving lists still lack."""
    arriving = db.execute("SELECT kind, digest, parts FROM list_versions WHERE applied_utc IS NULL").fetchall()
    found = {}
    for kind, digest, parts in arriving:
        rows = db.execute("SELECT part FROM list_parts WHERE kind = ? AND digest = ?", (kind, digest))
        here = {int(row[0]) for row in rows}
        found[ListKind(kind)] = [part for part in range(1, parts + 1) if part not in here]
    return found


def put_in_force(db: sqlite3.Connection, kind: ListKind) -> None:
    """Put the list that has arrived into force, in place of the one before."""
    remove_snapshot(db, kind, in_force=True)
    db.execute("UPDATE list_versions SET applied_utc = ? WHERE kind = ?", (_now(), kind.value))


def remove_snapshot(db: sqlite3.Connection, kind: ListKind, *, in_force: bool | None) -> None:
    """Remove a list with its parts: the one in force, the one that is arriving, or (None) both."""
    which = "1" if in_force is None else f"applied_utc IS {_null(in_force)}"
    versions = f"SELECT digest FROM list_versions WHERE kind = ? AND {which}"
    db.execute(f"DELETE FROM list_parts WHERE kind = ? AND digest IN ({versions})", (kind.value, kind.value))
    db.execute(f"DELETE FROM list_versions WHERE kind = ? AND {which}", (kind.value,))


def snapshots_in_force(ask: Ask) -> list[tuple[ListKind, str, str]]:
    """Return kind, digest and the time when each list came into force."""
    return _of_known_kind(
        ask(
            "SELECT kind, digest, applied_utc FROM list_versions WHERE applied_utc IS NOT NULL LIMIT 20",
            types=(str, str, str),
        )
    )


def part_body(ask: Ask, kind: ListKind, digest: str, part: int | None) -> bytes | None:
    """Return a part as it was received, or None."""
    rows = ask(
        "SELECT body FROM list_parts WHERE kind = ? AND digest = ? AND part = ? AND length(body) <= ?",
        (kind.value, digest, part, MAX_BYTES),
        (bytes,),
    )
    return bytes(rows[0][0]) if rows else None


# --- changes -------------------------------------------------------------------------------------------------


def delta(db: sqlite3.Connection, kind: ListKind, *, in_force: bool) -> KeptDelta | None:
    """Return the changes in force, or those that wait for their snapshot."""
    row = db.execute(
        "SELECT base_digest, list_version, issued_utc, fingerprint FROM list_deltas"
        " WHERE kind = ? AND (applied_utc IS NOT NULL) = ?",
        (kind.value, in_force),
    ).fetchone()
    return KeptDelta(str(row[0]), int(row[1]), datetime.fromisoformat(row[2]), bytes(row[3])) if row else None


def add_delta(db: sqlite3.Connection, found: SealedDelta, body: bytes, *, in_force: bool) -> None:
    """Add changes, in place of those that were in force or waited."""
    header = found.header
    db.execute(f"DELETE FROM list_deltas WHERE kind = ? AND applied_utc IS {_null(in_force)}", (header.kind.value,))
    where = header.kind.value, header.base_digest, header.list_version, header.issued_utc.isoformat()
    db.execute(
        "INSERT OR REPLACE INTO list_deltas VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*where, found.fingerprint, body, _now() if in_force else None),
    )


def follow_snapshot(db: sqlite3.Connection, kind: ListKind, digest: str, list_version: int) -> None:
    """After another snapshot came into force, remove the changes of the one before and apply those that waited for
    it."""
    db.execute("DELETE FROM list_deltas WHERE kind = ? AND list_version <= ?", (kind.value, list_version))
    db.execute("UPDATE list_deltas SET applied_utc = NULL WHERE kind = ?", (kind.value,))
    db.execute(
        "UPDATE list_deltas SET applied_utc = ? WHERE kind = ? AND base_digest = ?", (_now(), kind.value, digest)
    )


def remove_waiting_deltas(db: sqlite3.Connection) -> None:
    """Remove the changes that wait for a snapshot."""
    db.execute("DELETE FROM list_deltas WHERE applied_utc IS NULL")


def remove_deltas(db: sqlite3.Connection, kind: ListKind) -> None:
    """Remove all changes of a list."""
    db.execute("DELETE FROM list_deltas WHERE kind = ?", (kind.value,))


def deltas_in_force(ask: Ask) -> list[tuple[ListKind, str, str]]:
    """Return kind, base digest and the time when changes came into force. A file of an older version has none."""
    if not ask("SELECT 1 FROM sqlite_master WHERE name = 'list_deltas'"):
        return []
    return _of_known_kind(
        ask(
            "SELECT kind, base_digest, applied_utc FROM list_deltas WHERE applied_utc IS NOT NULL LIMIT 20",
            types=(str, str, str),
        )
    )


def delta_body(ask: Ask, kind: ListKind, base_digest: str) -> bytes | None:
    """Return the changes of a snapshot as they were received, or None."""
    rows = ask(
        "SELECT body FROM list_deltas WHERE kind = ? AND base_digest = ? AND length(body) <= ?",
        (kind.value, base_digest, MAX_BYTES),
        (bytes,),
    )
    return bytes(rows[0][0]) if rows else None


def _of_known_kind(rows: Sequence[tuple[str, str, str]]) -> list[tuple[ListKind, str, str]]:
    return [(ListKind(kind), digest, applied) for kind, digest, applied in rows if kind in set(ListKind)]


def _null(in_force: bool) -> str:
    return "NOT NULL" if in_force else "NULL"


def _now() -> str:
    return datetime.now(UTC).isoformat()
