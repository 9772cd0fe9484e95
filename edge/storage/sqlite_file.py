"""What all database files share: owner and mode, opening for writing, transactions, moving a broken file away.

Each file has one writer process, which owns the file's folder, and any number of readers. In WAL mode none waits for
another. Readers need no right to write: the writer leaves the companions `-wal` and `-shm` behind, also when it ends.
"""

import contextlib
import fcntl
import os
import sqlite3
import stat
import time
from pathlib import Path
from typing import BinaryIO

from edge.system.regular_file import NotRegularFile

BUSY_TIMEOUT_S = 5.0
MODE = 0o640
"""The group reads. Only the owner writes."""
COMPANIONS = ("-wal", "-shm")
WAL_KEEP_BYTES = 4 * 1024 * 1024
"""SQLite cuts the -wal file to this size after a checkpoint. A long reader lets it grow without bound."""


class WriterConnection(sqlite3.Connection):
    """Leaves the companion files behind when it closes: a reader of another user cannot open the database without
    them."""

    path: Path | None = None

    def close(self) -> None:
        super().close()
        if self.path is not None and self.path.exists():
            for suffix in COMPANIONS:
                with contextlib.suppress(OSError):  # the disk refuses: readers wait for the next start
                    own(self.path.with_name(self.path.name + suffix))


def own(path: Path, mode: int = MODE) -> None:
    """Make a missing file, or correct its mode. A file made by root gets the folder's owner.

    Raises:
        NotRegularFile: something else lies there.
        OSError: the folder or the disk refuses.
    """
    # Never open an existing file: closing any descriptor of it ends all SQLite locks of this process on it.
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            raise NotRegularFile(path, "is no file") from None
        if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) != mode:
            path.chmod(mode)
        return
    try:
        os.fchmod(handle, mode)  # a technician's umask may be any
        folder = path.parent.stat()
        if os.geteuid() == 0:
            os.fchown(handle, folder.st_uid, folder.st_gid)
    finally:
        os.close(handle)


def connect(
    path: Path, *, synchronous: str = "FULL", shrinks: bool = False, timeout_s: float = BUSY_TIMEOUT_S
) -> sqlite3.Connection:
    """Open a database for its one writer process: WAL, manual transactions.

    `shrinks`: a new file can give free pages back to the disk (`PRAGMA incremental_vacuum`). Raises
    sqlite3.DatabaseError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        own(path)  # SQLite gives the companions the same owner and mode
    except OSError as error:
        raise sqlite3.OperationalError(f"{path}: {error.strerror}") from error
    db = sqlite3.connect(
        path, timeout=timeout_s, isolation_level=None, check_same_thread=False, factory=WriterConnection
    )
    try:
        if shrinks:
            db.execute("PRAGMA auto_vacuum=INCREMENTAL")  # must be first: later it has no effect
        db.execute("PRAGMA secure_delete=ON")  # deleted rows are overwritten and do not stay in free pages
        db.execute("PRAGMA journal_mode=WAL")
        set_synchronous(db, synchronous)
        db.execute(f"PRAGMA journal_size_limit={WAL_KEEP_BYTES}")
        db.path = path
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def set_synchronous(db: sqlite3.Connection, level: str) -> None:
    """Choose how long a commit waits for the disk: FULL, NORMAL or OFF."""
    db.execute(f"PRAGMA synchronous={level}")


class transaction:  # noqa: N801 - used like a function; a generator takes 2 µs more, at each event
    """Stores all or nothing. On disk at the end, if the connection is `synchronous=FULL`. Raises sqlite3.Error."""

    __slots__ = ("_db",)

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            if kind is None:
                self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")


def check_writable(db: sqlite3.Connection) -> None:
    """Take the write lock for a moment. Raises sqlite3.Error if another process holds it."""
    db.execute("BEGIN IMMEDIATE")
    db.execute("ROLLBACK")


def checkpoint(db: sqlite3.Connection) -> bool:
    """Move the write-ahead log into the database and cut it to nothing. Return False while a reader uses it.

    Never waits for a reader: the gate calls it between two frames. Raises sqlite3.Error.
    """
    wait_ms = pragma(db, "busy_timeout")
    db.execute("PRAGMA busy_timeout = 0")
    try:
        (busy, _, _) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        db.execute(f"PRAGMA busy_timeout = {wait_ms}")
    return not busy


def checkpoint_patiently(db: sqlite3.Connection) -> None:
    """Do the same, and wait for readers up to the connection's time-out. Raises sqlite3.Error."""
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def pragma(db: sqlite3.Connection, name: str) -> int:
    """Read a number that SQLite keeps about the database."""
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


def refuse_writes(db: sqlite3.Connection, *, refuse: bool) -> None:
    """Let a connection behave as if its disk refused, or end that."""
    db.execute(f"PRAGMA query_only={'ON' if refuse else 'OFF'}")


def wal_bytes(path: Path) -> int:
    """Return the size of a database's -wal file, or 0 if there is none."""
    try:
        return path.with_name(path.name + "-wal").stat().st_size
    except OSError:
        return 0


def check(db: sqlite3.Connection) -> None:
    """Check the file's pages. Raises sqlite3.DatabaseError if they are damaged."""
    found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(found)


def column_names(db: sqlite3.Connection, table: str) -> set[str]:
    """Return the names of a table's columns; empty if there is no such table."""
    return {str(row[1]) for row in db.execute(f"PRAGMA table_info({table})")}


def set_aside(path: Path) -> Path:
    """Move a damaged database and its companions away for later study. Return the new path."""
    aside = path.with_name(f"{path.name}.corrupt-{time.strftime('%Y%m%dT%H%M%S')}-{time.monotonic_ns() % 10**6}")
    for suffix in ("", *COMPANIONS):
        part = path.with_name(path.name + suffix)
        if os.path.lexists(part):
            part.rename(aside.with_name(aside.name + suffix))
    return aside


class DatabaseLocked(RuntimeError):
    """Another process is this file's writer."""


def lock(path: Path) -> BinaryIO:
    """Become the file's one writer, until the returned handle is closed or this process dies.

    Raises:
        DatabaseLocked: another process is the writer, or the folder refuses.
    """
    name = path.with_name(path.name + ".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        own(name, 0o600)  # a process that could read it could lock it, and the writer could not start
        handle = os.fdopen(os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "r+b")
    except OSError as error:
        raise DatabaseLocked(f"{name} cannot be opened ({error.strerror})") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise DatabaseLocked(f"another process is writing {path}") from error
    return handle
