"""Reads a large journal through beside the loop, slowly: a page that a worn card has lost is found before it is needed.

The start itself reads only the journal's end, so that it does not take longer the more events there are.
"""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from contract.chain import changed
from contract.messages import EventRecord
from edge.storage import erasure, sqlite_file

log = structlog.get_logger()

ROWS = 200
PAUSE_S = 0.1
"""2,000 events in a second: a card can do ten times as much."""


class BackgroundCheck:
    """A thread that reads all events and refs once. `found` is called with what is wrong, in that thread."""

    def __init__(self, path: Path, found: Callable[[str], None], pause_s: float = PAUSE_S) -> None:
        self._reader, self._found, self._pause_s = sqlite_file.DatabaseReader(path), found, pause_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal-scrub", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """May be called twice, and before `start`."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def wait(self) -> None:
        """Until all is read, for a test."""
        self._thread.join()

    def _run(self) -> None:
        db = self._reader.db()
        try:
            if db is not None:
                self._events(db)
                self._refs(db)
        except sqlite3.OperationalError as error:  # busy, or the gate ends: the next start reads it
            log.info("journal_not_read_through", error=str(error))
        except (sqlite3.DatabaseError, ValueError) as error:
            log.error("journal_damaged", error=str(error))
            self._found(f"journal.db is damaged: {error}"[:200])
        finally:
            self._reader.close()

    def _events(self, db: sqlite3.Connection) -> None:
        """Raises sqlite3.DatabaseError, ValueError: an event cannot be read, or is not the one that was written."""
        asked = (
            f"SELECT seq, prev_hash, hash, body, {erasure.column(db)} FROM events WHERE seq > ? ORDER BY seq LIMIT ?"
        )
        seq, digest = 0, ""
        while rows := db.execute(asked, (seq, ROWS)).fetchall():
            for number, prev_hash, hash_, body, erased in rows:
                follows = not digest or (seq + 1, digest) == (number, prev_hash) or self._pruned(db, number)
                record = EventRecord(seq=number, prev_hash=prev_hash, hash=hash_, body=body, erased=erased)
                if not follows or changed(record):
                    raise ValueError(f"event {number} is missing, or is not what was written")
                seq, digest = number, hash_
            if self._stop.wait(self._pause_s):
                return

    def _pruned(self, db: sqlite3.Connection, number: int) -> bool:
        """True if all before this event was forgotten meanwhile."""
        return bool(db.execute("SELECT 1 FROM journal WHERE base_seq >= ?", (number - 1,)).fetchone())

    def _refs(self, db: sqlite3.Connection) -> None:
        ref = ""
        while rows := db.execute(
            "SELECT ref, seq FROM refs WHERE ref > ? ORDER BY ref LIMIT ?", (ref, ROWS)
        ).fetchall():
            ref = str(rows[-1][0])
            if self._stop.wait(self._pause_s):
                return
