"""A clock that is set by the loop, as in a story, but at the pace of real time."""

import time
from datetime import UTC, datetime

from edge.sim import ManualClock

BEHIND_MAX_S = 4.0
"""After a longer pause, such as a closed laptop, the clock jumps to the present."""


class PacedClock(ManualClock):
    """`advance` waits until the real time has come."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC))
        self._ahead_s = self.monotonic() - time.monotonic()

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        late_s = time.monotonic() + self._ahead_s - self.monotonic()
        if late_s > BEHIND_MAX_S:
            super().advance(late_s)
        elif late_s < 0:
            time.sleep(-late_s)
