"""Records what sync refuses, without letting a flood of refusals fill the disk."""

import hashlib
import uuid
from collections import Counter
from dataclasses import dataclass, field

import structlog

from contract.messages import NoticeCode
from edge.core.domain import Incident
from edge.core.ports import Clock
from edge.replica.writer import ReplicaWriter

log = structlog.get_logger()

BURST = 5
"""Refusals of one kind that are recorded at once."""
REFILL_S = 60.0
"""After the burst, one more of the kind is recorded per this many seconds."""


@dataclass
class Throttle:
    """A token bucket per key: `allow` is False once a key has had its burst and waited too little."""

    burst: float = BURST
    refill_s: float = REFILL_S
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)

    def allow(self, key: str, now_s: float) -> bool:
        tokens, since = self._buckets.get(key, (self.burst, now_s))
        tokens = min(self.burst, tokens + (now_s - since) / self.refill_s)
        allowed = tokens >= 1
        self._buckets[key] = (tokens - 1 if allowed else tokens, now_s)
        return allowed


class IncidentLog:
    """Where downlink and uplink report. The same evidence is recorded once a day at most. `count`: how often, by code,
    recorded or not."""

    def __init__(self, replica: ReplicaWriter, clock: Clock) -> None:
        self._replica, self._clock = replica, clock
        self._throttle = Throttle()
        self.count: Counter[NoticeCode] = Counter()

    def report(self, code: NoticeCode, detail: str, evidence: bytes, *, once: bool = False) -> None:
        """`evidence`: what was refused; it is not stored, it only makes the incident's ref. `once`: for ever, not only
        this day."""
        self.count[code] += 1
        day = "" if once else self._clock.utc().date().isoformat()
        ref = uuid.uuid5(uuid.NAMESPACE_OID, f"{code.value}/{day}/{hashlib.sha256(evidence).hexdigest()}").hex
        if self._throttle.allow(code.value, self._clock.monotonic()):
            log.warning("refused", code=code.value, detail=detail)
            self._replica.add_incident(Incident(ref, code, detail))
        else:
            log.debug("refused_again", code=code.value)
