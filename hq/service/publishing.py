"""Publish lists from the running process: a failure pauses one list and stops nothing else."""

import time

import structlog

from contract.messages import ListKind
from contract.signing import BadKey
from hq.database.published_lists import ListKey
from hq.keys.encryption import AtRestError
from hq.lists.publisher import Publisher

log = structlog.get_logger()

PUBLISH_PAUSE_S = 60.0
"""Pause before a list is tried again that could not be published."""


class Publishing:
    """Tries to publish. What cannot be published leaves the version in force, whose age is visible."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._paused_until_s: dict[ListKey, float] = {}

    def try_publish(
        self, site_id: str, kind: ListKind, snapshot: bool = False, *, only_without_removed: bool = False
    ) -> bool:
        """Publish a list. Return False if it is to be tried again later. A site without its key waits for no list."""
        key, now_s = (site_id, kind), time.monotonic()
        if now_s < self._paused_until_s.get(key, 0.0):
            return False
        try:
            if only_without_removed:
                self._publisher.publish_without_removed(site_id, kind)
            else:
                self._publisher.publish(site_id, kind, snapshot)
            return True
        except (AtRestError, BadKey, ValueError) as error:
            self._paused_until_s[key] = now_s + PUBLISH_PAUSE_S
            log.error(
                "list_not_published", site_id=site_id, kind=kind.value, detail=str(error), again_in_s=PUBLISH_PAUSE_S
            )
            return isinstance(error, BadKey)

    def end_pauses(self) -> None:
        """Try every list at the next occasion."""
        self._paused_until_s.clear()
