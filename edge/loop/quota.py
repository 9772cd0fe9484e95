"""How much of what the processes beside the gate write is journalled: a flood must neither hold up the lane nor fill the disk."""

from dataclasses import dataclass


@dataclass
class Quota:
    """`burst` at once, then one more every `refill_s`. What is refused now is asked again later."""

    burst: float
    refill_s: float
    _left: float | None = None
    _at_s: float = 0.0

    def take(self, now_s: float) -> bool:
        """True if one more may be had at this time (monotonic)."""
        left = self.burst if self._left is None else self._left + (now_s - self._at_s) / self.refill_s
        self._left, self._at_s = min(self.burst, left), now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True
