"""The clock of the machine, and when its wall time may be believed."""

import time
from datetime import UTC, datetime, timedelta

from edge.core.ports import Clock

TRUSTED_SINCE = datetime(2024, 1, 1, tzinfo=UTC)
"""A wall clock before this is certainly wrong: a Pi without battery wakes in 1970 or at its last shutdown."""


class SystemClock:
    """The port `edge.core.ports.Clock` on the machine's own clocks."""

    def utc(self) -> datetime:
        """The wall clock, with zone UTC; it may jump when NTP corrects it."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never jump, and go on while the machine is suspended: otherwise waking up would look as if
        somebody had set the wall clock."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def trusted(self) -> bool:
        """False while the wall clock shows a time before `TRUSTED_SINCE`."""
        return self.utc() >= TRUSTED_SINCE


BEHIND_MAX = timedelta(minutes=2)
"""A clock may be corrected backwards by so much and is still trusted."""
HQ_SLACK = timedelta(minutes=10)
"""HQ's clock may be this far ahead of the gate's."""


class BoundedClock:
    """Another clock, not trusted while it shows a time behind one that is known to be past: a clock that somebody set back would
    make an expired code valid, and a closed site open.

    The newest trusted time goes on with the monotonic clock, so a step back is noticed however long nothing happened.
    """

    def __init__(self, inner: Clock) -> None:
        self._inner = inner
        self._known: tuple[datetime, float] | None = None

    def utc(self) -> datetime:
        return self._inner.utc()

    def monotonic(self) -> float:
        return self._inner.monotonic()

    def trusted(self) -> bool:
        return self._inner.trusted() and not self.behind()

    def behind(self) -> timedelta:
        """How far the clock is behind the time that it must be by now; 0 while it is not, but for BEHIND_MAX."""
        at_least = self._at_least()
        missing = at_least - self.utc() if at_least and self._inner.trusted() else timedelta()
        return missing if missing > BEHIND_MAX else timedelta()

    def not_before(self, utc: datetime, monotonic_s: float | None = None) -> None:
        """It is this time or later, since `monotonic_s` (of this boot; None: since now). An earlier time than the known one
        changes nothing."""
        since_s = self.monotonic() if monotonic_s is None else monotonic_s
        at_least = self._at_least()
        if at_least is None or utc + timedelta(seconds=self.monotonic() - since_s) > at_least:
            self._known = utc, since_s

    def note(self) -> None:
        """Remember the present time, if it can be trusted."""
        if self.trusted():
            self.not_before(self.utc())

    def believe(self) -> None:
        """The present time is right, whatever was known before."""
        self._known = self.utc(), self.monotonic()

    def _at_least(self) -> datetime | None:
        if self._known is None:
            return None
        utc, since_s = self._known
        return utc + timedelta(seconds=self.monotonic() - since_s)
