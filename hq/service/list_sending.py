"""Give the broker the lists that it keeps for gates."""

import time

import structlog

from contract.messages import ListKind, SnapshotRequest
from contract.topics import DELTA_CHANNELS, Channel
from hq.database.published_lists import ListKey
from hq.lists.publisher import Publisher
from hq.mqtt import HqLink
from hq.reports.metrics import HqMetrics
from hq.service.publishing import Publishing

log = structlog.get_logger()

RESEND_PAUSE_S = 30.0
"""Minimum time between two repetitions of a list, for any number of gates that request it."""


class ListSending:
    """Remembers which version of each list the broker has."""

    def __init__(self, publisher: Publisher, publishing: Publishing, link: HqLink, metrics: HqMetrics) -> None:
        self._publisher, self._publishing, self._link, self._metrics = publisher, publishing, link, metrics
        self._sent: dict[ListKey, tuple[int, int]] = {}
        self._resend_from_s: dict[ListKey, float] = {}
        self._whole_wanted: set[ListKey] = set()

    def due(self) -> None:
        """Send the versions that the broker does not have."""
        versions = self._with_snapshots(self._publisher.kept_versions())
        if versions == self._sent:
            return
        for key, version in versions.items():
            sent = self._sent.get(key)
            if sent != version and self._send(*key, whole=sent is None or sent[0] != version[0]):
                self._sent[key] = version
                self._metrics.lists.labels(key[1].value).inc()
                log.info("list_published", site_id=key[0], kind=key[1].value, snapshot=version[0], changes=version[1])

    def want_whole(self, site_id: str) -> None:
        """Publish this site's lists whole: a connected gate reads no changes."""
        self._whole_wanted |= {(site_id, kind) for kind in DELTA_CHANNELS}

    def send_again(self, request: SnapshotRequest) -> None:
        """Repeat a list that the broker lacks, as a gate reports. All gates of the site receive the repetition."""
        key, now_s = (request.site_id, request.kind), time.monotonic()
        if key in self._sent and now_s >= self._resend_from_s.get(key, 0.0):
            self._resend_from_s[key] = now_s + RESEND_PAUSE_S
            del self._sent[key]
            log.warning("list_asked_for", site_id=request.site_id, gate_id=request.gate_id, kind=request.kind.value)

    def forget_sent(self, site_id: str | None = None) -> None:
        """Send all lists again, or those of one site. A broker that was restarted may have forgotten what it kept."""
        self._sent = {key: version for key, version in self._sent.items() if site_id is not None and key[0] != site_id}

    def _with_snapshots(self, versions: dict[ListKey, tuple[int, int]]) -> dict[ListKey, tuple[int, int]]:
        """Publish a snapshot where one is wanted and changes are in force. Return the versions in force then."""
        if not self._whole_wanted:
            return versions
        changed = {key for key in self._whole_wanted if versions.get(key, (0, 0))[1]}
        self._whole_wanted = {key for key in changed if not self._publishing.try_publish(*key, snapshot=True)}
        return self._publisher.kept_versions()

    def _send(self, site_id: str, kind: ListKind, whole: bool) -> bool:
        """Send a list's changes, and the `whole` of it at each connection. To send the same twice changes nothing."""
        return all(
            self._link.publish(
                DELTA_CHANNELS[kind] if item.part is None else Channel(kind.value), item.body, site_id, part=item.part
            )
            for item in self._publisher.kept(site_id, kind, whole)
        )
