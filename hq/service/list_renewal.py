"""Publish lists that need a new version though nothing changed: old ones, and those that hold what must be gone."""

from datetime import timedelta

from hq.database.clock import now
from hq.database.sites import active_sites
from hq.database.store import Store
from hq.lists.publisher import Publisher
from hq.service.publishing import Publishing


class ListRenewal:
    """Part of the one HQ process that publishes. `reissue_after`: the age at which a list is signed again."""

    def __init__(self, store: Store, publisher: Publisher, publishing: Publishing, reissue_after: timedelta) -> None:
        self._store, self._publisher, self._publishing = store, publisher, publishing
        self._reissue_after = reissue_after

    def due(self) -> None:
        """Publish what needs a new version."""
        oldest = now() - self._reissue_after
        newest = self._publisher.newest_versions().items()
        if old := [key for key, (_, issued) in newest if issued < oldest]:
            with self._store.read() as db:
                active = set(active_sites(db))
            for site_id, kind in old:
                if site_id in active:
                    self._publishing.try_publish(site_id, kind)
        for site_id, kind in self._publisher.to_publish_whole():
            self._publishing.try_publish(site_id, kind, only_without_removed=True)
