"""The changes of lists in replica.db: of each list those in force, and those that wait for the snapshot they belong to.

Changes count from a snapshot and hold all since then, so only the newest of each snapshot are kept. The functions run inside
a transaction of the replica's writer.
"""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

from contract.deltas import SealedDelta
from contract.messages import ListKind

SCHEMA = """
CREATE TABLE IF NOT EXISTS list_deltas (
    kind TEXT NOT NULL, base_digest TEXT NOT NULL, list_version INTEGER NOT NULL, issued_utc TEXT NOT NULL,
    fingerprint BLOB NOT NULL, body BLOB NOT NULL, applied_utc TEXT, PRIMARY KEY (kind, base_digest));
"""


class RolledBack(ValueError):
    """A list that is older than the one held, or another one under the same version."""


@dataclass(frozen=True, slots=True)
class _Kept:
    base_digest: str
    list_version: int
    issued_utc: datetime
    fingerprint: bytes


def version(db: sqlite3.Connection, kind: ListKind) -> int:
    """Of the changes in force; 0: none."""
    found = _kept(db, kind, in_force=True)
    return found.list_version if found else 0


def waiting_for(db: sqlite3.Connection, kind: ListKind) -> str | None:
    """The digest of the snapshot without which the newest changes mean nothing; None if none wait."""
    found = _kept(db, kind, in_force=False)
    return found.base_digest if found else None


def keep(db: sqlite3.Connection, delta: SealedDelta, body: bytes, base_digest: str, base_version: int) -> bool:
    """Keep changes if they are news. True if they are in force now: they belong to the snapshot in force, which is named here
    ("" and 0 if there is none). Otherwise they wait for theirs. Raises RolledBack."""
    header = delta.header
    held, waits = _kept(db, header.kind, in_force=True), _kept(db, header.kind, in_force=False)
    for known in (held, waits):
        if known and (known.list_version, known.fingerprint) == (header.list_version, delta.fingerprint):
            return False
    newest = max(base_version, held.list_version if held else 0)
    refuse_old(header.kind, header.list_version, newest)
    in_force = header.base_digest == base_digest
    if not in_force and waits and (header.list_version, header.issued_utc) <= (waits.list_version, waits.issued_utc):
        return False
    state = "NOT NULL" if in_force else "NULL"
    db.execute(f"DELETE FROM list_deltas WHERE kind = ? AND applied_utc IS {state}", (header.kind.value,))
    db.execute(
        "INSERT OR REPLACE INTO list_deltas VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            header.kind.value,
            header.base_digest,
            header.list_version,
            header.issued_utc.isoformat(),
            delta.fingerprint,
            body,
            _now() if in_force else None,
        ),
    )
    return in_force


def follow_base(db: sqlite3.Connection, kind: ListKind, base_digest: str, base_version: int) -> None:
    """Another snapshot came into force: what changed the one before is forgotten, what waited for it comes into force too."""
    db.execute("DELETE FROM list_deltas WHERE kind = ? AND list_version <= ?", (kind.value, base_version))
    db.execute("UPDATE list_deltas SET applied_utc = NULL WHERE kind = ?", (kind.value,))
    db.execute(
        "UPDATE list_deltas SET applied_utc = ? WHERE kind = ? AND base_digest = ?", (_now(), kind.value, base_digest)
    )


def forget_waiting(db: sqlite3.Connection) -> None:
    """Those in force stay."""
    db.execute("DELETE FROM list_deltas WHERE applied_utc IS NULL")


def forget(db: sqlite3.Connection, kind: ListKind) -> None:
    """All changes of a list."""
    db.execute("DELETE FROM list_deltas WHERE kind = ?", (kind.value,))


def refuse_old(kind: ListKind, list_version: int, newest: int) -> None:
    """Raises RolledBack unless the version is above the newest held."""
    if list_version < newest:
        raise RolledBack(f"{kind.value} version {list_version} is older than version {newest} held here")
    if list_version == newest:
        raise RolledBack(f"{kind.value} version {list_version} came a second time with other content")


def _kept(db: sqlite3.Connection, kind: ListKind, *, in_force: bool) -> _Kept | None:
    row = db.execute(
        "SELECT base_digest, list_version, issued_utc, fingerprint FROM list_deltas"
        " WHERE kind = ? AND (applied_utc IS NOT NULL) = ?",
        (kind.value, in_force),
    ).fetchone()
    return _Kept(str(row[0]), int(row[1]), datetime.fromisoformat(row[2]), bytes(row[3])) if row else None


def _now() -> str:
    return datetime.now(UTC).isoformat()
