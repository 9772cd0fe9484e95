"""Keep messages that HQ rejects as a whole, a limited number of each sender."""

import time

import structlog

from hq.database.quarantine import put_in_quarantine
from hq.database.store import Store
from hq.database.values import JournalKey
from hq.ingest.rate_limit import limit_per_sender

log = structlog.get_logger()


class RejectedMessages:
    """Puts them in quarantine. A rejected message cannot be acknowledged."""

    def __init__(self, store: Store) -> None:
        self._store, self._limit = store, limit_per_sender()

    def keep(self, site_id: str, gate_id: str, reason: str, payload: bytes) -> None:
        """Keep one message, unless its sender has exceeded the limit."""
        if not self._limit.take(f"{site_id}/{gate_id}", time.monotonic()):
            log.debug("refused_again", gate_id=gate_id)
            return
        with self._store.write() as db:
            if put_in_quarantine(db, JournalKey(site_id, gate_id, ""), 0, reason, payload):
                log.error("quarantined", gate_id=gate_id, reason=reason)
