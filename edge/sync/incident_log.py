"""Records what sync refuses. A flood of refusals cannot fill the disk."""

import hashlib
import uuid
from collections import Counter

import structlog

from common.token_bucket import TokenBuckets
from contract.messages import NoticeCode
from edge.core.domain import Incident
from edge.core.ports import Clock
from edge.replica.writer import ReplicaWriter

log = structlog.get_logger()

BURST = 5
"""Refusals of one kind that are recorded at once."""
REFILL_S = 60.0
"""After the burst, one more of the kind is recorded per this many seconds."""


class IncidentLog:
    """Takes the reports of downlink and uplink. The same evidence is recorded at most once a day.

    `count`: number of reports by code, recorded or not.
    """

    def __init__(self, replica: ReplicaWriter, clock: Clock) -> None:
        self._replica, self._clock = replica, clock
        self._limit = TokenBuckets(BURST, REFILL_S)
        self.count: Counter[NoticeCode] = Counter()

    def report(self, code: NoticeCode, detail: str, evidence: bytes, *, once: bool = False) -> None:
        """Record an incident. `evidence`: what was refused; it only makes the incident's ref. `once`: for ever, not
        only today."""
        self.count[code] += 1
        day = "" if once else self._clock.utc().date().isoformat()
        ref = uuid.uuid5(uuid.NAMESPACE_OID, f"{code.value}/{day}/{hashlib.sha256(evidence).hexdigest()}").hex
        if self._limit.take(code.value, self._clock.monotonic()):
            log.warning("refused", code=code.value, detail=detail)
            self._replica.add_incident(Incident(ref, code, detail))
        else:
            log.debug("refused_again", code=code.value)
