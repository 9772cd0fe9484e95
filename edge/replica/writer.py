"""replica.db: what HQ sent, as it was signed. Written by the sync process alone, read by gate and screen.

Nothing in it has to be believed: the gate process verifies every envelope itself (`edge.replica.reader`). A list arrives
in parts, in any order and over any number of connections, and comes into force when the last one is here. A damaged
file is set aside; the lists then come again, because the broker keeps them.
"""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from contract.deltas import SealedDelta
from contract.messages import Ack, ListBase, ListKind, NoticeCode, PartHeader
from contract.parts import SealedPart, digest_of
from contract.signing import BadSignature, Verifier, verify
from contract.topics import Channel
from edge.core.domain import Incident
from edge.replica import delta_tables
from edge.replica.delta_tables import RolledBack as RolledBack
from edge.replica.signed_lists import ListRefused
from edge.storage import sqlite_file

log = structlog.get_logger()

KEEP_COMMANDS = 200
ROWS_MAX = 100
"""Of each kind one list in force, one that arrives and their changes are kept; more is not of this process."""
KEEP_INCIDENTS = 500

_SCHEMA = """
CREATE TABLE IF NOT EXISTS replica (id INTEGER PRIMARY KEY CHECK (id = 1), replica_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS list_versions (
    kind TEXT NOT NULL, digest TEXT NOT NULL, list_version INTEGER NOT NULL, issued_utc TEXT NOT NULL,
    parts INTEGER NOT NULL, applied_utc TEXT, PRIMARY KEY (kind, digest));
CREATE TABLE IF NOT EXISTS list_parts (
    kind TEXT NOT NULL, digest TEXT NOT NULL, part INTEGER NOT NULL, fingerprint BLOB NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (kind, digest, part));
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


class ReplicaError(RuntimeError):
    """The replica cannot be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class _Version:
    list_version: int
    issued_utc: datetime
    digest: str

    @property
    def order(self) -> tuple[int, datetime]:
        return self.list_version, self.issued_utc


class ReplicaWriter:
    """The one writer of replica.db.

    Raises:
        ReplicaError: another sync process writes it, or the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._lock = sqlite_file.lock(path)
        except sqlite_file.DatabaseLocked as error:
            raise ReplicaError(f"{error}: stop the other one first (systemctl stop sitegate-sync)") from error
        self._log_holds_old = True  # an earlier process may not have got to it
        try:
            self._db = self._open_or_replace(path)
        except BaseException:
            self._lock.close()
            raise

    def versions(self) -> dict[ListKind, int]:
        """Of the lists in force, with their changes; one that is still arriving does not count."""
        rows = self._db.execute("SELECT kind, list_version FROM list_versions WHERE applied_utc IS NOT NULL").fetchall()
        found = {ListKind(kind): int(version) for kind, version in rows}
        return {kind: max(version, delta_tables.version(self._db, kind)) for kind, version in found.items()}

    def base(self, kind: ListKind) -> ListBase | None:
        """The list in force as it was published whole: what it holds lies here, also of those who left since."""
        held = self._version(kind, in_force=True)
        return ListBase(list_version=held.list_version, digest=held.digest) if held else None

    def empty_log(self) -> None:
        """Lists that were replaced leave the file's log too; what a reader is looking at, at a later call."""
        if self._log_holds_old:
            with self._transaction(write=False):
                self._log_holds_old = not sqlite_file.checkpoint(self._db)

    def issued(self) -> dict[ListKind, datetime]:
        """When HQ issued the lists in force, or their newest changes."""
        rows = self._db.execute(
            "SELECT kind, issued_utc, list_version FROM list_versions WHERE applied_utc IS NOT NULL"
            " UNION SELECT kind, issued_utc, list_version FROM list_deltas WHERE applied_utc IS NOT NULL"
            " ORDER BY list_version"
        ).fetchall()
        return {ListKind(kind): datetime.fromisoformat(issued) for kind, issued, _ in rows}

    def add_part(self, part: SealedPart, body: bytes) -> bool:
        """Keep one part of a list. The last one missing puts the list in force, in the same transaction: True then.

        Besides the list in force at most one newer version of each kind is kept while its parts arrive; the newest wins.

        Raises:
            RolledBack: older than the list in force, or another under its version.
            ListRefused: all parts are here and do not belong together; they are forgotten.
        """
        header = part.header
        held, arriving = self._version(header.kind, in_force=True), self._version(header.kind, in_force=False)
        if held is not None and not _newer(header, held, delta_tables.version(self._db, header.kind)):
            return False
        new = arriving is None or arriving.digest != header.digest
        # By time too: an HQ restored from a backup counts some versions again.
        if arriving and new and (header.list_version, header.issued_utc) <= arriving.order:
            return False
        with self._transaction(durable=self._may_complete(header, new=new)):
            if new:
                self._begin(header)
            self._db.execute(
                "INSERT OR IGNORE INTO list_parts VALUES (?, ?, ?, ?, ?)",
                (header.kind.value, header.digest, header.part, part.fingerprint, body),
            )
            complete = self._complete(header)
            if complete:
                self._put_in_force(header)
        if complete is None:
            raise ListRefused(f"the parts of {header.kind.value} version {header.list_version} do not belong together")
        return complete

    def forget_list(self, kind: ListKind) -> None:
        """Of this list nothing is kept, so that any version of HQ's is news: the gate does not believe what lies here."""
        with self._transaction(durable=True):
            self._forget(kind, "1")
            delta_tables.forget(self._db, kind)

    def forget_arriving(self) -> None:
        """Of lists that are only arriving nothing is kept; those in force stay."""
        self._log_holds_old = True
        with self._transaction():
            for kind in ListKind:
                self._forget(kind, "applied_utc IS NULL")
            delta_tables.forget_waiting(self._db)

    def add_delta(self, delta: SealedDelta, body: bytes) -> bool:
        """Keep the changes of a list. True if they are in force now; otherwise they are no news, or wait for their snapshot.

        Raises:
            RolledBack: older than the list in force, or another under its version.
        """
        held = self._version(delta.header.kind, in_force=True)
        self._log_holds_old = True
        with self._transaction(durable=True):
            return delta_tables.keep(
                self._db, delta, body, held.digest if held else "", held.list_version if held else 0
            )

    def gaps(self) -> dict[ListKind, str]:
        """Lists that cannot come into force with what is here, and how far they are: a text that changes with every part."""
        missing = {kind: f"parts {parts}" for kind, parts in self.missing_parts().items() if parts}
        waits = {kind: delta_tables.waiting_for(self._db, kind) for kind in ListKind}
        return {kind: f"changes of {digest}" for kind, digest in waits.items() if digest} | missing

    def missing_parts(self) -> dict[ListKind, list[int]]:
        """Which parts the lists that are arriving still lack."""
        arriving = self._db.execute(
            "SELECT kind, digest, parts FROM list_versions WHERE applied_utc IS NULL"
        ).fetchall()
        found = {}
        for kind, digest, parts in arriving:
            rows = self._db.execute("SELECT part FROM list_parts WHERE kind = ? AND digest = ?", (kind, digest))
            here = {int(row[0]) for row in rows}
            found[ListKind(kind)] = [part for part in range(1, parts + 1) if part not in here]
        return found

    def _version(self, kind: ListKind, *, in_force: bool) -> "_Version | None":
        """The list in force, or the one whose parts are arriving."""
        row = self._db.execute(
            "SELECT list_version, issued_utc, digest FROM list_versions WHERE kind = ? AND (applied_utc IS NOT NULL) = ?",
            (kind.value, in_force),
        ).fetchone()
        return _Version(int(row[0]), datetime.fromisoformat(row[1]), str(row[2])) if row else None

    def _may_complete(self, header: PartHeader, *, new: bool) -> bool:
        """True if one more part of this list may be the last one that is missing."""
        if new:
            return header.parts == 1
        where = (header.kind.value, header.digest)
        (here,) = self._db.execute("SELECT count(*) FROM list_parts WHERE kind = ? AND digest = ?", where).fetchone()
        return int(here) >= header.parts - 1

    def _begin(self, header: PartHeader) -> None:
        """Make room for a version; whatever else was arriving is forgotten."""
        self._forget(header.kind, "applied_utc IS NULL")
        self._db.execute(
            "INSERT INTO list_versions VALUES (?, ?, ?, ?, ?, NULL)",
            (header.kind.value, header.digest, header.list_version, header.issued_utc.isoformat(), header.parts),
        )

    def _complete(self, header: PartHeader) -> bool | None:
        """Whether all parts are here; None (and none is, any more) if they are not those that HQ bound together."""
        fingerprints = self._db.execute(
            "SELECT fingerprint FROM list_parts WHERE kind = ? AND digest = ? ORDER BY part",
            (header.kind.value, header.digest),
        ).fetchall()
        if len(fingerprints) < header.parts:
            return False
        if digest_of(bytes(row[0]) for row in fingerprints) == header.digest:
            return True
        self._forget(header.kind, "applied_utc IS NULL")
        return None

    def _put_in_force(self, header: PartHeader) -> None:
        if header.kind is ListKind.ROSTER and self._version(header.kind, in_force=True) is not None:
            self._remove_damaged()  # the first one after the damage leaves it to whoever wants to look at it
        self._forget(header.kind, "applied_utc IS NOT NULL")
        self._log_holds_old = True
        self._db.execute("UPDATE list_versions SET applied_utc = ? WHERE kind = ?", (_now(), header.kind.value))
        delta_tables.follow_base(self._db, header.kind, header.digest, header.list_version)

    def _remove_damaged(self) -> None:
        """Replicas that were set aside hold rosters from before, in which somebody may be who is to be gone."""
        for path in self._path.parent.glob(f"{self._path.name}.corrupt-*"):
            try:
                path.unlink()
                log.info("damaged_replica_removed", file=path.name)
            except OSError as error:
                log.warning("damaged_replica_not_removed", file=path.name, error=str(error))

    def _forget(self, kind: ListKind, which: str) -> None:
        versions = f"SELECT digest FROM list_versions WHERE kind = ? AND {which}"
        self._db.execute(f"DELETE FROM list_parts WHERE kind = ? AND digest IN ({versions})", (kind.value, kind.value))
        self._db.execute(f"DELETE FROM list_versions WHERE kind = ? AND {which}", (kind.value,))

    def save_ack(self, ack: Ack, envelope: bytes) -> None:
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO acks VALUES (?, ?, ?, ?, ?)",
                (ack.epoch, ack.seq, ack.utc.isoformat(), _now(), envelope),
            )

    def forget_untrusted(self, key: Verifier) -> None:
        """Acknowledgements and orders signed with a key that is trusted no longer: the gate would take them for forged."""
        with self._transaction():
            for table, channel in (("acks", Channel.ACK), ("commands", Channel.COMMAND)):
                for row, envelope in self._db.execute(f"SELECT rowid, envelope FROM {table}").fetchall():
                    try:
                        verify(bytes(envelope), channel.value, key)
                    except BadSignature:
                        self._db.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))

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

    def last_serial(self) -> int:
        """The highest that was kept of what this gate said (`edge.sync.signed_messages`)."""
        row = self._db.execute("SELECT last FROM serials").fetchone()
        return int(row[0]) if row else 0

    def keep_serial(self, last: int) -> None:
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO serials VALUES (1, ?)", (last,))

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
        aside = sqlite_file.set_aside(path)
        log.error("replica_restarted", set_aside=str(aside))
        self._db = _open(path)
        text = f"{path.name} was damaged; kept as {aside.name}. The lists come again from the broker"
        self.add_incident(Incident(uuid.uuid4().hex, NoticeCode.REPLICA_RESTARTED, text))
        return self._db

    def _trim(self, table: str, keep: int) -> None:
        self._db.execute(f"DELETE FROM {table} WHERE id <= (SELECT max(id) FROM {table}) - ?", (keep,))

    @contextmanager
    def _transaction(self, *, write: bool = True, durable: bool = False) -> Iterator[None]:
        """All or nothing. Raises ReplicaError if the disk refuses; a damaged file is not caught here: only a new start helps.
        `durable`: on disk at the end, with all that was committed before. The gate remembers that the list was in force, so a
        power cut that takes it back would look like an attack, and nobody would be let in until HQ sends it again."""
        try:
            if write:
                self._db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                if write:
                    self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            raise ReplicaError(f"replica.db cannot be written ({error}): free disk space, check the card") from error


def _open(path: Path) -> sqlite3.Connection:
    # NORMAL may lose the last commits at a power cut, never the file; HQ and the broker send them again. What puts a list into
    # force is committed with FULL.
    db = sqlite_file.connect(path, synchronous="NORMAL")
    try:
        sqlite_file.check(db)
        for statement in (_SCHEMA + delta_tables.SCHEMA).split(";"):
            db.execute(statement)
        db.execute("INSERT OR IGNORE INTO replica VALUES (1, ?)", (uuid.uuid4().hex,))
        _check_rows(db)
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _check_rows(db: sqlite3.Connection) -> None:
    """Raises sqlite3.DatabaseError for lists that this process never writes: they would end it at each start."""
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


def _newer(header: PartHeader, held: _Version, changed: int) -> bool:
    """False for the very snapshot in force. `changed`: version of its changes, 0 if none. Raises RolledBack."""
    if (header.list_version, header.digest) == (held.list_version, held.digest):
        return False
    delta_tables.refuse_old(header.kind, header.list_version, max(held.list_version, changed))
    return True


def _now() -> str:
    return datetime.now(UTC).isoformat()
