"""The machine's clock, and when its wall time can be trusted."""

import time
from datetime import UTC, datetime, timedelta

from edge.core.ports import Clock

TRUSTED_SINCE = datetime(2024, 1, 1, tzinfo=UTC)
"""An earlier wall clock is certainly wrong: a Pi without battery starts in 1970 or at its last shutdown."""


class SystemClock:
    """The port `edge.core.ports.Clock` on the machine's own clocks."""

    def utc(self) -> datetime:
        """Return the wall clock, with zone UTC. It may jump when NTP corrects it."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never jump, and go on while the machine is suspended.

        Otherwise waking up would look as if the wall clock had been set.
        """
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def trusted(self) -> bool:
        """Return False while the wall clock shows a time before `TRUSTED_SINCE`."""
        return self.utc() >= TRUSTED_SINCE


BEHIND_MAX = timedelta(minutes=2)
"""A clock that is corrected backwards by at most this is still trusted."""
HQ_SLACK = timedelta(minutes=10)
"""HQ's clock may be this far ahead of the gate's."""


class BoundedClock:
    """Wraps a clock, and does not trust it while it is behind a time that is known to be past.

    A clock that was set back would make an expired code valid, and a closed site open. The newest trusted time goes on
    with the monotonic clock, so a step back is noticed after any pause.
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
        """Return how far the clock is behind the known time; 0 if it is at most BEHIND_MAX."""
        at_least = self._at_least()
        missing = at_least - self.utc() if at_least and self._inner.trusted() else timedelta()
        return missing if missing > BEHIND_MAX else timedelta()

    def not_before(self, utc: datetime, monotonic_s: float | None = None) -> None:
        """Learn that it is this time or later, since `monotonic_s` (of this boot; None: now).

        A time before the known one is ignored.
        """
        since_s = self.monotonic() if monotonic_s is None else monotonic_s
        at_least = self._at_least()
        if at_least is None or utc + timedelta(seconds=self.monotonic() - since_s) > at_least:
            self._known = utc, since_s

    def note(self) -> None:
        """Remember the present time, if it can be trusted."""
        if self.trusted():
            self.not_before(self.utc())

    def believe(self) -> None:
        """Take the present time as right, and forget what was known before."""
        self._known = self.utc(), self.monotonic()

    def _at_least(self) -> datetime | None:
        if self._known is None:
            return None
        utc, since_s = self._known
        return utc + timedelta(seconds=self.monotonic() - since_s)
