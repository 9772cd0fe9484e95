"""Publish lists that need a new version though nothing changed: old ones, and those that hold what must be gone."""

from collections.abc import Callable, Collection
from datetime import timedelta

from hq.database.clock import now
from hq.lists.publisher import Publisher
from hq.service.publishing import Publishing


class ListRenewal:
    """Part of the one HQ process that publishes. `reissue_after`: the age at which a list is signed again.

    `sites`: those whose lists are kept young.
    """

    def __init__(
        self,
        publisher: Publisher,
        publishing: Publishing,
        sites: Callable[[], Collection[str]],
        reissue_after: timedelta,
    ) -> None:
        self._publisher, self._publishing, self._sites = publisher, publishing, sites
        self._reissue_after = reissue_after

    def due(self) -> None:
        """Publish what needs a new version."""
        oldest = now() - self._reissue_after
        newest = self._publisher.newest_versions().items()
        if old := [key for key, (_, issued) in newest if issued < oldest]:
            active = set(self._sites())
            for site_id, kind in old:
                if site_id in active:
                    self._publishing.try_publish(site_id, kind)
        for site_id, kind in self._publisher.to_publish_whole():
            self._publishing.try_publish(site_id, kind, only_without_removed=True)
