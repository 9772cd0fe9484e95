"""What the three database files have in common: opening, noticing changes, setting a broken file aside.

Each file has one writer process and any number of readers. WAL mode lets them not wait for one another; a reader
notices a change by `PRAGMA data_version`, and a replaced file by its inode.
"""

import fcntl
import os
import sqlite3
import time
from pathlib import Path
from typing import BinaryIO

BUSY_TIMEOUT_S = 5.0


def connect(path: Path, *, synchronous: str = "FULL", shrinks: bool = False) -> sqlite3.Connection:
    """A connection of the file's one writer process: WAL, manual transactions. A new file that `shrinks` can give free pages
    back (`PRAGMA incremental_vacuum`). Raises sqlite3.DatabaseError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # SQLite would create the file 0640 and give its companions the same mode: then whichever process opens it first
    # locks the others' users out of the shared index. The group is the gate's own (docs/OPERATIONS.md).
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
        if os.fstat(handle).st_uid == os.geteuid():
            os.fchmod(handle, 0o660)  # whatever the umask of whoever comes first, a technician's above all
        os.close(handle)
    except OSError as error:
        raise sqlite3.OperationalError(f"{path}: {error.strerror}") from error
    db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        if shrinks:
            db.execute("PRAGMA auto_vacuum=INCREMENTAL")  # before anything else: later it would change nothing
        db.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten, and does not stay in free pages
        db.execute("PRAGMA journal_mode=WAL")
        db.execute(f"PRAGMA synchronous={synchronous}")
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def check(db: sqlite3.Connection) -> None:
    """Raises sqlite3.DatabaseError if the file's pages are damaged."""
    found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(found)


def set_aside(path: Path) -> Path:
    """Move a damaged database and its companions out of the way, for later study; the new name."""
    aside = path.with_name(f"{path.name}.corrupt-{time.strftime('%Y%m%dT%H%M%S')}-{time.monotonic_ns() % 10**6}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


class Locked(RuntimeError):
    """Another process is this file's writer."""


def lock(path: Path) -> BinaryIO:
    """Become the file's one writer, until the returned handle is closed or this process dies, however it dies.

    Raises:
        Locked: another process is the writer, or the folder refuses.
    """
    name = path.with_name(path.name + ".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.fdopen(os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660), "r+b")
    except OSError as error:
        raise Locked(f"{name} cannot be opened ({error.strerror})") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise Locked(f"another process is writing {path}") from error
    return handle


class Reader:
    """A read-only view of a database that may not exist yet, may be replaced, and must never stop its reader."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._inode = 0
        self._version: int | None = None

    def changed(self) -> bool:
        """True if there may be something new since the last call; False while there is no file."""
        db = self.db()
        if db is None:
            return False
        try:
            version = int(db.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.DatabaseError:
            self.close()
            return False
        if version == self._version:
            return False
        self._version = version
        return True

    def db(self) -> sqlite3.Connection | None:
        """The open connection, reopened if the file was replaced; None while there is no file."""
        try:
            inode = self._path.stat().st_ino
        except OSError:
            self.close()
            return None
        if self._db is None or inode != self._inode:
            self.close()
            try:
                self._db = sqlite3.connect(
                    f"{self._path.resolve().as_uri()}?mode=ro",
                    uri=True,
                    timeout=BUSY_TIMEOUT_S,
                    check_same_thread=False,
                )
            except sqlite3.OperationalError:
                return None
            self._inode = inode
        return self._db

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        if self._db is not None:
            self._db.close()
        self._db, self._version = None, None
