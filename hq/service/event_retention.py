"""Remove events by age, a slice in each turn."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog

from hq.database.clock import now
from hq.database.feed_readers import feed_readers
from hq.database.journal_starts import newest_event, removable_journals, remove_oldest
from hq.database.journals import claim
from hq.database.store import Store
from hq.database.values import Journal
from hq.feed.cursor import BadCursor, Position, read_cursor

log = structlog.get_logger()

SLICE = 1_000
"""Events that one transaction removes."""
EVERY_S = 3600.0
CLOCK_DOUBT = timedelta(days=7)
"""Nothing is removed if the gates' newest event is older than this by HQ's clock."""


class EventRetention:
    """Removes what was received longer ago than `keep`, and what every named reader of the feed has stored."""

    def __init__(self, store: Store, keep: timedelta | None) -> None:
        self._store, self._keep, self._due_s = store, keep, 0.0
        self._round: Iterator[int] | None = None

    def due(self) -> None:
        """Look at one journal, or remove one slice."""
        if self._keep is None or (self._round is None and time.monotonic() < self._due_s):
            return
        self._round = self._round or self._work(now(), self._keep)
        if next(self._round, None) is None:
            self._round, self._due_s = None, time.monotonic() + EVERY_S

    def _work(self, utc: datetime, keep: timedelta) -> Iterator[int]:
        """Remove slice by slice, journal by journal."""
        before = utc - keep
        with self._store.read() as db:
            newest = newest_event(db, utc)
            if newest is None or utc - newest > CLOCK_DOUBT:
                # By a clock that jumped ahead every event is old. The gates' clocks say whether it did.
                log.warning(
                    "events_kept", detail="no gate has had this day lately: is HQ's clock right?", newest=newest
                )
                return
            journals, held = removable_journals(db), {row.name: _positions(row.cursor) for row in feed_readers(db)}
        for journal, last in journals:
            behind = {name: at[journal].seq if journal in at else 0 for name, at in held.items()}
            up_to, removed = min([last, *behind.values()]), 0
            while (count := self._slice(journal, up_to, before)) is not None:
                removed += count
                yield count
                if count < SLICE:
                    break
            if removed:
                log.info("events_removed", gate_id=journal[0], epoch=journal[1], events=removed)

    def _slice(self, journal: Journal, up_to: int, before: datetime) -> int | None:
        """Remove a slice of a journal. Return how many events; None if another process stores of it just now."""
        if up_to <= 0:
            return 0
        with self._store.write() as db:
            if not claim(db, {journal}, wait=False):
                return None
            return remove_oldest(db, journal, up_to=up_to, before=before, utc=now(), limit=SLICE)


def _positions(cursor: str) -> dict[Journal, Position]:
    try:
        return read_cursor(cursor).positions
    except BadCursor:  # of another version: nothing that it may lack is removed
        return {}
