"""A rate limit for each of many senders: a burst at once, then one more per fixed time.

Not a library: `limits`, `pyrate-limiter` and `aiolimiter` read the clock themselves, and need locks, storage or an
event loop. A bucket here is two numbers, and the caller passes the time.
"""

from dataclasses import dataclass, field


@dataclass(slots=True)
class TokenBuckets:
    """One token bucket per key. `burst`: tokens at first, and at most. `refill_s`: seconds per further token.
    `keys_max`: all keys beyond that number share one bucket, so that invented names take no memory."""

    burst: float
    refill_s: float
    keys_max: int | None = None
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, key: str, now_s: float) -> bool:
        """Take one token; False if there is none. `now_s`: seconds of a monotonic clock."""
        if key not in self._buckets and self.keys_max is not None and len(self._buckets) >= self.keys_max:
            key = ""
        tokens, since = self._buckets.get(key, (self.burst, now_s))
        tokens = min(self.burst, tokens + (now_s - since) / self.refill_s)
        allowed = tokens >= 1
        self._buckets[key] = (tokens - 1 if allowed else tokens, now_s)
        return allowed
