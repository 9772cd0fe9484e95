"""Send the presence lists: soon after a passage, and now and then as a sign that HQ is at work."""

import time

import structlog

from contract.messages import ListKind
from contract.signing import BadKey
from contract.topics import Channel
from hq.database.clock import now
from hq.database.sites import site_row
from hq.database.store import Store
from hq.lists.presence_list import PresenceLists
from hq.lists.presence_projection import PresenceProjection
from hq.mqtt import HqLink
from hq.registry.people import PeopleRegistry
from hq.reports.metrics import HqMetrics

log = structlog.get_logger()

LOOK_EVERY_S = 0.25
APART_S = 1.0
"""Minimum time between two lists of a site: passages in between travel together."""
SIGN_OF_LIFE_S = 30.0
"""A list is sent at least this often. A gate goes by its own passages after three that did not come."""
COST_SHARE = 20
"""The pause is at least so many times as long as the look before it took: events come first."""


class PresenceSending:
    """Part of the one HQ process that publishes."""

    def __init__(
        self, store: Store, people: PeopleRegistry, lists: PresenceLists, link: HqLink, metrics: HqMetrics
    ) -> None:
        self._store, self._people, self._lists, self._link, self._metrics = store, people, lists, link, metrics
        self._passages = PresenceProjection(store)
        self._look_s = 0.0
        self._changed: set[str] = set()
        self._sent_s: dict[str, float] = {}

    def due(self) -> None:
        """Read new passages, then send the lists that are due."""
        started_s = time.monotonic()
        if started_s < self._look_s:
            return
        if self._lists.follow_keys():
            self.forget_sent()
        self._changed |= self._passages.follow()
        for site_id in self._passages.sites:
            apart_s = APART_S if site_id in self._changed else SIGN_OF_LIFE_S
            if started_s - self._sent_s.get(site_id, -SIGN_OF_LIFE_S) >= apart_s:
                self._send(site_id, started_s)
        ended_s = time.monotonic()
        self._look_s = ended_s + max(LOOK_EVERY_S, COST_SHARE * (ended_s - started_s))

    def forget_sent(self, site_id: str | None = None) -> None:
        """Send whole lists again, all or those of one site."""
        self._lists.forget_sent(site_id)
        self._sent_s = {site: at for site, at in self._sent_s.items() if site_id is not None and site != site_id}

    def _send(self, site_id: str, now_s: float) -> None:
        """Send the list of a site. A site without its key waits for the next sign of life."""
        self._sent_s[site_id] = now_s
        self._changed.discard(site_id)
        with self._store.read() as db:
            site = site_row(db, site_id)
            forgets_h = self._people.policy(db, site_id).get("anti_passback_forgets_after_h")
        if site is None or site.retired_utc is not None:
            return
        wanted_h = float(forgets_h) if isinstance(forgets_h, int | float) else None
        try:
            made = self._lists.next(site_id, self._passages.sites[site_id], now(), wanted_h)
        except BadKey as error:
            log.warning("presence_not_sent", site_id=site_id, detail=str(error))
            return
        channel, part = (Channel.PRESENCE, 1) if made.whole else (Channel.PRESENCE_DELTA, None)
        if self._link.publish(channel, made.body, site_id, part=part):
            self._metrics.lists.labels(ListKind.PRESENCE.value).inc()
        else:
            self.forget_sent(site_id)
