"""Sends this gate's own messages: named for their channel, numbered and signed."""

from contract.messages import GateStatus
from contract.topics import ROUTES, Channel, topic
from edge.core.config import SiteConfig
from edge.sync.mqtt import MqttLink, Publication
from edge.sync.signed_messages import MessageSigner, Said


class Sender:
    """Makes publications of messages."""

    def __init__(self, site: SiteConfig, signer: MessageSigner) -> None:
        self._site, self.signer = site, signer

    def publication(self, channel: Channel, payload: bytes) -> Publication:
        """Return the publication of a payload on one of this gate's channels."""
        route = ROUTES[channel]
        return Publication(topic(channel, self._site.site_id, self._site.gate_id), payload, route.qos, route.retain)

    def signed(self, channel: Channel, message: Said) -> Publication:
        """Return the publication of a message, numbered and signed."""
        return self.publication(channel, self.signer.sign(message, channel))

    def send(self, link: MqttLink, channel: Channel, message: Said) -> bool:
        """Number, sign and publish a message. Return False if there is no connection."""
        return link.publish(self.signed(channel, message))


class Will:
    """What the broker publishes when a connection breaks (MQTT's Last Will). The connection's own thread asks for it.

    `status`: the message; set before the first connection, and again whenever something in it changes. `connection`:
    the serial number that the connection began with. `since_s`: monotonic time of its attempt.
    """

    status: GateStatus

    def __init__(self, sender: Sender, since_s: float) -> None:
        self._sender = sender
        self.connection, self.since_s = 0, since_s

    def begin(self, now_s: float) -> Publication:
        """Begin a connection. Return its Will."""
        self.connection, self.since_s = self._sender.signer.next_serial(), now_s
        payload = self._sender.signer.sign_will(self.status, self.connection)
        return self._sender.publication(Channel.STATUS, payload)
