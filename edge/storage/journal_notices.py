"""What happened to the journal's file itself, until it can be recorded: a lock of another program, a replaced file."""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import structlog

from contract.messages import NoticeCode
from edge.core.ports import JournalError, JournalHeld
from edge.storage import lock_holders

log = structlog.get_logger()

NOT_WRITTEN = "the journal cannot be written ({}): free disk space, check the card"
Record = Callable[[NoticeCode, str], None]
"""Records a notice. Raises JournalError."""


class _Locked(NamedTuple):
    """Since when (monotonic) another program has locked the journal, and which one."""

    since_s: float
    by: str


class FileNotices:
    """Remembers what is to be recorded about the file at `path`. `monotonic`: returns seconds."""

    def __init__(self, path: Path, monotonic: Callable[[], float]) -> None:
        self._path, self._monotonic = path, monotonic
        self._locked: _Locked | None = None
        self._replaced: deque[str] = deque()

    def __bool__(self) -> bool:
        return self._locked is not None or bool(self._replaced)

    def add_saved(self, words: str) -> None:
        """Remember what was saved of the file before. Called in another thread."""
        self._replaced.append(f"of the file before: {words}")

    def refusal(self, error: sqlite3.Error, what: str = "") -> JournalError:
        """Say in words why the file refuses, after `what`. Remember a lock of another program."""
        if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
            return JournalError(what + NOT_WRITTEN.format(error))
        by = lock_holders.in_words(lock_holders.writers(self._path))
        if self._locked is None:
            self._locked = _Locked(self._monotonic(), by)
        return JournalHeld(f"{what}the journal is locked by {by}: end that program")

    def record(self, record: Record, now_s: float) -> None:
        """Record everything. Never raises: the caller's own event is already on disk. What is refused now waits for
        the next call."""
        try:
            if (locked := self._locked) is not None:
                detail = f"locked for {now_s - locked.since_s:.1f} s by {locked.by}: nobody was let in meanwhile"
                record(NoticeCode.JOURNAL_HELD, detail)
                self._locked = None
            while self._replaced:
                record(NoticeCode.JOURNAL_RESTARTED, self._replaced[0])
                self._replaced.popleft()
        except JournalError as error:
            log.warning("journal_news_not_told", error=str(error))


@contextmanager
def in_words(text: str) -> Iterator[None]:
    """Turn an error of SQLite into a JournalError. `text`: what it says, with {} for SQLite's own words."""
    try:
        yield
    except sqlite3.Error as error:
        raise JournalError(text.format(error)) from error


def no_room(error: sqlite3.Error) -> bool:
    """Return True if more free space may help: SQLite reports a full disk in either of these ways."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
