"""Forgetting: the oldest events leave the journal's file, and its free pages the disk. A bounded slice at a time, because the
gate does it between two frames.
"""

import itertools
import sqlite3

PRUNE_EVENTS = 500
"""So many events are forgotten at once."""
SHRINK_PAGES = 128
"""So many pages (of 4 KiB) are given back at once."""
SPARE_MB = 4
"""Free pages that stay in the file for the next events."""
AHEAD_MAX_S = 86400.0
"""An event whose time lies further in the future than this was recorded by a wrong clock."""
CODE_REFS_DAYS = 1.0
"""Used codes are remembered for longer than any code is valid (12 h)."""
CODES_FORGOTTEN = "codes_forgotten_before"
"""The mark in the journal that says up to which time (Unix) of their use codes were forgotten."""
CODE_REFS = ("code-", "code.")
"""From, and before: the refs of used codes, which come with every passage. The others are few, and the rows they guard (desk
requests, incidents, commands) have no age: they are kept for ever."""


def prune(db: sqlite3.Connection, last_seq: int, before_s: float, now_s: float, *, forget_codes: bool) -> int:
    """Remove the leading run of events up to `last_seq` that were recorded before `before_s` (Unix time), or whose time has
    not come yet at `now_s`: a clock was wrong, and they must not keep all that follows for ever; how many.
    `forget_codes`: also that their codes were used. Raises sqlite3.Error."""
    oldest = db.execute(
        "SELECT seq, utc, hash FROM events WHERE seq <= ? ORDER BY seq LIMIT ?", (last_seq, PRUNE_EVENTS)
    )
    old = list(itertools.takewhile(lambda row: row[1] < before_s or row[1] > now_s + AHEAD_MAX_S, oldest.fetchall()))
    if not old:
        return 0
    through, _, digest = old[-1]
    try:
        db.execute("BEGIN IMMEDIATE")
        db.execute("DELETE FROM events WHERE seq <= ?", (through,))
        if forget_codes:
            refs = "DELETE FROM refs WHERE seq <= ? AND +ref >= ? AND +ref < ?"  # by refs_by_seq
            db.execute(refs, (through, *CODE_REFS))
            db.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (CODES_FORGOTTEN, str(before_s)))
        db.execute("UPDATE journal SET base_seq = ?, base_hash = ?", (through, digest))
        db.execute("COMMIT")
    except sqlite3.Error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return len(old)


def shrink(db: sqlite3.Connection) -> bool:
    """Give at most SHRINK_PAGES free pages back to the disk; True while there are more than SPARE_MB. A file made by an earlier
    version keeps its pages and uses them again. Raises sqlite3.Error."""
    free, page_bytes = pragma(db, "freelist_count"), pragma(db, "page_size")
    if not pragma(db, "auto_vacuum") or free * page_bytes <= SPARE_MB * 10**6:
        return False
    db.executescript(f"PRAGMA incremental_vacuum({SHRINK_PAGES})")  # `execute` would stop after the first page
    return True


def used_mb(db: sqlite3.Connection) -> float:
    """What the file's pages hold; free ones do not count."""
    pages = pragma(db, "page_count") - pragma(db, "freelist_count")
    return pages * pragma(db, "page_size") / 10**6


def pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])
