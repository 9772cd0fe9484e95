"""Publish lists that need a new version: old ones, rosters after an enrolment, rosters with removed templates."""

from datetime import datetime, timedelta

from contract.messages import ListKind
from hq.database.clock import now
from hq.database.published_lists import ListKey
from hq.database.store import Store
from hq.database.tasks import REPUBLISH_ROSTERS, finish_task, task_count
from hq.lists.publisher import Publisher
from hq.service.publishing import Publishing


class ListRenewal:
    """Part of the one HQ process that publishes. `reissue_after`: the age at which a list is signed again."""

    def __init__(self, store: Store, publisher: Publisher, publishing: Publishing, reissue_after: timedelta) -> None:
        self._store, self._publisher, self._publishing = store, publisher, publishing
        self._reissue_after = reissue_after
        self._republished: dict[str, int] = {}
        """Site -> the count of requests that its roster was published for."""

    def due(self) -> None:
        """Publish what needs a new version."""
        with self._store.read() as db:
            requests = task_count(db, REPUBLISH_ROSTERS)
        newest = self._publisher.newest_versions()
        self._renew(newest, requests)
        for site_id in self._publisher.holding_removed():
            self._publishing.try_publish(site_id, ListKind.ROSTER, only_without_removed=True)
        rosters = {site_id for site_id, kind in newest if kind is ListKind.ROSTER}
        if requests and all(self._republished.get(site_id) == requests for site_id in rosters):
            with self._store.write() as db:  # only now: after a crash in between it is done once more, and not never
                finish_task(db, REPUBLISH_ROSTERS, requests)
            self._republished.clear()

    def _renew(self, newest: dict[ListKey, tuple[int, datetime]], requests: int) -> None:
        oldest = now() - self._reissue_after
        for (site_id, kind), (_, issued) in newest.items():
            requested = kind is ListKind.ROSTER and requests and self._republished.get(site_id) != requests
            if (issued < oldest or requested) and self._publishing.try_publish(site_id, kind) and requested:
                self._republished[site_id] = requests
