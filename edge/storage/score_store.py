"""scores.db: the counts of comparison scores by day. The gate process is its one writer; `sitegate check` reads it.

One row per day, replaced as a whole, so a process killed at any moment leaves the day before or after an approach. Not synced
to disk at every write: a power cut may cost the last minutes' counts, never the file. No score is tied to a person.
"""

import sqlite3
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import structlog
from pydantic import ValidationError

from edge.core.score_counts import KEEP_DAYS, DayScores
from edge.storage import sqlite_file

_log = structlog.get_logger()


class ScoreStore:
    """Implements `edge.core.ports.ScoreStore`. A damaged file is set aside and begun anew; a disk that refuses is logged."""

    def __init__(self, path: Path, may_write: Callable[[], bool] = lambda: True) -> None:
        """`may_write`: False while the disk has no room for more than events; the counts then stay as they are on it."""
        self._may_write = may_write
        self._db: sqlite3.Connection | None = None
        try:
            try:
                self._db = _opened(path)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                _log.warning("scores_restarted", aside=sqlite_file.set_aside(path).name)
                self._db = _opened(path)
        except (OSError, sqlite3.Error) as error:
            _log.warning("scores_not_kept", error=str(error))

    def days(self) -> list[DayScores]:
        return _days(self._db) if self._db is not None else []

    def save(self, day: DayScores) -> None:
        if self._db is None or not self._may_write():
            return
        try:
            self._db.execute("BEGIN IMMEDIATE")
            row = day.day.isoformat(), day.model_id, day.model_dump_json()
            self._db.execute("INSERT OR REPLACE INTO days (day, model_id, body) VALUES (?, ?, ?)", row)
            self._db.execute("DELETE FROM days WHERE day <= ?", (_oldest(day.day).isoformat(),))
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            _log.warning("scores_not_kept", error=str(error))

    def close(self) -> None:
        """May be called twice."""
        if self._db is not None:
            self._db.close()
            self._db = None


class ScoreReader(sqlite_file.DatabaseReader):
    """The counts as another process sees them."""

    def days(self) -> list[DayScores]:
        """All days kept, oldest first; none while there is no file."""
        db = self.db()
        try:
            return _days(db) if db is not None else []
        except sqlite3.DatabaseError as error:  # also while its writer creates or replaces it
            self.gave_up(error)
            return []


def _opened(path: Path) -> sqlite3.Connection:
    db = sqlite_file.connect(path, synchronous="NORMAL")
    try:
        sqlite_file.check(db)
        db.execute("CREATE TABLE IF NOT EXISTS days (day TEXT, model_id TEXT, body TEXT, PRIMARY KEY (day, model_id))")
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _days(db: sqlite3.Connection) -> list[DayScores]:
    found = []
    for (body,) in db.execute("SELECT body FROM days ORDER BY day, model_id"):
        try:
            found.append(DayScores.model_validate_json(body))
        except ValidationError:  # another version's row: it says nothing to this one
            continue
    return found


def _oldest(today: date) -> date:
    return today - timedelta(days=KEEP_DAYS)
