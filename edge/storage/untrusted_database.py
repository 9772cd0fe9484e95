"""A connection to a database that another process wrote. Its content is untrusted: it must be data only.

SQLite executes code in the file: views, triggers, virtual tables. This connection refuses all of it.
"""

import sqlite3
import time
from typing import Any

BYTES_MAX = 16 * 1024 * 1024
"""The longest text or blob. The largest message has 1.5 MB."""
QUERY_S = 20.0
"""A longer query is stopped. A week's passages of a busy gate take about a second."""
_STEPS = 100_000
ROWS_MAX = 20_000
RESULT_BYTES_MAX = 64 * 1024 * 1024
"""More than a gate's own processes ever need in one answer."""

_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: BYTES_MAX,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 100,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 10,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 100,
}
_FOREIGN = "SELECT name FROM sqlite_master WHERE type NOT IN ('table', 'index') OR sql LIKE 'CREATE VIRTUAL%' LIMIT 1"


def harden(db: sqlite3.Connection) -> None:
    """Make a connection read only and bounded, and let it refuse code in the file. Raises sqlite3.DatabaseError."""
    for limit, value in _LIMITS.items():
        db.setlimit(limit, value)
    for pragma in ("query_only=ON", "trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0"):
        db.execute(f"PRAGMA {pragma}")
    found = db.execute(_FOREIGN).fetchone()
    if found is not None:
        raise sqlite3.DatabaseError(f"holds {str(found[0])[:60]!r}, which is neither a table nor an index")
    db.set_authorizer(_allowed)
    db.set_progress_handler(_Deadline(QUERY_S).passed, _STEPS)


def rows(db: sqlite3.Connection, sql: str, values: tuple[object, ...] = (), types: tuple[type, ...] = ()) -> list[Any]:
    """Run a query. Return the rows whose columns have these `types`, if any are given.

    SQLite lets any column hold any type: a row with a number in place of a text is left out.
    Raises sqlite3.DatabaseError, also for more than ROWS_MAX rows or RESULT_BYTES_MAX bytes.
    """
    found: list[Any] = []
    size = 0
    for row in db.execute(sql, values):
        if not _of_types(row, types):
            continue
        size += sum(len(value) for value in row if isinstance(value, (str, bytes)))
        if len(found) >= ROWS_MAX or size > RESULT_BYTES_MAX:
            raise sqlite3.DataError(f"more than {ROWS_MAX} rows or {RESULT_BYTES_MAX} bytes in one answer")
        found.append(row)
    return found


def of_types(found: list[Any], types: tuple[type, ...]) -> list[Any]:
    """Return the rows whose columns have these types."""
    return [row for row in found if _of_types(row, types)]


def _of_types(row: tuple[Any, ...], types: tuple[type, ...]) -> bool:
    return not types or (
        len(row) == len(types) and all(isinstance(value, kind) for value, kind in zip(row, types, strict=True))
    )


def _allowed(action: int, first: str | None, second: str | None, database: str | None, source: str | None) -> int:
    """Refuse reads by a view or a trigger, and recursive queries."""
    if source is not None or action in (sqlite3.SQLITE_RECURSIVE, sqlite3.SQLITE_ATTACH):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


class _Deadline:
    """Ends a query that runs too long. SQLite calls `passed` every few milliseconds while a query runs, and never
    otherwise."""

    def __init__(self, query_s: float) -> None:
        self._query_s, self._began_s, self._last_s = query_s, 0.0, 0.0

    def passed(self) -> bool:
        now = time.monotonic()
        if now - self._last_s > 0.5:
            self._began_s = now
        self._last_s = now
        return now - self._began_s > self._query_s
