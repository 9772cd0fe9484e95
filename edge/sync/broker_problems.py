"""What is wrong although the broker is connected: topics that it refuses, and lists or answers that never come.

A broker may drop silently: mosquitto grants a subscription without the right to read, and then delivers nothing.
"""

import structlog

from common.backoff import Backoff
from common.broker.rights import RefusedTopic, TopicRight, summary
from contract.topics import Channel, topic
from edge.core.config import SiteConfig
from edge.replica.writer import ReplicaWriter
from edge.sync.jobs import NEXT_TURN
from edge.sync.list_requests import ListRequests
from edge.sync.mqtt import MqttLink
from edge.sync.status import StatusReport
from edge.sync.uplink import Uplink

log = structlog.get_logger()

SILENT_AFTER_S = 180.0
"""A connection without a list, or without an answer, is a problem after this time."""
_MINUTES = f"{SILENT_AFTER_S / 60:.0f} minutes"
AGAIN_S, AGAIN_MAX_S = 60.0, 900.0
"""Pauses between two attempts to get what is refused or does not come. Each is twice the one before."""


class BrokerProblems:
    """Needs a connection. `text`: everything that is wrong, in one text; "" if nothing is."""

    def __init__(
        self,
        site: SiteConfig,
        *,
        link: MqttLink,
        replica: ReplicaWriter,
        uplink: Uplink,
        lists: ListRequests,
        status: StatusReport,
    ) -> None:
        self._site, self._link, self._replica = site, link, replica
        self._uplink, self._lists, self._status = uplink, lists, status
        self._since_s = 0.0
        self._again = Backoff(AGAIN_S, AGAIN_MAX_S)
        self._again_due_s = 0.0
        self._silence = ""
        self._unanswered_s: float | None = None

    @property
    def refused(self) -> tuple[RefusedTopic, ...]:
        """The topics that the broker refuses."""
        return self._link.rights.refused

    @property
    def text(self) -> str:
        return "; ".join(part for part in (summary(self.refused, "this gate"), self._silence) if part)

    def due(self) -> float:
        return NEXT_TURN

    def run(self, now_s: float) -> None:
        """Look for silence, and now and then try again what is refused. Raises ReplicaError."""
        silence = self._found(now_s)
        if silence and silence != self._silence:
            log.error("nothing_from_hq", detail=silence)
        self._silence = silence
        if not (silence or self.refused):
            self._again.reset()
            self._again_due_s = now_s + self._again.next_s()
        elif now_s >= self._again_due_s:
            self._again_due_s = now_s + self._again.next_s()
            self._try_again()

    def connected(self, now_s: float) -> None:
        """Begin again: everything was asked for again."""
        self._since_s, self._silence, self._unanswered_s = now_s, "", None
        self._again.reset()
        self._again_due_s = now_s + self._again.next_s()

    def _found(self, now_s: float) -> str:
        connected_s = now_s - self._since_s
        unanswered_s = self._waits_for_answer(now_s)
        if connected_s < SILENT_AFTER_S:
            return ""
        found = []
        if not self._replica.versions():
            name = f"{topic(Channel.ROSTER, self._site.site_id).rpartition('/list/')[0]}/list/#"
            why = f"check the right to read {name} at the broker, and that HQ has published (sitegate-hq publish)"
            found.append(f"no list has arrived from HQ in {_MINUTES} although connected: {why}")
        if self._uplink.hq_online is None:
            why = f"check the right to read {topic(Channel.HQ_STATE)}, and that HQ runs at this broker"
            found.append(f"HQ has not been heard in {_MINUTES} although connected: {why}")
        elif unanswered_s >= SILENT_AFTER_S:
            name = topic(Channel.ACK, self._site.site_id, self._site.gate_id)
            why = f"check that this gate is registered (sitegate-hq gates), and its right to read {name}"
            found.append(f"HQ is there and has acknowledged no event in {_MINUTES}: {why}")
        return "; ".join(found)

    def _waits_for_answer(self, now_s: float) -> float:
        """Return for how long events have waited on this connection while HQ has answered none, in seconds."""
        refused = any(one.right is TopicRight.WRITE for one in self.refused)
        if refused or self._uplink.heard or not (self._uplink.hq_online and self._uplink.unsent):
            self._unanswered_s = None
        elif self._unanswered_s is None:
            self._unanswered_s = now_s
        return 0.0 if self._unanswered_s is None else now_s - self._unanswered_s

    def _try_again(self) -> None:
        """Subscribe again, and repeat the birth message if it was refused."""
        if self._silence or any(one.right is TopicRight.READ for one in self.refused):
            self._lists.fetch_all()
        status = topic(Channel.STATUS, self._site.site_id, self._site.gate_id)
        if self._link.rights.is_refused(status, TopicRight.WRITE):
            self._status.repeat()
