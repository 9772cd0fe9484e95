"""A clock that was set back: report, and believed again once HQ has signed something that proves the present time."""

import secrets
from datetime import timedelta
from typing import NamedTuple

from contract.messages import ClockEvent, NoticeCode, NoticeEvent
from edge.loop.adapters import Adapters
from edge.loop.journal_writer import JournalWriter

SLACK = timedelta(minutes=2)
"""HQ's clock and a right one differ by less."""


class _Report(NamedTuple):
    """The notice that the clock is behind: where it stands in the journal, and when it was written (monotonic)."""

    epoch: str
    seq: int
    at_s: float


class ClockWatch:
    """A clock that was years ahead once must not be distrusted for ever when it is set right. HQ's acknowledgement of an event
    recorded since then says what time it was at HQ after that event: so it is no old one that somebody kept."""

    def __init__(self, adapters: Adapters, writer: JournalWriter) -> None:
        self._adapters, self._writer = adapters, writer
        self._reported: _Report | None = None

    def check(self) -> None:
        """Look at the clock. Raises JournalError."""
        bounds, clock = self._adapters.clock_bounds, self._adapters.clock
        if bounds is None:
            return
        if not (behind := bounds.behind()):
            self._reported = None
            bounds.note()
            if clock.trusted() and self._adapters.high_water is not None:
                self._adapters.high_water.note_time(clock.utc())
        elif self._reported is None or self._reported.epoch != self._adapters.journal.epoch:
            shown = (
                f"it shows {clock.utc():%Y-%m-%d %H:%M:%S} UTC, {_words(behind)} behind a time that it has shown before"
            )
            event = self._adapters.journal.append(NoticeEvent, code=NoticeCode.CLOCK_BEHIND, detail=shown)
            self._reported = _Report(self._adapters.journal.epoch, event.seq, clock.monotonic())
        elif self._hq_agrees(self._reported):
            self.believe("HQ's acknowledgement shows the same time")

    def believe(self, why: str, ref: str | None = None) -> None:
        """The present time is right. Earlier events of this boot with another time are corrected by it. Raises JournalError."""
        bounds, clock = self._adapters.clock_bounds, self._adapters.clock
        if bounds is None:
            return
        self._writer.write_notice(ref or f"clock-{secrets.token_hex(8)}", NoticeCode.CLOCK_BELIEVED, why)
        bounds.believe()
        self._adapters.journal.time_corrected()
        if self._adapters.high_water is not None:
            self._adapters.high_water.lower_time(clock.utc())
        self._reported = None
        self._adapters.journal.append(ClockEvent, was_utc=clock.utc(), was_trusted=False)

    def _hq_agrees(self, report: _Report) -> bool:
        """HQ signed its time after the notice was written, and that was at most as long ago as the notice."""
        now, since = self._adapters.clock.utc(), timedelta(seconds=self._adapters.clock.monotonic() - report.at_s)
        return any(
            ack.epoch == report.epoch and ack.seq >= report.seq and ack.utc - SLACK <= now <= ack.utc + since + SLACK
            for ack in self._adapters.roster.acks()
        )


def _words(behind: timedelta) -> str:
    minutes = behind.total_seconds() / 60
    return (
        f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h" if minutes < 2880 else f"{behind.days} days"
    )
