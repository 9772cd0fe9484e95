"""Events up: the journal's outbox, and the outbox of what was saved from a damaged journal."""

from common.backoff import Backoff
from common.broker.rights import TopicRight
from contract.messages import Ack
from contract.topics import Channel
from edge.sync.jobs import NEXT_TURN
from edge.sync.metrics import SyncMeters
from edge.sync.mqtt import MqttLink
from edge.sync.outbox import Outbox
from edge.sync.salvage_outbox import SalvageOutbox
from edge.sync.sender import Sender


class EventPublisher:
    """Publishes batches of events, and counts their bytes."""

    def __init__(self, link: MqttLink, sender: Sender, meters: SyncMeters) -> None:
        self._link, self._sender, self._meters = link, sender, meters

    @property
    def refused(self) -> bool:
        """Whether the broker refuses this gate's events."""
        return self._link.rights.is_refused(self._sender.publication(Channel.EVENTS, b"").topic, TopicRight.WRITE)

    def publish(self, payload: bytes) -> bool:
        """Publish a batch. Return False if there is no connection."""
        sent = self._link.publish(self._sender.publication(Channel.EVENTS, payload))
        self._meters.sent_bytes.inc(len(payload) if sent else 0)
        return sent


REFUSED_S, REFUSED_MAX_S = 10.0, 300.0
"""Pauses between two attempts while the broker refuses the events. Each is twice the one before."""


class RefusedEvents:
    """Holds back the events while the broker refuses them: one attempt now and then, and nothing counts as sent."""

    def __init__(self, publisher: EventPublisher) -> None:
        self._publisher = publisher
        self._again = Backoff(REFUSED_S, REFUSED_MAX_S)
        self._due_s: float | None = None

    def holds(self, now_s: float) -> bool:
        """Return True while nothing may be sent. Call it once in each turn."""
        if not self._publisher.refused:
            self._again.reset()
            self._due_s = None
            return False
        if self._due_s is None or now_s >= self._due_s:
            first, self._due_s = self._due_s is None, now_s + self._again.next_s()
            return first
        return True

    @property
    def trying(self) -> bool:
        """Whether what is sent now is only an attempt."""
        return self._due_s is not None


class Uplink:
    """Follows the journal at each turn, and sends while there is a connection.

    `hq_online`: what HQ says about itself; None while it has said nothing. `heard`: it acknowledged something on this
    connection.
    """

    def __init__(self, publisher: EventPublisher, journal: Outbox, salvaged: SalvageOutbox) -> None:
        self._refused = RefusedEvents(publisher)
        self._journal, self._salvaged = journal, salvaged
        self.hq_online: bool | None = None
        self.heard = False

    def due(self) -> float:
        return NEXT_TURN

    def run(self, now_s: float) -> None:
        """Send as many batches as the windows allow. Saved events go first."""
        if self._refused.holds(now_s):
            return
        if self._refused.trying:
            self._restart()  # what was refused was not sent
        for outbox in (self._salvaged, self._journal):
            outbox.send(now_s, hq_away=self.hq_online is False or self._refused.trying)

    def connected(self, now_s: float) -> None:
        """Continue after HQ's watermark."""
        self.heard = False
        self._restart()

    @property
    def journal(self) -> Outbox:
        return self._journal

    @property
    def unsent(self) -> int:
        """Events of both outboxes that HQ has not acknowledged."""
        return self._journal.unsent + self._salvaged.unsent

    def note_hq(self, *, online: bool) -> None:
        """HQ says that it is there, or that it goes. When it comes back, go on after its watermark at once."""
        if online and self.hq_online is not True:
            self._restart()
        self.hq_online = online

    def acknowledged(self, ack: Ack, envelope: bytes, now_s: float, *, retained: bool) -> None:
        """See `Outbox.acknowledged`."""
        self.heard = True
        for outbox in (self._salvaged, self._journal):
            outbox.acknowledged(ack, envelope, now_s, retained=retained)

    def resync(self, now_s: float) -> None:
        """See `Outbox.resync`."""
        self._journal.resync(now_s)

    def _restart(self) -> None:
        self._journal.restart()
        self._salvaged.restart()

    def close(self) -> None:
        """Close the saved events. May be called twice."""
        self._salvaged.close()


class FollowJournals:
    """Looks at the journals at each turn, also without a connection: the screen shows what is unsent."""

    def __init__(self, journal: Outbox, salvaged: SalvageOutbox) -> None:
        self._journal, self._salvaged = journal, salvaged

    def due(self) -> float:
        return NEXT_TURN

    def run(self, now_s: float) -> None:
        """Look at the journal, and now and then for saved events."""
        self._journal.follow()
        self._salvaged.follow(now_s)
