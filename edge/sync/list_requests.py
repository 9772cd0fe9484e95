"""Asks the broker and HQ for lists: parts that are missing, lists that stand still, lists that the gate refuses."""

import structlog

from contract.messages import ListKind, SnapshotRequest
from contract.topics import Channel
from edge.core.config import SiteConfig
from edge.replica.writer import ReplicaWriter
from edge.sync.downlink import missing_parts, subscriptions
from edge.sync.jobs import NEXT_TURN
from edge.sync.live_state import GateState
from edge.sync.missing_lists import MissingLists
from edge.sync.mqtt import MqttLink
from edge.sync.sender import Sender

log = structlog.get_logger()

REFUSED_EVERY_S = 60.0
"""How often lists that the gate process refuses are fetched again."""


class ListRequests:
    """Needs a connection."""

    def __init__(
        self, site: SiteConfig, *, link: MqttLink, sender: Sender, replica: ReplicaWriter, gate: GateState
    ) -> None:
        self._site, self._link, self._sender, self._replica, self._gate = site, link, sender, replica, gate
        self._missing = MissingLists()
        self._subscribed: set[tuple[str, int]] = set()
        self._refused_due_s = 0.0

    def due(self) -> float:
        return NEXT_TURN

    def run(self, now_s: float) -> None:
        """Fetch what is refused, missing, or standing still. Raises ReplicaError."""
        if now_s >= self._refused_due_s:
            self._fetch_refused(now_s)
        self._subscribe_to_parts()
        self._ask_hq(now_s)

    def connected(self, now_s: float) -> None:
        """Begin again: the broker forgot the subscriptions, and sends what it keeps."""
        self._subscribed = set()
        self._missing.restart()

    def resync(self) -> None:
        """Ask for everything again. Lists in force stay until newer ones are complete. Raises ReplicaError."""
        self._replica.forget_arriving()
        self.fetch_all()
        self._missing.restart()

    def fetch_all(self) -> None:
        """Subscribe again: the broker then repeats all that it keeps."""
        self._leave_parts()
        self._link.subscribe(subscriptions(self._site))

    def _fetch_refused(self, now_s: float) -> None:
        """Remove lists that the gate process refuses, because newer ones were in force, and fetch them again."""
        live = self._gate.read()
        kinds = {*live.lists_refused, *live.lists_older}
        if not kinds:
            return
        self._refused_due_s = now_s + REFUSED_EVERY_S
        for kind in sorted(kinds):
            log.warning("list_refused_by_gate", kind=kind.value, was_in_force=live.lists_refused.get(kind))
            self._replica.forget_list(kind)
            self._request(kind, live.lists_refused.get(kind, 0))
        self._missing.restart()
        self.fetch_all()

    def _subscribe_to_parts(self) -> None:
        """Subscribe to the missing parts of a large list, and leave them once the list is here.

        Only the first part comes unasked, so that a connection costs little while nothing changed. A subscription that
        stayed would bring all parts again whenever HQ sends them to the broker.
        """
        missing = missing_parts(self._site, self._replica)
        wanted = [part for part in missing if part not in self._subscribed]
        if wanted and self._link.subscribe(wanted):
            self._subscribed.update(wanted)
        if not missing:
            self._leave_parts()

    def _leave_parts(self) -> None:
        if self._subscribed:
            self._link.unsubscribe([name for name, _ in self._subscribed])
            self._subscribed = set()

    def _ask_hq(self, now_s: float) -> None:
        """Ask HQ to send again what the broker does not have."""
        for kind in self._missing.due(self._replica.gaps(), now_s):
            have_version = self._replica.versions().get(kind, 0)
            log.warning("list_incomplete", kind=kind.value, have_version=have_version)
            self._request(kind, have_version)

    def _request(self, kind: ListKind, have_version: int) -> None:
        site = self._site
        request = SnapshotRequest(gate_id=site.gate_id, site_id=site.site_id, kind=kind, have_version=have_version)
        self._sender.send(self._link, Channel.SNAPSHOT_REQUEST, request)
