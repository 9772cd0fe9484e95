"""What the database files have in common: opening, noticing changes, setting a broken file aside.

Each file has one writer process, which owns the file's folder, and any number of readers. WAL mode lets them not wait
for one another; a reader notices a change by `PRAGMA data_version`, and a replaced file by its inode. A reader needs no
right to write: the writer leaves the companions `-wal` and `-shm` behind, also when it ends.
"""

import contextlib
import fcntl
import os
import shutil
import sqlite3
import stat
import tempfile
import time
from pathlib import Path
from typing import Any, BinaryIO

import structlog

from edge.storage.untrusted_database import harden, rows
from edge.system.regular_file import NotRegularFile, check_regular

log = structlog.get_logger()

BUSY_TIMEOUT_S = 5.0
UNTRUSTED_WAIT_S = 0.25
"""The longest wait of the gate process for a lock that another process holds: a frame or two."""
MODE = 0o640
"""The group reads; the owner alone writes."""
COMPANIONS = ("-wal", "-shm")
WAL_KEEP_BYTES = 4 * 1024 * 1024
"""The -wal file is cut to this size once its content is in the database. A long reader lets it grow without bound."""
_CANNOT_OPEN = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM)
"""SQLite's primary error codes for a file that is there and cannot be opened by this user."""
_AGAIN_S = 1.0
"""A file that cannot be used is not tried again before so long."""


class WriterConnection(sqlite3.Connection):
    """A writer's connection, which leaves the companions behind: without them a reader of another user cannot open."""

    path: Path | None = None

    def close(self) -> None:
        super().close()
        if self.path is not None and self.path.exists():
            for suffix in COMPANIONS:
                with contextlib.suppress(OSError):  # the disk refuses: readers wait for the next start
                    own(self.path.with_name(self.path.name + suffix))


def own(path: Path, mode: int = MODE) -> None:
    """Make a file of this process if it is missing, and correct its mode. What root makes belongs to the folder's owner.

    Raises:
        NotRegularFile: something that is no file lies there.
        OSError: the folder or the disk refuses.
    """
    # A file that is there is not opened: closing any descriptor of it ends the locks of all SQLite connections of this
    # process to it.
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
        os.fchmod(handle, mode)  # whatever the umask, a technician's above all
        folder = path.parent.stat()
        if os.geteuid() == 0:
            os.fchown(handle, folder.st_uid, folder.st_gid)
    finally:
        os.close(handle)


def connect(
    path: Path, *, synchronous: str = "FULL", shrinks: bool = False, timeout_s: float = BUSY_TIMEOUT_S
) -> sqlite3.Connection:
    """A connection of the file's one writer process: WAL, manual transactions. A new file that `shrinks` can give free pages
    back (`PRAGMA incremental_vacuum`). Raises sqlite3.DatabaseError."""
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
            db.execute("PRAGMA auto_vacuum=INCREMENTAL")  # before anything else: later it would change nothing
        db.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten, and does not stay in free pages
        db.execute("PRAGMA journal_mode=WAL")
        db.execute(f"PRAGMA synchronous={synchronous}")
        db.execute(f"PRAGMA journal_size_limit={WAL_KEEP_BYTES}")
        db.path = path
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


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
    for suffix in ("", *COMPANIONS):
        part = path.with_name(path.name + suffix)
        if os.path.lexists(part):
            part.rename(aside.with_name(aside.name + suffix))
    return aside


class DatabaseLocked(RuntimeError):
    """Another process is this file's writer."""


def lock(path: Path) -> BinaryIO:
    """Become the file's one writer, until the returned handle is closed or this process dies, however it dies.

    Raises:
        DatabaseLocked: another process is the writer, or the folder refuses.
    """
    name = path.with_name(path.name + ".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # 0600: who can open it for reading can lock it, and the writer could not start.
        own(name, 0o600)
        handle = os.fdopen(os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "r+b")
    except OSError as error:
        raise DatabaseLocked(f"{name} cannot be opened ({error.strerror})") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise DatabaseLocked(f"another process is writing {path}") from error
    return handle


class DatabaseReader:
    """A read-only view of a database that may not exist yet, may be replaced, and must never stop its reader.

    `wait_s`: how long a reader waits for the writer's locks. What another user's process put in the file's place,
    such as a folder or a named pipe, counts as no file; the log says so once.

    `trouble` says why a file that is there cannot be read; "" while it can, or while there is none. On a read-only medium, where
    no writer can be at work, a copy is read: SQLite would need to write beside the file.
    """

    def __init__(self, path: Path, wait_s: float = BUSY_TIMEOUT_S) -> None:
        self._path, self._wait_s = path, wait_s
        self._db: sqlite3.Connection | None = None
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self._inode = 0
        self._version: int | None = None
        self._again_s = self._locked_s = 0.0
        self._said = self.trouble = ""
        self._bare_s: float | None = None
        """Since when the file has lacked a table: its owner is making it, if that is short."""

    def changed(self) -> bool:
        """True if there may be something new since the last call; False while there is no file."""
        db = self.db()
        if db is None:
            return False
        try:
            version = int(db.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.DatabaseError as error:
            self.gave_up(error)
            return False
        if version == self._version:
            return False
        self._version = version
        return True

    def db(self) -> sqlite3.Connection | None:
        """The open connection, reopened if the file was replaced; None while there is no file."""
        try:
            found = self._path.lstat()
        except OSError as error:
            self.close()
            self.trouble = "" if isinstance(error, FileNotFoundError) else _trouble(self._path, error)
            return None
        if self._db is None or found.st_ino != self._inode:
            self.close()
            same, self._inode = found.st_ino == self._inode, found.st_ino
            if time.monotonic() < (self._again_s if same else self._locked_s):
                return None
            try:
                self._db = self._open()
            except (OSError, sqlite3.DatabaseError) as error:
                self.gave_up(error)
                return None
        return self._db

    def rows(self, sql: str, values: tuple[object, ...] = (), types: tuple[type, ...] = ()) -> list[Any]:
        """The answer to a query (see `edge.storage.untrusted_database.rows`); nothing while there is no file. Raises sqlite3.DatabaseError."""
        db = self.db()
        return [] if db is None else rows(db, sql, values, types)

    def gave_up(self, error: sqlite3.DatabaseError | OSError) -> None:
        """Let go of a file that cannot be read. It is tried again after a while, a new file in its place at once, unless
        trying took time (a lock, a query without end). The log says it once."""
        self.close()
        self.trouble = _trouble(self._path, error)
        if _code(error) == sqlite3.SQLITE_ERROR:  # that is a table which is not there yet
            self._bare_s = self._bare_s or time.monotonic()
            if time.monotonic() - self._bare_s < _AGAIN_S:
                return
        else:
            self._again_s = time.monotonic() + _AGAIN_S
        if _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT):
            self._locked_s = self._again_s
        why = getattr(error, "strerror", None) or str(error)
        if why != self._said:
            self._said = why
            log.warning("database_not_read", path=str(self._path), error=why)

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        if self._db is not None:
            self._db.close()
        if self._copy is not None:
            self._copy.cleanup()
        self._db, self._copy, self._version = None, None, None

    def _open(self) -> sqlite3.Connection:
        for suffix in ("", *COMPANIONS):
            part = self._path.with_name(self._path.name + suffix)
            with contextlib.suppress(FileNotFoundError):
                check_regular(part)  # not opened: see `own`
        try:
            db = self._connected(self._path, "mode=ro")
        except sqlite3.OperationalError as error:
            if _code(error) not in _CANNOT_OPEN or not _read_only_medium(self._path):
                raise
            db = self._opened_copy()
        self.trouble = ""
        return db

    def _opened_copy(self) -> sqlite3.Connection:
        """The file as it lies on a read-only medium, with what its -wal file holds. Raises OSError, sqlite3.Error."""
        if wal_bytes(self._path) == 0:
            return self._connected(self._path, "immutable=1")
        self._copy = tempfile.TemporaryDirectory(prefix="sitegate-", ignore_cleanup_errors=True)
        copy = Path(self._copy.name) / self._path.name
        for suffix in ("", "-wal"):
            shutil.copyfile(self._path.with_name(self._path.name + suffix), copy.with_name(copy.name + suffix))
        return self._connected(copy, "mode=rw")

    def _connected(self, path: Path, how: str) -> sqlite3.Connection:
        uri = f"{path.absolute().as_uri()}?{how}"
        db = sqlite3.connect(uri, uri=True, timeout=self._wait_s, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA schema_version")  # SQLite opens the file here, not before
            harden(db)
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db


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
