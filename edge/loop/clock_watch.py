"""A clock that was set back: told, and believed again once HQ has signed something that proves the present time."""

import secrets
from datetime import timedelta
from typing import NamedTuple

from contract.messages import ClockEvent, NoticeCode, NoticeEvent
from edge.loop.adapters import Ports
from edge.loop.journal_writer import Book

SLACK = timedelta(minutes=2)
"""HQ's clock and a right one differ by less."""


class _Told(NamedTuple):
    """The notice that the clock is behind: where it stands in the journal, and when it was written (monotonic)."""

    epoch: str
    seq: int
    at_s: float


class ClockWatch:
    """A clock that was years ahead once must not be distrusted for ever when it is set right. HQ's acknowledgement of an event
    recorded since then says what time it was at HQ after that event: so it is no old one that somebody kept."""

    def __init__(self, ports: Ports, book: Book) -> None:
        self._p, self._book = ports, book
        self._told: _Told | None = None

    def keep(self) -> None:
        """Look at the clock. Raises JournalError."""
        bounds, clock = self._p.bounds, self._p.clock
        if bounds is None:
            return
        if not (behind := bounds.behind()):
            self._told = None
            bounds.note()
            if clock.trusted() and self._p.high_water is not None:
                self._p.high_water.note_time(clock.utc())
        elif self._told is None or self._told.epoch != self._p.journal.epoch:
            shown = (
                f"it shows {clock.utc():%Y-%m-%d %H:%M:%S} UTC, {_words(behind)} behind a time that it has shown before"
            )
            event = self._p.journal.append(NoticeEvent, code=NoticeCode.CLOCK_BEHIND, detail=shown)
            self._told = _Told(self._p.journal.epoch, event.seq, clock.monotonic())
        elif self._hq_agrees(self._told):
            self.believe("HQ's acknowledgement shows the same time")

    def believe(self, why: str, ref: str | None = None) -> None:
        """The present time is right. Earlier events of this boot with another time are corrected by it. Raises JournalError."""
        bounds, clock = self._p.bounds, self._p.clock
        if bounds is None:
            return
        self._book.once(ref or f"clock-{secrets.token_hex(8)}", NoticeCode.CLOCK_BELIEVED, why)
        bounds.believe()
        self._p.journal.time_corrected()
        if self._p.high_water is not None:
            self._p.high_water.lower_time(clock.utc())
        self._told = None
        self._p.journal.append(ClockEvent, was_utc=clock.utc(), was_trusted=False)

    def _hq_agrees(self, told: _Told) -> bool:
        """HQ signed its time after the notice was written, and that was at most as long ago as the notice."""
        now, since = self._p.clock.utc(), timedelta(seconds=self._p.clock.monotonic() - told.at_s)
        return any(
            ack.epoch == told.epoch and ack.seq >= told.seq and ack.utc - SLACK <= now <= ack.utc + since + SLACK
            for ack in self._p.roster.acks()
        )


def _words(behind: timedelta) -> str:
    minutes = behind.total_seconds() / 60
    return (
        f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h" if minutes < 2880 else f"{behind.days} days"
    )
