"""Reads a large journal once, slowly, beside the loop: damage of a worn card is found before the page is needed.

The start itself reads only the journal's end, so that it does not take longer with more events.
"""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from contract.chain import changed
from edge.storage import journal_events, journal_tables
from edge.storage.database_reader import DatabaseReader

log = structlog.get_logger()

ROWS = 200
PAUSE_S = 0.1
"""2,000 events per second. A card can read ten times as many."""


class BackgroundCheck:
    """A thread that reads all events and refs once. It calls `found` with what is wrong, in that thread."""

    def __init__(self, path: Path, found: Callable[[str], None], *, pause_s: float = PAUSE_S) -> None:
        self._reader, self._found, self._pause_s = DatabaseReader(path), found, pause_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal-scrub", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop. May be called twice, and before `start`."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def wait(self) -> None:
        """Wait until all is read, for a test."""
        self._thread.join()

    def _run(self) -> None:
        db = self._reader.db()
        try:
            if db is not None:
                self._read_events(db)
                self._read_refs(db)
        except sqlite3.OperationalError as error:  # busy, or the gate ends: the next start reads it
            log.info("journal_not_read_through", error=str(error))
        except (sqlite3.DatabaseError, ValueError) as error:
            log.error("journal_damaged", error=str(error))
            self._found(f"journal.db is damaged: {error}"[:200])
        finally:
            self._reader.close()

    def _read_events(self, db: sqlite3.Connection) -> None:
        """Raises sqlite3.DatabaseError, ValueError: an event cannot be read, or was changed."""
        seq, digest = 0, ""
        while records := journal_events.unsigned_records(db, seq, ROWS):
            for record in records:
                follows = not digest or (seq + 1, digest) == (record.seq, record.prev_hash)
                # All events before this one may have been removed meanwhile.
                if not (follows or journal_tables.base(db).seq >= record.seq - 1) or changed(record):
                    raise ValueError(f"event {record.seq} is missing, or is not what was written")
                seq, digest = record.seq, record.hash
            if self._stop.wait(self._pause_s):
                return

    def _read_refs(self, db: sqlite3.Connection) -> None:
        ref = ""
        while refs := journal_tables.refs_page(db, ref, ROWS):
            ref = refs[-1]
            if self._stop.wait(self._pause_s):
                return
