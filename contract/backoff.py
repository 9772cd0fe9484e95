"""Pauses between tries: each twice as long as the one before, up to a limit.

Own code, and not `tenacity` or `backoff`: these repeat a call that fails. Here the callers wait on events that end the pause
early, or only compare times, and nothing is called again.
"""

from dataclasses import dataclass

_DOUBLINGS_MAX = 60
"""More would leave the range of a float, and no limit is that high."""


def doubled_s(pause_s: float, times: float, max_s: float) -> float:
    """`pause_s` doubled so many times, at most `max_s`. A part of a time counts: 0.5 makes it 1.41 times as long."""
    return float(min(max_s, pause_s * 2.0 ** min(times, _DOUBLINGS_MAX)))


@dataclass(slots=True)
class Backoff:
    """The pauses of one thing that is tried again and again. `failures`: in a row, since the start or the last `reset`."""

    min_s: float
    max_s: float
    failures: int = 0

    def next_s(self) -> float:
        """Count one failure, and return the pause that follows it: `min_s` after the first one."""
        self.failures += 1
        return doubled_s(self.min_s, self.failures - 1, self.max_s)

    def reset(self) -> None:
        """Begin with `min_s` again: it worked."""
        self.failures = 0
