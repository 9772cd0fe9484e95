"""Publish the lists that changed: of the sites concerned, and of no other."""

import time

import structlog

from contract.messages import ListKind
from hq.database.dirty_lists import dirty
from hq.database.published_lists import ListKey
from hq.database.sites import site_rows
from hq.database.store import Store
from hq.keys.encryption import AtRestError
from hq.lists.publisher import Publisher
from hq.registry.risks import RiskRegistry
from hq.service.publishing import PUBLISH_PAUSE_S, Publishing

log = structlog.get_logger()

TURN_S = 0.5
"""After this time the rest waits for the next turn: gates wait for acknowledgements meanwhile."""


class ChangedLists:
    """Part of the one HQ process that publishes. `pause_s`: so long a change waits for others, to travel with them.

    A risk list never waits: it stops somebody.
    """

    def __init__(self, store: Store, publisher: Publisher, publishing: Publishing, pause_s: float) -> None:
        self._store, self._publisher, self._publishing = store, publisher, publishing
        self._pause_s = pause_s
        self._seen_s: dict[ListKey, float] = {}

    def due(self) -> None:
        """Publish marked lists, and with them those of the same sites that were never published."""
        with self._store.read() as db:
            marked = {site_id for site_id, _ in dirty(db)}
            # Retired sites too: their lists are empty, and their gates must get them.
            known = [row.site_id for row in site_rows(db) if row.site_id in marked] if marked else []
        begun_s = time.monotonic()
        wanted = self._publisher.to_publish(known) if known else []
        self._seen_s = {key: self._seen_s.get(key, begun_s) for key in wanted}
        for key in wanted:
            pause_s = 0.0 if key[1] is ListKind.RISK else self._pause_s
            if begun_s - self._seen_s[key] >= pause_s and self._publishing.try_publish(*key):
                del self._seen_s[key]
            if time.monotonic() - begun_s > TURN_S:
                return


class RiskExpiry:
    """Part of the same process: ends risk entries whose time is over."""

    def __init__(self, risks: RiskRegistry) -> None:
        self._risks = risks
        self._due_s = 0.0

    def due(self) -> None:
        """Delete what ended. The sites concerned are marked."""
        if time.monotonic() < self._due_s:
            return
        try:
            self._risks.expire()
        except AtRestError as error:  # gates apply nothing beyond its time, and the rest of HQ goes on
            log.error("risk_entries_not_ended", detail=str(error), again_in_s=PUBLISH_PAUSE_S)
            self._due_s = time.monotonic() + PUBLISH_PAUSE_S
