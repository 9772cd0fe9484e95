"""Follows the journal for all pages at once, and wakes the pages that wait for a change of the lane."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

import structlog

from edge.core.domain import LiveState
from edge.core.ports import JournalReader
from edge.screen.journal.totals import JournalTotals
from edge.screen.lane_view import NOT_RUNNING, LaneView, is_stale, lane_view
from edge.screen.site_time import SiteTime

POLL_S = 0.05
PAUSE_S = 1.0
"""After a journal that could not be read."""
PASSING = {"utc", "tone", "advice", "frames_per_s", "uptime_s", "memory_mb", "recognition", "disk", "greets"}
"""Fields of the live state that change at each beat: pages need no news of them."""
BATCH = 500
"""Records taken up per turn: a long journal is caught up in slices, so that the lane stays prompt."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Watch:
    """The screen's present knowledge of the gate. Everything runs on one event loop."""

    def __init__(self, journal: JournalReader, now: Callable[[], datetime] = utc_now) -> None:
        self._journal, self.now = journal, now
        self._behind = False
        self._moved = asyncio.Event()
        self._announced = NOT_RUNNING
        self._changed = asyncio.Event()
        self._state: dict[str, object] | None = None
        self._shown: object = None
        self.changes = 0
        """Grows by one each time when open pages have something new to show."""
        self.live: LiveState | None = None
        self.totals = JournalTotals()
        self.zone: Callable[[], tzinfo | None] = lambda: None
        """The site's zone, by which the trends count. When it changes, the journal is counted again."""
        self._counted_by: tzinfo | None = None

    @property
    def lane(self) -> LaneView:
        """The present view of the lane.

        It is computed at each call, so that a silent gate shows even if following failed.
        """
        return lane_view(self.live, self.now())

    @property
    def present(self) -> LiveState | None:
        """The gate's state; None while its process is silent."""
        return None if is_stale(self.live, self.now()) else self.live

    async def run(self) -> None:
        """Follow the journal until cancelled. A record that cannot be read is logged and tried again.

        A supervisor: no content of the gate's files ends it, or the lane would show the same for ever.
        """
        while True:
            pause = POLL_S
            try:
                self.turn()
            except Exception as error:  # noqa: BLE001 - as above: any content of a foreign file
                structlog.get_logger().warning("screen.journal_unreadable", error=type(error).__name__)
                pause = PAUSE_S
            await asyncio.sleep(0 if self._behind else pause)

    def turn(self) -> None:
        """Read new records, and announce a change of the lane.

        Raises:
            ValueError, OSError, sqlite3.Error: the journal holds a record that this software cannot read.
        """
        if self._journal.changed() or self._behind or self.zone() != self._counted_by:
            self._behind = False
            self.live = self._journal.live()
            self._state = self.live.model_dump(exclude=PASSING) if self.live else None
            self._read_records()
        if (lane := self.lane) != self._announced:
            self._announced = lane
            self._moved.set()
            self._moved = asyncio.Event()
        if (shown := (self.totals.epoch, self.totals.seq, self.present is None, self._state)) != self._shown:
            self._shown = shown
            self.announce()

    def announce(self) -> None:
        """Tell open pages that they have something new to show: at once, also of what the journal does not hold."""
        self.changes += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def lane_after(self, seen: LaneView | None, timeout_s: float) -> LaneView:
        """The lane's view as soon as it differs from `seen`, at the latest after `timeout_s`."""
        if self.lane == seen:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), timeout_s)
        return self.lane

    async def change_after(self, seen: int, timeout_s: float) -> int:
        """Return `changes` as soon as it differs from `seen`, at the latest after `timeout_s`."""
        if self.changes == seen:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), timeout_s)
        return self.changes

    def _read_records(self) -> None:
        epoch = self._journal.epoch
        if epoch != self.totals.epoch or self.zone() != self._counted_by:
            self._counted_by = self.zone()
            self.totals = JournalTotals(epoch, SiteTime(self._counted_by, {}).local)
        records = self._journal.records(self.totals.seq, BATCH)
        self.totals.add(records)
        self._behind = len(records) == BATCH
