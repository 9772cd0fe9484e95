"""What the gate process refused of replica.db, and what it takes over of the sync process's own incidents."""

import hashlib
import re
from collections.abc import Sequence

import structlog

from contract.messages import NoticeCode
from edge.core.domain import Incident

log = structlog.get_logger()

KEEP = 500
"""The maximum number of incidents in memory."""
SYNC_CODES = frozenset(
    {
        NoticeCode.LIST_REFUSED,
        NoticeCode.MESSAGE_REFUSED,
        NoticeCode.COMMAND_REFUSED,
        NoticeCode.EVENT_REFUSED,
        NoticeCode.REPLICA_RESTARTED,
        NoticeCode.TWIN_GATE,
        NoticeCode.EVENTS_LOST,
    }
)
"""What the sync process may record. Other codes in its file are ignored: it may be taken over."""
_REF = re.compile("[0-9a-f]{32}")


class Refusals:
    """Bounded, oldest first."""

    def __init__(self) -> None:
        self._incidents: dict[str, Incident] = {}

    def add(self, code: NoticeCode, detail: str, evidence: bytes, ref: str | None = None) -> None:
        """Add an incident. The same evidence gives the same ref, so that it is never recorded twice."""
        ref = ref or hashlib.sha256(code.value.encode() + evidence).hexdigest()[:32]
        if ref not in self._incidents:
            log.warning("refused", code=code.value, detail=detail)
            self._incidents[ref] = Incident(ref, code, detail[:500])
            while len(self._incidents) > KEEP:
                del self._incidents[next(iter(self._incidents))]

    def with_incidents_of_sync(self, rows: Sequence[tuple[str, str, str]]) -> list[Incident]:
        """Return all incidents, with those of the sync process. `rows`: ref, code and detail."""
        found = dict(self._incidents)
        for ref, code, detail in rows:
            if code in SYNC_CODES:
                ref = _allowed_ref(ref)
                found.setdefault(ref, Incident(ref, NoticeCode(code), detail))
        return list(found.values())


def _allowed_ref(ref: str) -> str:
    """Return a ref that the sync process may choose, or another one in its place.

    In the journal some refs mean more: "lock-down-over:…" ends a lock-down, an order's id says that it was executed.
    """
    return ref if _REF.fullmatch(ref) else hashlib.sha256(ref.encode()).hexdigest()[:32]
