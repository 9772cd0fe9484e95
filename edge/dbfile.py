"""What the three database files have in common: opening, noticing changes, setting a broken file aside.

Each file has one writer process and any number of readers. WAL mode lets them not wait for one another; a reader
notices a change by `PRAGMA data_version`, and a replaced file by its inode.
"""

import fcntl
import os
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import BinaryIO

BUSY_TIMEOUT_S = 5.0
"""How long to wait for a locked database. A process that must not stand still passes a shorter time."""
MODE = 0o660
WAL_KEEP_BYTES = 4 * 1024 * 1024
"""The -wal file is cut to this size once its content is in the database. A long reader lets it grow without bound."""
_CANNOT_OPEN = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR)
"""SQLite's primary error codes for a file that is there and cannot be opened by this user."""


def connect(
    path: Path, *, synchronous: str = "FULL", shrinks: bool = False, timeout_s: float = BUSY_TIMEOUT_S
) -> sqlite3.Connection:
    """A connection of the file's one writer process: WAL, manual transactions. A new file that `shrinks` can give free pages
    back (`PRAGMA incremental_vacuum`). Raises sqlite3.DatabaseError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        _make(path)
    except OSError as error:
        raise sqlite3.OperationalError(f"{path}: {error.strerror}") from error
    db = sqlite3.connect(path, timeout=timeout_s, isolation_level=None, check_same_thread=False)
    try:
        if shrinks:
            db.execute("PRAGMA auto_vacuum=INCREMENTAL")  # before anything else: later it would change nothing
        db.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten, and does not stay in free pages
        db.execute("PRAGMA journal_mode=WAL")
        db.execute(f"PRAGMA synchronous={synchronous}")
        db.execute(f"PRAGMA journal_size_limit={WAL_KEEP_BYTES}")
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _make(path: Path) -> None:
    """Create the file, or correct its mode. Raises OSError.

    SQLite gives its companions the mode of the file. An existing file is not opened here: closing any handle of a file drops
    all locks that this process holds on it (fcntl), and SQLite's own would be among them. Another program that then closes
    the database would delete the -wal file under this process.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
    except FileExistsError:
        found = path.stat()
        if found.st_uid == os.geteuid() and found.st_mode & 0o777 != MODE:
            path.chmod(MODE)
        return
    try:
        os.fchmod(handle, MODE)  # also with another umask, for example a technician's
    finally:
        os.close(handle)


def wal_bytes(path: Path) -> int:
    """The size of the -wal file of a database; 0 if there is none."""
    try:
        return path.with_name(path.name + "-wal").stat().st_size
    except OSError:
        return 0


def check(db: sqlite3.Connection) -> None:
    """Raises sqlite3.DatabaseError if the file's pages are damaged."""
    found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(found)


def set_aside(path: Path) -> Path:
    """Move a damaged database and its companions, or what lies in their place, out of the way for later study; the new name."""
    aside = path.with_name(f"{path.name}.corrupt-{time.strftime('%Y%m%dT%H%M%S')}-{time.monotonic_ns() % 10**6}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if os.path.lexists(part):
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
    """A read-only view of a database that may not exist yet, may be replaced, and must never stop its reader.

    `trouble` says why a file that is there cannot be read; "" while it can, or while there is none. On a read-only medium, where
    no writer can be at work, a copy is read: SQLite would need to write beside the file.
    """

    def __init__(self, path: Path, timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self._path, self._timeout_s = path, timeout_s
        self._db: sqlite3.Connection | None = None
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self._inode = 0
        self._version: int | None = None
        self.trouble = ""

    def changed(self) -> bool:
        """True if there may be something new since the last call; False while there is no file."""
        db = self.db()
        if db is None:
            return False
        try:
            version = int(db.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.DatabaseError as error:
            self.failed(error)
            return False
        if version == self._version:
            return False
        self._version = version
        return True

    def db(self) -> sqlite3.Connection | None:
        """The open connection, reopened if the file was replaced; None while there is no file, or it cannot be opened."""
        try:
            inode = self._path.stat().st_ino
        except OSError as error:
            self.close()
            self.trouble = "" if isinstance(error, FileNotFoundError) else f"{self._path}: {error.strerror}"
            return None
        if self._db is None or inode != self._inode:
            self.close()
            try:
                self._db = self._open()
            except (OSError, sqlite3.Error) as error:
                self.trouble = _trouble(self._path, error)
                return None
            self._inode = inode
        return self._db

    def failed(self, error: sqlite3.Error) -> None:
        """A query failed: remember why, and open the file again at the next look."""
        self.trouble = _trouble(self._path, error)
        self.close()

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        if self._db is not None:
            self._db.close()
        if self._copy is not None:
            self._copy.cleanup()
        self._db, self._copy, self._version = None, None, None

    def _open(self) -> sqlite3.Connection:
        db = self._connected(self._path, "mode=ro")
        try:
            db.execute("PRAGMA schema_version")  # the file is opened here, not by `connect`
            self.trouble = ""
            return db
        except sqlite3.DatabaseError as error:
            if _code(error) not in _CANNOT_OPEN:
                return db  # damaged, or locked: each query says so itself
            db.close()
            if not _read_only_medium(self._path):
                raise
        return self._opened_copy()

    def _opened_copy(self) -> sqlite3.Connection:
        """The file as it lies on a read-only medium, with what its -wal file holds. Raises OSError, sqlite3.Error."""
        if wal_bytes(self._path) == 0:
            db = self._connected(self._path, "immutable=1")
        else:
            self._copy = tempfile.TemporaryDirectory(prefix="sitegate-", ignore_cleanup_errors=True)
            copy = Path(self._copy.name) / self._path.name
            for suffix in ("", "-wal"):
                shutil.copyfile(self._path.with_name(self._path.name + suffix), copy.with_name(copy.name + suffix))
            db = self._connected(copy, "mode=rw")
        db.execute("PRAGMA schema_version")
        self.trouble = ""
        return db

    def _connected(self, path: Path, how: str) -> sqlite3.Connection:
        uri = f"{path.resolve().as_uri()}?{how}"
        return sqlite3.connect(uri, uri=True, timeout=self._timeout_s, check_same_thread=False)


def _code(error: BaseException) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _read_only_medium(path: Path) -> bool:
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def _trouble(path: Path, error: BaseException) -> str:
    """One sentence with what to do."""
    if _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"{path} is locked by another program: end that program, then try again"
    if _code(error) in _CANNOT_OPEN or isinstance(error, OSError):
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return f"{path} is there and cannot be opened ({why}): run this as its owner, or copy the folder to a disk with room"
    return f"{path} is there and cannot be read ({error}): it may be damaged; keep a copy of it"
