"""scores.db: the counts of comparison scores by day. The gate process is its one writer; `sitegate check` reads it.

One row per day is replaced as a whole: a process killed at any moment leaves the day before or after an approach. Not
every write is synced to disk: a power cut may cost the last minutes' counts, never the file. No score is tied to a
person.
"""

import sqlite3
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import structlog
from pydantic import ValidationError

from edge.core.score_counts import KEEP_DAYS, DayScores
from edge.storage import sqlite_file
from edge.storage.database_reader import DatabaseReader

_log = structlog.get_logger()


class ScoreStore:
    """Implements `edge.core.ports.ScoreStore`. Sets a damaged file aside and begins a new one. Logs a disk that
    refuses."""

    def __init__(self, path: Path, may_write: Callable[[], bool] = lambda: True) -> None:
        """Open the file. `may_write`: False while the disk has room for events only; then the counts on it stay the
        same."""
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
        """Return all days kept, oldest first."""
        return _days(self._db) if self._db is not None else []

    def save(self, day: DayScores) -> None:
        """Replace a day's counts, and remove days that are too old."""
        if self._db is None or not self._may_write():
            return
        try:
            with sqlite_file.transaction(self._db):
                row = day.day.isoformat(), day.model_id, day.model_dump_json()
                self._db.execute("INSERT OR REPLACE INTO days (day, model_id, body) VALUES (?, ?, ?)", row)
                self._db.execute("DELETE FROM days WHERE day <= ?", (_oldest(day.day).isoformat(),))
        except sqlite3.Error as error:
            _log.warning("scores_not_kept", error=str(error))

    def close(self) -> None:
        """Close the file. May be called twice."""
        if self._db is not None:
            self._db.close()
            self._db = None


class ScoreReader(DatabaseReader):
    """Reads the counts in another process."""

    def days(self) -> list[DayScores]:
        """Return all days kept, oldest first. Return none while there is no file."""
        return self.ask(_days, [])


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
        except ValidationError:  # a row of another version
            continue
    return found


def _oldest(today: date) -> date:
    return today - timedelta(days=KEEP_DAYS)
