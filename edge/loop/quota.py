"""Limit how much of other processes' input is journalled. A flood must not delay the lane or fill the disk."""

from dataclasses import dataclass


@dataclass
class Quota:
    """Allow `burst` at once, then one more every `refill_s`. The caller asks again later for what was refused."""

    burst: float
    refill_s: float
    _left: float | None = None
    _at_s: float = 0.0

    def take(self, now_s: float) -> bool:
        """Return True if one more is allowed at this monotonic time."""
        left = self.burst if self._left is None else self._left + (now_s - self._at_s) / self.refill_s
        self._left, self._at_s = min(self.burst, left), now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True
