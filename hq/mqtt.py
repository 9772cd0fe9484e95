"""HQ's connection to the broker. It restores itself; all received messages are in one queue."""

from functools import partial

from common.broker.access import HQ, BrokerAccess
from common.broker.link import BrokerLink, LinkState
from common.broker.rights import TopicRight, TopicRights
from common.broker.session import Limits, Publication
from common.broker.session import Received as BrokerMessage
from contract.codec import encode
from contract.messages import HqState
from contract.topics import ROUTES, Channel, topic
from hq.config import BrokerConfig
from hq.database.clock import now

__all__ = ["BrokerMessage", "HqLink", "LinkDead", "access"]

SHARE = "$share/sitegate-hq/"
"""Each event goes to one of HQ's processes, to one that is free (MQTT 5, 4.8.2)."""
_MAIN_ONLY = (Channel.STATUS, Channel.HEALTH, Channel.SNAPSHOT_REQUEST, Channel.REGISTER)
_LIMITS = Limits(inbox=500, outbox=0, unanswered=100)
PAUSES_S = 1.0, 30.0
NOBODY_LISTENS = 0x10
"""PUBACK reason "no matching subscribers" (MQTT 5, 3.4.2.1); a broker may leave it out."""


class LinkDead(RuntimeError):
    """The connection's thread died. The process must be started again."""


class HqLink:
    """Call `start`, then `receive` and `publish` from one thread. `connection` counts accepted connections.

    A `worker` receives its share of the events and nothing else. Its end is not announced as HQ's.

    Raises:
        LinkError: a certificate or password file is missing or wrong.
    """

    def __init__(self, config: BrokerConfig, client_id: str = "sitegate-hq", worker: bool = False) -> None:
        self._worker = worker
        will = None if worker else partial(_state, HqState(online=False))
        self._link = BrokerLink(
            access(config), client_id, subscriptions(worker), will=will, limits=_LIMITS, pauses_s=PAUSES_S
        )
        self._confirmed: dict[int, tuple[int, str]] = {}
        self._number = 0
        self._closed = False

    @property
    def connected(self) -> bool:
        return self._link.state.connected

    @property
    def connection(self) -> int:
        return self._link.state.connection

    @property
    def state(self) -> LinkState:
        """The connection, or why there is none."""
        return self._link.state

    @property
    def rights(self) -> TopicRights:
        """Which topics the broker refuses."""
        return self._link.rights

    def start(self) -> None:
        """Connect in the background, and retry until the broker answers."""
        self._link.start()

    def receive(self, timeout_s: float) -> BrokerMessage | None:
        """Return the next message; None if there is none in time. Raises LinkDead."""
        if self._link.dead:
            raise LinkDead("the connection to the broker ended by itself: start HQ again")
        return self._link.receive(timeout_s)

    def publish(
        self, channel: Channel, payload: bytes, site_id: str = "", gate_id: str = "", part: int | None = None
    ) -> bool:
        """Publish a message. Return False if there is no connection."""
        return self._link.publish(_publication(channel, payload, site_id, gate_id, part))

    def publish_numbered(self, channel: Channel, payload: bytes, site_id: str, gate_id: str) -> int | None:
        """Publish a message whose `confirmation` is wanted. Return its number, or None."""
        self._number = number = self._number + 1

        def answered(code: int, reason: str) -> None:
            self._confirmed[number] = (code, reason)

        publication = _publication(channel, payload, site_id, gate_id)
        return number if self._link.publish(publication, answered) else None

    def confirmation(self, number: int) -> str | None:
        """Return once what the broker said of a numbered message: "" it is delivered; otherwise why not.

        None: nothing yet.
        """
        answer = self._confirmed.pop(number, None)
        if answer is None:
            return None
        code, reason = answer
        if code >= 0x80:
            return f"the broker refuses it: {reason}"
        return "nobody listens there: the gate is not connected" if code == NOBODY_LISTENS else ""

    def ask_for_status(self, site_id: str, gate_id: str) -> None:
        """Make the broker repeat the status that it keeps of this gate."""
        name = topic(Channel.STATUS, site_id, gate_id)
        self._link.subscribe([(name, ROUTES[Channel.STATUS].qos)])
        self._link.unsubscribe([name])  # the subscription to all gates stays: nothing comes twice

    def try_refused(self) -> None:
        """Try every refused topic again. An empty message is ignored by gates, and leaves what the broker keeps."""
        refused = {right: [one.topic for one in self.rights.refused if one.right is right] for right in TopicRight}
        wanted = [(name, qos) for name, qos in subscriptions(self._worker) if name in refused[TopicRight.READ]]
        if wanted:
            self._link.subscribe(wanted)
        for name in refused[TopicRight.WRITE]:
            self._link.publish(Publication(name, b"", qos=1, retain=False))

    def close(self) -> None:
        """Announce the absence and disconnect; may be called twice."""
        if not self._closed:
            self._closed = True
            self._link.close(None if self._worker else _state(HqState(online=False, utc=now())))


def access(config: BrokerConfig) -> BrokerAccess:
    """Return how hq.toml reaches the broker."""
    return BrokerAccess(
        names=HQ,
        host=config.host,
        port=config.port,
        tls=config.tls,
        ca_path=config.ca_path,
        client_cert_path=config.client_cert_path,
        client_key_path=config.client_key_path,
        username=config.username,
        password=config.read_password,
        keepalive_s=config.keepalive_s,
        connect_timeout_s=config.connect_timeout_s,
    )


def subscriptions(worker: bool) -> list[tuple[str, int]]:
    """Return (topic, QoS) of everything that HQ listens to."""
    events = (SHARE + topic(Channel.EVENTS), ROUTES[Channel.EVENTS].qos)
    return [events] if worker else [events, *((topic(channel), ROUTES[channel].qos) for channel in _MAIN_ONLY)]


def _publication(
    channel: Channel, payload: bytes, site_id: str = "", gate_id: str = "", part: int | None = None
) -> Publication:
    route = ROUTES[channel]
    return Publication(topic(channel, site_id, gate_id, part), payload, route.qos, route.retain)


def _state(state: HqState) -> Publication:
    return _publication(Channel.HQ_STATE, encode(state))
