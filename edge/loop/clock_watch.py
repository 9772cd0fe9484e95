"""Report a clock that was set back. Trust it again when HQ's signature proves the present time."""

import secrets
from datetime import timedelta
from typing import NamedTuple

from contract.messages import ClockEvent, NoticeCode, NoticeEvent
from edge.loop.adapters import Adapters
from edge.loop.journal_writer import JournalWriter

SLACK = timedelta(minutes=2)
"""HQ's clock and a correct one differ by less."""


class _Report(NamedTuple):
    """The notice that the clock is behind: its place in the journal, and its monotonic time."""

    epoch: str
    seq: int
    at_s: float


class ClockWatch:
    """Watch for a clock that is behind.

    A clock that once was years ahead must not stay untrusted after its correction. HQ's acknowledgement of an event
    after the notice shows HQ's time after that event. So it cannot be an old, stored acknowledgement.
    """

    def __init__(self, adapters: Adapters, writer: JournalWriter) -> None:
        self._adapters, self._writer = adapters, writer
        self._reported: _Report | None = None

    def check(self) -> None:
        """Compare the clock with known times. Raises JournalError."""
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
                f"it shows {clock.utc():%Y-%m-%d %H:%M:%S} UTC, {_words(behind)} behind a time that it showed before"
            )
            event = self._adapters.journal.append(NoticeEvent, code=NoticeCode.CLOCK_BEHIND, detail=shown)
            self._reported = _Report(self._adapters.journal.epoch, event.seq, clock.monotonic())
        elif self._hq_agrees(self._reported):
            self.believe("HQ's acknowledgement shows the same time")

    def believe(self, why: str, ref: str | None = None) -> None:
        """Trust the present time. It corrects earlier events of this boot with another time. Raises JournalError."""
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
        """Return True if HQ signed its time after the notice, and not longer ago than the notice."""
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
