"""Reading a database that another process writes: open it, notice changes and replacement, survive damage.

A reader notices a change by `PRAGMA data_version`, and a replaced file by its inode.
"""

import contextlib
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

import structlog

from edge.storage.sqlite_file import BUSY_TIMEOUT_S, COMPANIONS, pragma, wal_bytes
from edge.storage.untrusted_database import harden, rows
from edge.system.regular_file import check_regular

log = structlog.get_logger()

T = TypeVar("T")

UNTRUSTED_WAIT_S = 0.25
"""The gate process waits at most this long for another process's lock: a frame or two."""
_CANNOT_OPEN = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM)
"""SQLite's primary error codes for an existing file that this user cannot open."""
_AGAIN_S = 1.0
"""Pause before an unusable file is tried again."""


class Ask(Protocol):
    """Runs a query and gives its rows. Rows whose columns do not have these `types` are left out."""

    def __call__(self, sql: str, values: tuple[object, ...] = (), types: tuple[type, ...] = ()) -> list[Any]: ...


class DatabaseReader:
    """Reads a database that may be missing, damaged or replaced at any time. Never stops its caller.

    `wait_s`: the longest wait for the writer's locks. A folder or a named pipe in the file's place counts as no file,
    and is logged once. On a read-only medium no writer can be at work: a copy is read, because SQLite must write beside
    the file.

    `trouble` says why an existing file cannot be read. It is "" while the file can be read or is missing. `opened`
    grows with each opening: another file may lie there.
    """

    def __init__(self, path: Path, wait_s: float = BUSY_TIMEOUT_S) -> None:
        self._path, self._wait_s = path, wait_s
        self._db: sqlite3.Connection | None = None
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self._inode = 0
        self._version: int | None = None
        self._again_s = self._locked_s = 0.0
        self._logged = self.trouble = ""
        self.opened = 0
        self._no_table_since_s: float | None = None
        """Since when a table has been missing. For a short time that is normal: the owner is creating it."""

    def changed(self) -> bool:
        """Return True if something may have changed since the last call. Return False while there is no file."""
        db = self.db()
        if db is None:
            return False
        try:
            version = pragma(db, "data_version")
        except sqlite3.DatabaseError as error:
            self.gave_up(error)
            return False
        if version == self._version:
            return False
        self._version = version
        return True

    def db(self) -> sqlite3.Connection | None:
        """Return the connection, reopened if the file was replaced. Return None while there is no file."""
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
        """Run a query, as `edge.storage.untrusted_database.rows` does. Return nothing while there is no file.

        Raises sqlite3.DatabaseError.
        """
        db = self.db()
        return [] if db is None else rows(db, sql, values, types)

    def ask(self, question: Callable[[sqlite3.Connection], T], nothing: T) -> T:
        """Return the answer to a question about the database; `nothing` while there is no file or it cannot be read."""
        db = self.db()
        if db is None:
            return nothing
        try:
            return question(db)
        except sqlite3.DatabaseError as error:  # also while its writer creates or replaces it
            self.gave_up(error)
            return nothing

    def gave_up(self, error: sqlite3.DatabaseError | OSError) -> None:
        """Close a file that cannot be read, and log the reason once.

        It is tried again after a pause. A new file in its place is tried at once, unless the trial took time (a lock,
        an endless query).
        """
        self.close()
        self.trouble = _trouble(self._path, error)
        if _code(error) == sqlite3.SQLITE_ERROR:  # a table does not exist yet
            self._no_table_since_s = self._no_table_since_s or time.monotonic()
            if time.monotonic() - self._no_table_since_s < _AGAIN_S:
                return
        else:
            self._again_s = time.monotonic() + _AGAIN_S
        if _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT):
            self._locked_s = self._again_s
        why = getattr(error, "strerror", None) or str(error)
        if why != self._logged:
            self._logged = why
            log.warning("database_not_read", path=str(self._path), error=why)

    def close(self) -> None:
        """Close the file. May be called twice."""
        if self._db is not None:
            self._db.close()
        if self._copy is not None:
            self._copy.cleanup()
        self._db, self._copy, self._version = None, None, None

    def _open(self) -> sqlite3.Connection:
        for suffix in ("", *COMPANIONS):
            part = self._path.with_name(self._path.name + suffix)
            with contextlib.suppress(FileNotFoundError):
                check_regular(part)  # without opening it: see `edge.storage.sqlite_file.own`
        try:
            db = self._connected(self._path, "mode=ro")
        except sqlite3.OperationalError as error:
            if _code(error) not in _CANNOT_OPEN or not _read_only_medium(self._path):
                raise
            db = self._opened_copy()
        self.trouble = ""
        self.opened += 1
        return db

    def _opened_copy(self) -> sqlite3.Connection:
        """Open the file of a read-only medium, with the content of its -wal file. Raises OSError, sqlite3.Error."""
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
            pragma(db, "schema_version")  # SQLite opens the file here, not before
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
    """Say in one sentence what is wrong and what to do."""
    if _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"{path} is locked by another program: end that program, then try again"
    if _code(error) in _CANNOT_OPEN or isinstance(error, OSError):
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return f"{path} is there and cannot be opened ({why}): run this as its owner, or copy the folder to a disk with room"
    return f"{path} is there and cannot be read ({error}): it may be damaged; keep a copy of it"
