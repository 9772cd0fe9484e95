"""The clock of the machine, and when its wall time may be believed."""

import time
from datetime import UTC, datetime

TRUSTED_SINCE = datetime(2024, 1, 1, tzinfo=UTC)
"""A wall clock before this is certainly wrong: a Pi without battery wakes in 1970 or at its last shutdown."""


class SystemClock:
    """The port `edge.ports.Clock` on the machine's own clocks."""

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
