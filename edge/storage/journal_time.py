"""What the journal's writer knows of the time: both clocks at one moment, and since when this file knows what was
used."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from contract.codec import BadMessage, decode_event
from contract.messages import AnyEvent
from contract.times import step_between
from edge.core.ports import Clock
from edge.storage import journal_events, journal_tables, retention
from edge.storage.journal_file import JournalFile

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_KNOWS_SINCE = "knows_since"


class Reading(NamedTuple):
    """Both clocks at one moment."""

    utc: datetime
    monotonic_ms: int
    trusted: bool


class JournalTime:
    """Reads the clocks for events, and keeps the marks about time in the journal's file."""

    def __init__(self, clock: Clock, file: JournalFile) -> None:
        self._clock, self._file = clock, file
        self.boot_id = BOOT_ID.read_text().strip()
        self.before: Reading | None = None
        """The reading that the next one is compared with."""

    def now(self) -> Reading:
        """Read both clocks."""
        return Reading(self._clock.utc(), int(self._clock.monotonic() * 1000), self._clock.trusted())

    def continue_from(self, last: AnyEvent | None) -> None:
        """Compare the next reading with the newest event, if that is of this boot."""
        if last is not None and last.boot_id == self.boot_id:
            self.before = Reading(last.utc, last.monotonic_ms, last.clock_trusted)

    def step(self, now: Reading) -> timedelta | None:
        """Say by how much the wall clock was set since the reading before, or None."""
        if self.before is None:
            return None
        return step_between(self.before.utc, self.before.monotonic_ms, now.utc, now.monotonic_ms)

    def knows_since(self) -> datetime | None:
        """Return the time before which the file knows nothing, or None if it knows all."""
        value = journal_tables.mark(self._file.db, _KNOWS_SINCE)
        if value is None:
            return None
        utc, trusted, boot_id, monotonic_s = json.loads(value)
        if trusted:
            return datetime.fromisoformat(utc)
        # The wall clock was wrong then and may be right now. The monotonic clock says how long ago that was.
        since_s = self._clock.monotonic() - (monotonic_s if boot_id == self.boot_id else 0.0)
        return self._clock.utc() - timedelta(seconds=since_s)

    def begin(self) -> None:
        """Note that the file knows nothing before now. Raises sqlite3.Error."""
        clock = self._clock
        now = json.dumps((clock.utc().isoformat(), clock.trusted(), self.boot_id, clock.monotonic()))
        journal_tables.set_mark(self._file.db, _KNOWS_SINCE, now)

    def correct(self) -> None:
        """Correct the marks after a clock that was ahead. Raises sqlite3.Error.

        A file that begins in the future would refuse everything until then. Codes that were too old by the wrong clock
        were forgotten, and are still valid by the right one.
        """
        since, now = self.knows_since(), self._clock.utc()
        before_s = float(journal_tables.mark(self._file.db, journal_tables.CODES_FORGOTTEN) or 0)
        forgotten = before_s > (now - timedelta(days=retention.CODE_REFS_DAYS)).timestamp()
        if forgotten or (since is not None and since > now):
            self.begin()
        if forgotten:
            journal_tables.set_mark(self._file.db, journal_tables.CODES_FORGOTTEN, "0")

    def newest_trusted(self) -> tuple[datetime, float | None] | None:
        """Find the newest time recorded with a trusted clock, and its monotonic time if it is of this boot."""
        body = journal_events.newest_trusted(self._file.db)
        try:
            last = decode_event(body) if body is not None else None
        except BadMessage:  # an event of a newer version
            return None
        if last is None:
            return None
        return last.utc, last.monotonic_ms / 1000 if last.boot_id == self.boot_id else None
