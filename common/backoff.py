"""Pauses between tries. Each is twice as long as the one before, up to a limit.

Not a library: `tenacity` and `backoff` repeat a call that fails. The callers here wait for events that end the pause
early, or only compare times.
"""

from dataclasses import dataclass

_DOUBLINGS_MAX = 60
"""More doublings would leave the range of a float."""


def doubled_s(pause_s: float, times: float, max_s: float) -> float:
    """Double `pause_s` so many times, up to `max_s`. Fractions count: 0.5 makes it 1.41 times as long."""
    return float(min(max_s, pause_s * 2.0 ** min(times, _DOUBLINGS_MAX)))


@dataclass(slots=True)
class Backoff:
    """Counts failures and gives the pause after each. `failures`: since the start or the last `reset`."""

    min_s: float
    max_s: float
    failures: int = 0

    def next_s(self) -> float:
        """Count one failure and return the pause after it: `min_s` after the first."""
        self.failures += 1
        return doubled_s(self.min_s, self.failures - 1, self.max_s)

    def reset(self) -> None:
        """Begin with `min_s` again, after a success."""
        self.failures = 0
