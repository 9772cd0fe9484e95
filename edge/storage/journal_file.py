"""The journal's file: its tables, its check at the start, whether it is still the file on disk, and a new one if it is not."""

import os
import secrets
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sqlite_utils import Database

from contract.chain import GENESIS, BrokenChain, verify
from contract.messages import EventRecord
from edge.core.ports import JournalError, JournalHeld, JournalMemory
from edge.storage import erasure, signed_heads, sqlite_file
from edge.storage.retention import CODE_REFS
from edge.storage.salvage import NotSalvaged, salvage_from, salvaged_refs

BUSY_TIMEOUT_S = 0.1
"""A database that another program locks must not hold up the lane: the event is refused, and tried again at the next turn."""
OWN_REFS = 5_000
"""So many of the newest refs are also remembered in memory: somebody may remove them from the file."""
FULL_CHECK_MAX_BYTES = 32 * 1024 * 1024
"""A larger journal is checked at its end only when it is opened; the rest is read beside the loop (`edge.storage.background_check`)."""
LOOK_EVERY_S = 0.01
"""A look at the files takes up to a fifth of an append. What is written between two looks stands in the file that was open, from which it
is saved once the next look finds it gone."""
TAIL_EVENTS = 500
"""So many of the newest events of a large journal are verified when it is opened."""


def create(db: sqlite3.Connection, gate_id: str, refs: Sequence[tuple[str, int]]) -> bool:
    """Create the tables, in one transaction, so that no reader sees half of them; False if they were there.

    `refs`: of an earlier journal, oldest first; they stand before the first event of this one, in their own order.
    """
    wrapped = Database(db)
    new = "journal" not in wrapped.table_names()
    if new:
        db.execute("BEGIN IMMEDIATE")
        _create_tables(wrapped, gate_id, refs)
        db.execute("COMMIT")
    db.execute("CREATE INDEX IF NOT EXISTS refs_by_seq ON refs (seq)")  # not in files of earlier versions
    db.execute("CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, value TEXT)")
    return new


def _create_tables(db: Database, gate_id: str, refs: Sequence[tuple[str, int]]) -> None:
    db.table("events").create({"seq": int, "utc": float, "prev_hash": str, "hash": str, "body": str}, pk="seq")
    db.table("events").create_index(["utc"])
    db.table("refs").create({"ref": str, "seq": int}, pk="ref")
    db.conn.executemany(
        "INSERT INTO refs VALUES (?, ?)", ((ref, row - len(refs)) for row, (ref, _) in enumerate(refs, start=1))
    )
    db.table("live").create({"id": int, "state": str}, pk="id")
    db.table("journal").create({"epoch": str, "gate_id": str, "base_seq": int, "base_hash": str})
    db.conn.execute(
        "INSERT INTO journal VALUES (?, ?, 0, ?)",
        (f"{time.strftime('%Y%m%d')}-{secrets.token_hex(6)}", gate_id, GENESIS),
    )


def check(db: sqlite3.Connection, path: Path) -> None:
    """Check the whole file if it is small, otherwise its end: the time to start does not grow with the journal.

    Raises sqlite3.DatabaseError if something is damaged.
    """
    if path.stat().st_size + sqlite_file.wal_bytes(path) <= FULL_CHECK_MAX_BYTES:
        sqlite_file.check(db)
        return
    asked = f"SELECT seq, prev_hash, hash, body, {erasure.column(db)} FROM events ORDER BY seq DESC LIMIT ?"
    check_chain(db.execute(asked, (TAIL_EVENTS,)).fetchall()[::-1])


def check_chain(rows: Sequence[tuple[int, str, str, str, bytes | None]]) -> None:
    """Raises sqlite3.DatabaseError unless these consecutive events (seq, prev_hash, hash, body, erased) are whole."""
    if not rows:
        return
    try:
        records = [EventRecord(seq=s, prev_hash=p, hash=h, body=b, erased=e) for s, p, h, b, e in rows]
        verify(records, records[0].seq - 1, records[0].prev_hash)
    except (BrokenChain, ValueError) as error:
        raise sqlite3.DatabaseError(f"the chain of events is damaged: {error}") from error


def mark(db: sqlite3.Connection, name: str) -> str | None:
    """A value kept beside the events; None if there is none."""
    row = db.execute("SELECT value FROM marks WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else None


def set_mark(db: sqlite3.Connection, name: str, value: str) -> None:
    db.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (name, value))


class FileWatch:
    """Tells whether the files of an open database are still those on disk. What is written to a file that was removed or
    replaced is lost when it is closed, and no error tells of it."""

    def __init__(self, path: Path) -> None:
        """Make it after the first write, when the -wal and the -shm file are there. Raises OSError."""
        names = [str(path) + suffix for suffix in ("", "-wal", "-shm")]
        self._known = [(name, *_identity(name)) for name in names]
        self._looked_s = float("-inf")

    def replaced(self, *, thorough: bool = False) -> str:
        """The name of a file that is no longer there, or is another; "" if all are as they were. `thorough`: also the -shm file,
        which holds no event. Events that follow one another within LOOK_EVERY_S share one look."""
        now_s = time.monotonic()
        if not thorough and now_s - self._looked_s < LOOK_EVERY_S:
            return ""
        self._looked_s = now_s
        for name, device, inode in self._known if thorough else self._known[:2]:
            try:
                found = os.lstat(name)
            except OSError:
                return Path(name).name
            if found.st_ino != inode or found.st_dev != device:
                return Path(name).name
        return ""


def _identity(name: str) -> tuple[int, int]:
    # A symbolic link in the file's place is another file, wherever it leads.
    found = os.lstat(name)  # a third of the time of Path.lstat, at each event
    return found.st_dev, found.st_ino


class NotOurFile(Exception):
    """What is in the file is not what this process wrote; the text says so."""


Row = tuple[int, float, str, str, str]
"""seq, utc, prev_hash, hash, body."""


class JournalFile:
    """The open file of the one writer. `aside` and `why`: what was set aside when it was opened, and why a new epoch began.
    `begun`: this file is new, and what an earlier one knew of refs is lost at least in part.

    Raises JournalError.
    """

    db: sqlite3.Connection
    live: sqlite3.Connection

    def __init__(self, path: Path, gate_id: str, synchronous: str, memory: JournalMemory | None) -> None:
        self.path, self._gate_id, self._synchronous, self._memory = path, gate_id, synchronous, memory
        self.acked: Callable[[], Mapping[str, int]] = dict
        """Up to where HQ holds each epoch: the rest of a replaced file is saved for it."""
        self.signer: signed_heads.Signer | None = None
        """Signs what is saved of a replaced file."""
        self.aside: Path | None = None
        self.why, self.begun = "", False
        self.damage = ""
        """Set when `edge.storage.background_check` reads the file through and finds it damaged: a new one is begun at the next event."""
        self._own_refs: dict[str, int] = {}
        self._old: sqlite3.Connection | None = None
        try:
            self._lock = sqlite_file.lock(path)
        except sqlite_file.DatabaseLocked as error:
            raise JournalError(f"{error}: stop the other one first (systemctl stop sitegate-gate)") from error
        try:
            self._open()
        except BaseException as error:
            self._lock.close()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                raise JournalHeld(f"{path} is locked by another program: end that program") from error
            if isinstance(error, (OSError, sqlite3.Error)):
                raise JournalError(
                    f"{path} cannot be opened ({error}): check the folder's owner and free space"
                ) from error
            raise

    def tail(self) -> tuple[str, int, str]:
        """Epoch, newest seq and its hash. Raises JournalError for another gate's file."""
        epoch, gate_id, base_seq, base_hash = self.db.execute(
            "SELECT epoch, gate_id, base_seq, base_hash FROM journal"
        ).fetchone()
        if gate_id != self._gate_id:
            raise JournalError(f"{self.path} is the journal of gate {gate_id!r}: move it away, or correct site.gate_id")
        last = self.db.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        seq, digest = last or (base_seq, base_hash)
        return epoch, seq, digest

    def problem(self, *, thorough: bool = False) -> str:
        """Why this file must not be written any more; "" if it is the one on disk. `thorough`: see `FileWatch`."""
        if self.damage:
            return self.damage
        name = self._watch.replaced(thorough=thorough)
        return f"{name} was removed or replaced" if name else ""

    def store(self, row: Row, ref: str | None) -> None:
        """Add an event after the newest. Raises sqlite3.Error, NotOurFile."""
        try:
            self.db.execute("BEGIN IMMEDIATE")
            added = self.db.execute(_INSERT, (*row, row[0] - 1, row[2], row[0] - 1, row[2])).rowcount
            if added != 1:
                raise NotOurFile(f"{self.path.name} does not end with the event that was written last")
            if ref is not None:
                self.db.execute("INSERT INTO refs (ref, seq) VALUES (?, ?)", (ref, row[0]))
            self.db.execute("COMMIT")
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise
        if ref is not None:
            self._remember(ref, row[0])

    def seen(self, ref: str) -> bool:
        return ref in self._own_refs or bool(self.db.execute("SELECT 1 FROM refs WHERE ref = ?", (ref,)).fetchone())

    def last_ref(self, *beginnings: str) -> str | None:
        """The newest ref that begins with one of these. By the refs' own index: a journal may hold millions of them."""
        where = " OR ".join("(ref >= ? AND ref < ?)" for _ in beginnings)
        values = [value for text in beginnings for value in (text, text[:-1] + chr(ord(text[-1]) + 1))]
        found = self.db.execute(f"SELECT ref FROM refs WHERE {where} ORDER BY +seq DESC LIMIT 1", values).fetchone()
        return str(found[0]) if found else None

    def forget_codes(self) -> None:
        """Of refs in memory too: used codes whose events were pruned."""
        (base,) = self.db.execute("SELECT base_seq FROM journal").fetchone()
        first, end = CODE_REFS
        self._own_refs = {r: s for r, s in self._own_refs.items() if s > base or not first <= r < end}

    def mark(self, name: str) -> str | None:
        return mark(self.db, name)

    def set_mark(self, name: str, value: str) -> None:
        """Raises sqlite3.Error."""
        set_mark(self.db, name, value)

    def begin_again(self, why: str, *, complete: bool) -> Path | None:
        """Leave the present file and go on in a new one, with all refs and marks; what was set aside. `complete`: the old file
        still gives all that it knew.

        Raises OSError, sqlite3.Error: then the old file is still open, and still knows what was done.
        """
        refs, marks = self._refs(), self._marks()
        aside = sqlite_file.set_aside(self.path)
        self._lock_again()
        old, old_live = self.db, self.live
        self.db = self._connect(refs)
        try:
            for name, value in marks.items():
                set_mark(self.db, name, value)
            self._connect_live()
        except BaseException:
            self.db.close()
            self.db = old
            raise
        old_live.close()
        if self._old is not None:
            self._old.close()
        self._old, self.why, self.begun, self.damage = old, why, not complete, ""
        self.aside = aside if os.path.lexists(aside) else None
        if self.aside is None:  # what is left of the removed file is of no use to anybody
            for suffix in sqlite_file.COMPANIONS:
                aside.with_name(aside.name + suffix).unlink(missing_ok=True)
        return self.aside

    def _lock_again(self) -> None:
        """Where the folder itself was moved away, the lock went with it. Raises OSError: another process is the writer now."""
        if os.path.lexists(self.path.with_name(self.path.name + ".lock")):
            return
        try:
            lock = sqlite_file.lock(self.path)
        except sqlite_file.DatabaseLocked as error:
            raise OSError(str(error)) from error
        self._lock.close()
        self._lock = lock

    def save_old(self, tell: Callable[[str], None]) -> None:
        """Copy what HQ does not hold of the file that was left, beside the loop, and let go of it."""
        old, self._old = self._old, None
        if old is None:
            return
        acked = self.acked()

        def save() -> None:
            try:
                tell(str(salvage_from(old, self.path.name, self.path.parent, self._gate_id, acked, self.signer)))
            except NotSalvaged as error:
                tell(f"nothing was saved: {error}")
            finally:
                old.close()  # SQLite sees that the file was moved, and removes nothing

        threading.Thread(target=save, name="journal-save", daemon=True).start()

    @property
    def closed(self) -> bool:
        return self._lock.closed

    def close(self) -> None:
        """May be called twice."""
        self.live.close()
        self.db.close()
        self._lock.close()

    def _open(self) -> None:
        """Open the file, or a new one in its place. Raises OSError, sqlite3.Error."""
        expected = self._memory.head() if self._memory else None
        if os.path.lexists(self.path) and not stat.S_ISREG(os.lstat(self.path).st_mode):
            self._start_over("is no file", [])
        else:
            was_there = self.path.exists()
            try:
                self.db = self._connect(self._lasting())
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                self._start_over("was damaged", None)
            else:
                self.begun = not was_there
                if expected and not was_there:
                    self.why = f"{self.path.name} was removed while the gate was off"
                elif expected and (stale := self._older_than(*expected)):
                    self.db.close()
                    self._start_over(stale, None)
        self._connect_live()

    def _start_over(self, why: str, refs: Sequence[tuple[str, int]] | None) -> None:
        """`refs` None: those that the file set aside still gives."""
        self.aside = sqlite_file.set_aside(self.path)
        self.why, self.begun = f"{self.path.name} {why}", True
        known = salvaged_refs(self.aside) if refs is None else list(refs)
        lasting = [row for row in self._lasting() if row[0] not in dict(known)]
        self.db = self._connect([*known, *lasting])

    def _older_than(self, epoch: str, seq: int) -> str:
        """Why this is not the journal that ended at `seq`; "" if it is."""
        gate_id = self.db.execute("SELECT gate_id FROM journal").fetchone()[0]
        if gate_id != self._gate_id:
            return ""  # told by `tail`
        found, last, _ = self.tail()
        if found != epoch:
            return f"was replaced while the gate was off: it is epoch {found}, the last one here was {epoch}"
        return (
            f"was rolled back while the gate was off: it ends at event {last}, and {seq} was written"
            if last < seq
            else ""
        )

    def _connect(self, refs: Sequence[tuple[str, int]]) -> sqlite3.Connection:
        """Raises sqlite3.Error."""
        db = sqlite_file.connect(self.path, synchronous=self._synchronous, shrinks=True, timeout_s=BUSY_TIMEOUT_S)
        try:
            check(db, self.path)
            create(db, self._gate_id, refs)
            erasure.prepare(db)
            signed_heads.add_columns(db)
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _connect_live(self) -> None:
        self.live = sqlite_file.connect(self.path, synchronous="OFF", timeout_s=BUSY_TIMEOUT_S)
        self._watch = FileWatch(self.path)

    def _lasting(self) -> list[tuple[str, int]]:
        return [(ref, 0) for ref in self._memory.refs()] if self._memory else []

    def _refs(self) -> list[tuple[str, int]]:
        """All refs, oldest first: of the file as far as it can be read, and those that this process added."""
        found: dict[str, int] = {}
        try:
            found.update(self.db.execute("SELECT ref, seq FROM refs").fetchall())
        except sqlite3.Error:
            found.update(salvaged_refs(self.path))
        found.update(self._own_refs)
        return sorted(found.items(), key=lambda row: row[1])

    def _marks(self) -> dict[str, str]:
        try:
            return dict(self.db.execute("SELECT name, value FROM marks").fetchall())
        except sqlite3.Error:
            return {}

    def _remember(self, ref: str, seq: int) -> None:
        self._own_refs[ref] = seq
        if len(self._own_refs) > OWN_REFS:
            del self._own_refs[next(iter(self._own_refs))]


_INSERT = """
INSERT INTO events (seq, utc, prev_hash, hash, body) SELECT ?, ?, ?, ?, ? WHERE
EXISTS (SELECT 1 FROM events WHERE seq = ? AND hash = ?) OR EXISTS (SELECT 1 FROM journal WHERE base_seq = ? AND base_hash = ?)
"""
"""Only after the event that was written last: rows that somebody removed or changed are noticed."""
