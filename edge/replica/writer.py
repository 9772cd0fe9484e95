"""replica.db: what HQ sent, as it was signed. The sync process alone writes it; gate and screen read it.

Nothing in it is trusted: the gate process verifies every envelope itself (`edge.replica.reader`). A list arrives in
parts, in any order and over any number of connections. It comes into force when the last part is here. Changes count
from a snapshot and hold all since then, so only the newest of each snapshot are kept. A damaged file is set aside; the
broker then sends the lists again.
"""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import structlog

from contract.deltas import SealedDelta
from contract.messages import Ack, ListBase, ListInForce, ListKind, NoticeCode, PartHeader
from contract.parts import SealedPart, digest_of
from contract.signing import BadSignature, Verifier, verify
from edge.core.domain import Incident
from edge.replica import list_tables, message_tables
from edge.replica.list_tables import Snapshot
from edge.replica.message_tables import LinkSummary
from edge.replica.signed_lists import ListRefused, refuse_old
from edge.storage import sqlite_file

log = structlog.get_logger()


class ReplicaError(RuntimeError):
    """The replica cannot be used. The text says why and what to do."""


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
        self._log_holds_old = True  # an earlier process may not have emptied it
        try:
            self._db = self._open_or_replace(path)
        except BaseException:
            self._lock.close()
            raise

    # --- lists -----------------------------------------------------------------------------------------------

    def versions(self) -> dict[ListKind, int]:
        """Return the versions of the lists in force, with their changes."""
        return {kind: found.version for kind, found in list_tables.newest_in_force(self._db).items()}

    def issued(self) -> dict[ListKind, datetime]:
        """Return when HQ issued the lists in force, or their newest changes."""
        return {kind: found.issued_utc for kind, found in list_tables.newest_in_force(self._db).items()}

    def in_force(self) -> tuple[ListInForce, ...]:
        """Return the lists in force, with their changes, by version and digest."""
        return list_tables.lists_in_force(self._db)

    def base(self, kind: ListKind) -> ListBase | None:
        """Return the snapshot in force. All that it holds is still here, also of workers who left since."""
        held = list_tables.snapshot(self._db, kind, in_force=True)
        return ListBase(list_version=held.list_version, digest=held.digest) if held else None

    def gaps(self) -> dict[ListKind, str]:
        """Return the lists that cannot come into force with what is here. The text changes with every part that
        arrives."""
        missing = {kind: f"parts {parts}" for kind, parts in self.missing_parts().items() if parts}
        waits = {kind: list_tables.delta(self._db, kind, in_force=False) for kind in ListKind}
        return {kind: f"changes of {delta.base_digest}" for kind, delta in waits.items() if delta} | missing

    def missing_parts(self) -> dict[ListKind, list[int]]:
        """Return the numbers of the parts that arriving lists still lack."""
        return list_tables.missing_parts(self._db)

    def add_part(self, part: SealedPart, body: bytes) -> bool:
        """Keep one part of a list. The last missing one puts the list into force, in the same transaction: True then.

        Besides the list in force at most one newer version of each kind is kept while its parts arrive. The newest
        wins.

        Raises:
            RolledBack: older than the list in force, or another with its version.
            ListRefused: all parts are here and do not belong together. They are removed.
        """
        header = part.header
        held, arriving = (list_tables.snapshot(self._db, header.kind, in_force=which) for which in (True, False))
        if held is not None and not self._is_newer(header, held):
            return False
        new = arriving is None or arriving.digest != header.digest
        if arriving and new and (header.list_version, header.issued_utc) <= arriving.order:
            return False
        with self._transaction(durable=self._may_complete(header, new=new)):
            if new:
                list_tables.begin(self._db, header)
            list_tables.add_part(self._db, part, body)
            complete = self._complete(header)
            if complete:
                self._put_in_force(header)
        if complete is None:
            raise ListRefused(f"the parts of {header.kind.value} version {header.list_version} do not belong together")
        return complete

    def add_delta(self, delta: SealedDelta, body: bytes) -> bool:
        """Keep the changes of a list. Return True if they are in force now: they belong to the snapshot in force.

        Otherwise they are known, or wait for their snapshot. Raises RolledBack: older than the list in force, or
        another with its version.
        """
        header = delta.header
        base = list_tables.snapshot(self._db, header.kind, in_force=True)
        self._log_holds_old = True
        with self._transaction(durable=True):
            held, waits = (list_tables.delta(self._db, header.kind, in_force=which) for which in (True, False))
            for known in (held, waits):
                if known and (known.list_version, known.fingerprint) == (header.list_version, delta.fingerprint):
                    return False
            newest = max(base.list_version if base else 0, held.list_version if held else 0)
            refuse_old(header.kind, header.list_version, newest)
            in_force = base is not None and header.base_digest == base.digest
            if not in_force and waits and (header.list_version, header.issued_utc) <= waits.order:
                return False
            list_tables.add_delta(self._db, delta, body, in_force=in_force)
            return in_force

    def forget_list(self, kind: ListKind) -> None:
        """Remove a list that the gate refuses, so that any version of HQ's is new."""
        with self._transaction(durable=True):
            list_tables.remove_snapshot(self._db, kind, in_force=None)
            list_tables.remove_deltas(self._db, kind)

    def forget_arriving(self) -> None:
        """Remove the lists that are only arriving. Those in force stay."""
        self._log_holds_old = True
        with self._transaction():
            for kind in ListKind:
                list_tables.remove_snapshot(self._db, kind, in_force=False)
            list_tables.remove_waiting_deltas(self._db)

    def empty_log(self) -> None:
        """Remove replaced lists from the file's log too. While a reader uses them, a later call does it."""
        if self._log_holds_old:
            with _in_words():
                self._log_holds_old = not sqlite_file.checkpoint(self._db)

    def _is_newer(self, header: PartHeader, held: Snapshot) -> bool:
        """Return False for the snapshot in force itself. Raises RolledBack."""
        if (header.list_version, header.digest) == (held.list_version, held.digest):
            return False
        changes = list_tables.delta(self._db, header.kind, in_force=True)
        newest = max(held.list_version, changes.list_version if changes else 0)
        refuse_old(header.kind, header.list_version, newest)
        return True

    def _may_complete(self, header: PartHeader, *, new: bool) -> bool:
        """Return True if one more part of this list may be the last missing one."""
        if new:
            return header.parts == 1
        return list_tables.count_parts(self._db, header) >= header.parts - 1

    def _complete(self, header: PartHeader) -> bool | None:
        """Say whether all parts are here. Return None, and remove them, if HQ did not bind them together."""
        found = list_tables.fingerprints(self._db, header)
        if len(found) < header.parts:
            return False
        if digest_of(found) == header.digest:
            return True
        list_tables.remove_snapshot(self._db, header.kind, in_force=False)
        return None

    def _put_in_force(self, header: PartHeader) -> None:
        if header.kind is ListKind.ROSTER and self.base(ListKind.ROSTER) is not None:
            self._remove_damaged()  # the first roster after the damage leaves it for study
        self._log_holds_old = True
        list_tables.put_in_force(self._db, header.kind)
        list_tables.follow_snapshot(self._db, header.kind, header.digest, header.list_version)

    def _remove_damaged(self) -> None:
        """Remove replicas that were set aside: their old rosters may hold workers whose data must be gone."""
        for path in self._path.parent.glob(f"{self._path.name}.corrupt-*"):
            try:
                path.unlink()
                log.info("damaged_replica_removed", file=path.name)
            except OSError as error:
                log.warning("damaged_replica_not_removed", file=path.name, error=str(error))

    # --- messages --------------------------------------------------------------------------------------------

    def save_ack(self, ack: Ack, envelope: bytes) -> None:
        """Keep HQ's newest acknowledgement of an epoch."""
        with self._transaction():
            message_tables.save_ack(self._db, ack, envelope)

    def acked(self, gate_id: str, epoch: str) -> Ack | None:
        """Return HQ's newest acknowledgement of an epoch."""
        found = message_tables.acked(self._db, epoch)
        return Ack(gate_id=gate_id, epoch=epoch, seq=found[0], utc=found[1]) if found else None

    def forget_untrusted(self, key: Verifier) -> None:
        """Remove acknowledgements and commands signed with a key that is no longer trusted: the gate would report
        forgeries."""
        with self._transaction():
            for table, row, channel, envelope in message_tables.signed_messages(self._db):
                try:
                    verify(envelope, channel.value, key)
                except BadSignature:
                    message_tables.remove_message(self._db, table, row)

    def add_command(self, envelope: bytes) -> bool:
        """Keep a signed command. Return False if exactly this one came before."""
        if message_tables.has_command(self._db, envelope):
            return False
        with self._transaction():
            message_tables.add_command(self._db, envelope)
        return True

    def add_incident(self, incident: Incident) -> None:
        """Keep an incident for the gate process, which journals it."""
        with self._transaction():
            message_tables.add_incident(self._db, incident)

    def set_link(self, link: LinkSummary) -> None:
        """Keep the state of the connection for the screen."""
        with self._transaction():
            message_tables.set_link(self._db, link)

    def last_serial(self) -> int:
        """Return the highest serial number that was kept of this gate's messages (`edge.sync.signed_messages`)."""
        return message_tables.last_serial(self._db)

    def keep_serial(self, last: int) -> None:
        """Keep the highest serial number of this gate's messages."""
        with self._transaction():
            message_tables.keep_serial(self._db, last)

    def close(self) -> None:
        """Close the file. May be called twice."""
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

    @contextmanager
    def _transaction(self, *, durable: bool = False) -> Iterator[None]:
        """Store all or nothing. Raises ReplicaError if the disk refuses; only a new start repairs a damaged file.

        `durable`: on disk at the end, with everything committed before. The gate remembers that a list was in force. If
        a power cut took the list back, that would look like an attack. Nobody would be let in until HQ sends the list
        again.
        """
        with _in_words():
            sqlite_file.set_synchronous(self._db, "FULL" if durable else "NORMAL")
            with sqlite_file.transaction(self._db):
                yield


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise ReplicaError(f"replica.db cannot be written ({error}): free disk space, check the card") from error


def _open(path: Path) -> sqlite3.Connection:
    # NORMAL may lose the last commits in a power cut, never the file; HQ and the broker send them again. What puts a
    # list into force is committed with FULL.
    db = sqlite_file.connect(path, synchronous="NORMAL")
    try:
        sqlite_file.check(db)
        list_tables.create(db)
        message_tables.create(db)
        list_tables.check_rows(db)
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db
