"""Removing old events: the oldest ones leave the journal's file, and free pages go back to the disk.

One bounded slice at a time, because the gate does it between two frames.
"""

import itertools
import sqlite3

from edge.storage import journal_events, journal_tables
from edge.storage.journal_file import JournalFile
from edge.storage.sqlite_file import pragma, transaction

PRUNE_EVENTS = 500
"""Number of events that are removed at once."""
SHRINK_PAGES = 128
"""Number of pages (of 4 KiB) that are given back at once."""
SPARE_MB = 4
"""Free pages that stay in the file for the next events."""
AHEAD_MAX_S = 86400.0
"""An event whose time lies further in the future was recorded by a wrong clock."""
CODE_REFS_DAYS = 1.0
"""Used codes are remembered for longer than any code is valid (12 h)."""


def prune(file: JournalFile, *, last_seq: int, before_s: float, now_s: float, forget_codes: bool) -> int:
    """Remove the leading run of events up to `last_seq` that were recorded before `before_s` (Unix time). Return their
    number.

    An event from the future (after `now_s`) is removed, too: a clock was wrong, and the event must not keep all that
    follow for ever. `forget_codes`: also forget that their codes were used. Raises sqlite3.Error.
    """
    oldest = journal_events.times(file.db, last_seq, PRUNE_EVENTS)
    old = list(itertools.takewhile(lambda row: row[1] < before_s or row[1] > now_s + AHEAD_MAX_S, oldest))
    if not old:
        return 0
    through, _, digest = old[-1]
    with transaction(file.db):
        journal_events.remove_through(file.db, through)
        if forget_codes:
            journal_tables.forget_code_refs(file.db, through)
            journal_tables.set_mark(file.db, journal_tables.CODES_FORGOTTEN, str(before_s))
        journal_tables.set_base(file.db, journal_tables.Base(through, digest))
    if forget_codes:
        file.forget_codes()
    return len(old)


def shrink(db: sqlite3.Connection) -> bool:
    """Give at most SHRINK_PAGES free pages back to the disk. Return True while more than SPARE_MB are free.

    A file of an earlier version keeps its pages and uses them again. Raises sqlite3.Error.
    """
    free, page_bytes = pragma(db, "freelist_count"), pragma(db, "page_size")
    if not pragma(db, "auto_vacuum") or free * page_bytes <= SPARE_MB * 10**6:
        return False
    db.executescript(f"PRAGMA incremental_vacuum({SHRINK_PAGES})")  # `execute` would stop after the first page
    return True


def used_mb(db: sqlite3.Connection) -> float:
    """Return what the file's pages hold, without free ones."""
    pages = pragma(db, "page_count") - pragma(db, "freelist_count")
    return pages * pragma(db, "page_size") / 10**6
