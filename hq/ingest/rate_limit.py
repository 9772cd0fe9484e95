"""How much of one sender's rubbish is kept: a burst, then a little. A flood must neither fill the quarantine, where others'
alarms need room, nor cost a transaction per message."""

from dataclasses import dataclass, field

BURST = 100
"""So many of one sender are kept at once."""
REFILL_S = 6.0
"""Afterwards one more per this many seconds."""
SENDERS_MAX = 1000
"""Whoever invents more names than this shares one allowance with the others that do."""


@dataclass
class Allowance:
    """A token bucket per sender."""

    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, sender: str, now_s: float) -> bool:
        """False once a sender has had its burst and waited too little."""
        key = sender if sender in self._buckets or len(self._buckets) < SENDERS_MAX else ""
        tokens, since = self._buckets.get(key, (float(BURST), now_s))
        tokens = min(float(BURST), tokens + (now_s - since) / REFILL_S)
        allowed = tokens >= 1
        self._buckets[key] = (tokens - 1 if allowed else tokens, now_s)
        return allowed
