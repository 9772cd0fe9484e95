"""replica.db: what HQ sent, as it was signed. Written by the sync process alone, read by gate and screen.

Nothing in it has to be believed: the gate process verifies every envelope itself (`edge.sync.roster`). A damaged
file is set aside; the lists then come again, because the broker keeps them.
"""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import structlog

from contract.messages import Ack, ListKind, NoticeCode, SealedList
from edge import dbfile
from edge.domain import Incident

log = structlog.get_logger()

KEEP_COMMANDS = 200
KEEP_INCIDENTS = 500

_SCHEMA = """
CREATE TABLE IF NOT EXISTS replica (id INTEGER PRIMARY KEY CHECK (id = 1), replica_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS lists (
    kind TEXT PRIMARY KEY, list_version INTEGER NOT NULL, issued_utc TEXT NOT NULL, applied_utc TEXT NOT NULL,
    envelope BLOB NOT NULL);
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
"""


class ReplicaError(RuntimeError):
    """The replica cannot be used; the text says why and what to do."""


class RolledBack(ValueError):
    """A list that is older than the one held, or another one under the same version."""


class ReplicaWriter:
    """The one writer of replica.db.

    Raises:
        ReplicaError: another sync process writes it, or the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._lock = dbfile.lock(path)
        except dbfile.Locked as error:
            raise ReplicaError(f"{error}: stop the other one first (systemctl stop sitegate-sync)") from error
        try:
            self._db = self._open_or_replace(path)
        except BaseException:
            self._lock.close()
            raise

    def versions(self) -> dict[ListKind, int]:
        rows = self._db.execute("SELECT kind, list_version FROM lists").fetchall()
        return {ListKind(kind): int(version) for kind, version in rows}

    def apply_list(self, header: SealedList, envelope: bytes) -> bool:
        """Replace a list in one transaction; False if it is the one already held. Raises RolledBack."""
        kind = header.kind
        row = self._db.execute("SELECT list_version, envelope FROM lists WHERE kind = ?", (kind.value,)).fetchone()
        if row is not None:
            if row == (header.list_version, envelope):
                return False
            if header.list_version < row[0]:
                raise RolledBack(f"{kind.value} version {header.list_version} is older than version {row[0]} held here")
            if header.list_version == row[0]:
                raise RolledBack(f"{kind.value} version {header.list_version} came a second time with other content")
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO lists VALUES (?, ?, ?, ?, ?)",
                (kind.value, header.list_version, header.issued_utc.isoformat(), _now(), envelope),
            )
        return True

    def save_ack(self, ack: Ack, envelope: bytes) -> None:
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO acks VALUES (?, ?, ?, ?, ?)",
                (ack.epoch, ack.seq, ack.utc.isoformat(), _now(), envelope),
            )

    def acked(self, gate_id: str, epoch: str) -> Ack | None:
        """HQ's newest acknowledgement of an epoch."""
        row = self._db.execute("SELECT seq, utc FROM acks WHERE epoch = ?", (epoch,)).fetchone()
        if row is None:
            return None
        return Ack(gate_id=gate_id, epoch=epoch, seq=row[0], utc=datetime.fromisoformat(row[1]))

    def add_command(self, envelope: bytes) -> bool:
        """False if exactly this one came before."""
        if self._db.execute("SELECT 1 FROM commands WHERE envelope = ?", (envelope,)).fetchone():
            return False
        with self._transaction():
            self._db.execute("INSERT INTO commands (received_utc, envelope) VALUES (?, ?)", (_now(), envelope))
            self._trim("commands", KEEP_COMMANDS)
        return True

    def add_incident(self, incident: Incident) -> None:
        with self._transaction():
            self._db.execute(
                "INSERT OR IGNORE INTO incidents (ref, utc, code, detail) VALUES (?, ?, ?, ?)",
                (incident.ref, _now(), incident.code.value, incident.detail[:500]),
            )
            self._trim("incidents", KEEP_INCIDENTS)

    def set_link(
        self, *, connected: bool, since: datetime, broker: str, detail: str, hq_online: bool | None, unsent: int
    ) -> None:
        """The connection as the screen shows it."""
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO link VALUES (1, ?, ?, ?, ?, ?, ?)",
                (connected, since.isoformat(), broker, detail, hq_online, unsent),
            )

    def close(self) -> None:
        """May be called twice."""
        self._db.close()
        self._lock.close()

    def _open_or_replace(self, path: Path) -> sqlite3.Connection:
        try:
            return _open(path)
        except sqlite3.DatabaseError as error:
            if not path.exists() or isinstance(error, sqlite3.OperationalError):
                raise ReplicaError(f"{path} cannot be opened: {error}; check the disk and its rights") from error
        aside = dbfile.set_aside(path)
        log.error("replica_restarted", set_aside=str(aside))
        self._db = _open(path)
        text = f"{path.name} was damaged; kept as {aside.name}. The lists come again from the broker"
        self.add_incident(Incident(uuid.uuid4().hex, NoticeCode.REPLICA_RESTARTED, text))
        return self._db

    def _trim(self, table: str, keep: int) -> None:
        self._db.execute(f"DELETE FROM {table} WHERE id <= (SELECT max(id) FROM {table}) - ?", (keep,))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")


def _open(path: Path) -> sqlite3.Connection:
    # NORMAL may lose the last commits at a power cut, never the file; HQ and the broker send them again.
    db = dbfile.connect(path, synchronous="NORMAL")
    try:
        dbfile.check(db)
        for statement in _SCHEMA.split(";"):
            db.execute(statement)
        db.execute("INSERT OR IGNORE INTO replica VALUES (1, ?)", (uuid.uuid4().hex,))
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _now() -> str:
    return datetime.now(UTC).isoformat()
