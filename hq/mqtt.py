"""HQ's connection to the broker: MQTT 5. paho restores it; all received messages are in one queue."""

import queue
import ssl
import threading
import time
from dataclasses import dataclass
from typing import Any

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from common.backoff import Backoff, doubled_s
from contract.codec import MAX_BYTES, encode
from contract.messages import HqState
from contract.topics import ROUTES, Channel, topic
from hq.config import BrokerConfig
from hq.database.clock import now

log = structlog.get_logger()

SHARE = "$share/sitegate-hq/"
"""Each event goes to one of HQ's processes, to one that is free (MQTT 5, 4.8.2)."""
_MAIN_ONLY = (Channel.STATUS, Channel.HEALTH, Channel.SNAPSHOT_REQUEST, Channel.REGISTER)
_INBOX = 500
_CONFIRMED_MAX = 50
"""Confirmations that are kept before their number is known: one may come that early."""
NOBODY_LISTENS = 0x10
"""PUBACK reason "no matching subscribers" (MQTT 5, 3.4.2.1); a broker may leave it out."""
TAKEN_OVER = 0x8E
"""DISCONNECT reason "session taken over" (MQTT 5, 3.14.2.1). mosquitto 2.0 only closes the connection."""
SHORT_S, PAUSE_MAX_S = 5.0, 60.0
SHORT_TEXT = "lost right after it was made, {} times: does another HQ use this broker? Stop one of them"


class LinkDead(RuntimeError):
    """The connection's thread died. The process must be started again."""


@dataclass(frozen=True, slots=True)
class BrokerMessage:
    """A message as the broker delivered it."""

    topic: str
    payload: bytes
    retained: bool


class HqLink:
    """Call `start`, then `receive` and `publish` from one thread. `connection` counts accepted connections.

    A `worker` receives its share of the events and nothing else. Its end is not announced as HQ's.
    """

    def __init__(self, config: BrokerConfig, client_id: str = "sitegate-hq", worker: bool = False) -> None:
        self._config, self._worker = config, worker
        self._inbox: queue.Queue[BrokerMessage] = queue.Queue(_INBOX)
        self._stopping = threading.Event()
        self._reader: threading.Thread | None = None
        self._wanted: set[int] = set()
        self._confirmed: dict[int, ReasonCode] = {}
        self.connection = 0
        self.connected = False
        self.detail = "not connected yet"
        self._short, self._connected_s = Backoff(1.0, PAUSE_MAX_S), 0.0
        self._client_id = client_id
        self._client = self._make(client_id)

    def start(self) -> None:
        """Connect in the background, and retry until the broker answers."""
        self._client.connect_async(
            self._config.host, self._config.port, self._config.keepalive_s, clean_start=True, properties=_limits()
        )
        self._client.loop_start()

    def receive(self, timeout_s: float) -> BrokerMessage | None:
        """Return the next message; None if there is none in time. Raises LinkDead."""
        if self._reader is not None and not self._reader.is_alive():
            raise LinkDead("the broker sent something unreadable: start HQ again")
        try:
            return self._inbox.get(timeout=timeout_s) if timeout_s > 0 else self._inbox.get_nowait()
        except queue.Empty:
            return None

    def publish(
        self, channel: Channel, payload: bytes, site_id: str = "", gate_id: str = "", part: int | None = None
    ) -> bool:
        """Publish a message. Return False if there is no connection."""
        return self._publish(channel, payload, site_id, gate_id, part) is not None

    def publish_numbered(self, channel: Channel, payload: bytes, site_id: str, gate_id: str) -> int | None:
        """Publish a message whose `confirmation` is wanted. Return its number, or None."""
        number = self._publish(channel, payload, site_id, gate_id)
        if number is not None:
            self._wanted.add(number)
        return number

    def confirmation(self, number: int) -> str | None:
        """Return once what the broker said of a numbered message: "" it is delivered; otherwise why not.

        None: nothing yet.
        """
        reason = self._confirmed.pop(number, None)
        if reason is None:
            return None
        self._wanted.discard(number)
        if reason.is_failure:
            return f"the broker refuses it: {reason}"
        return "nobody listens there: the gate is not connected" if reason.value == NOBODY_LISTENS else ""

    def ask_for_status(self, site_id: str, gate_id: str) -> None:
        """Make the broker repeat the status that it keeps of this gate."""
        name = topic(Channel.STATUS, site_id, gate_id)
        self._client.subscribe(name, ROUTES[Channel.STATUS].qos)
        self._client.unsubscribe(name)  # the subscription to all gates stays: nothing comes twice

    def _publish(
        self, channel: Channel, payload: bytes, site_id: str, gate_id: str, part: int | None = None
    ) -> int | None:
        if not self.connected:
            return None
        route = ROUTES[channel]
        name = topic(channel, site_id, gate_id, part)
        info = self._client.publish(name, payload, qos=route.qos, retain=route.retain)
        return info.mid if info.rc is MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def close(self) -> None:
        """Announce the absence and disconnect; may be called twice."""
        if self._stopping.is_set():
            return
        if self.connected and not self._worker:
            route = ROUTES[Channel.HQ_STATE]
            self._client.publish(
                topic(Channel.HQ_STATE), _state(online=False), route.qos, route.retain
            ).wait_for_publish(2)
        self._stopping.set()
        self._client.disconnect()
        self._client.loop_stop()
        # The client refers to this link, and the link to the client. Without this, paho's sockets stay open until the
        # next garbage collection.
        client = self._client
        client.on_connect = client.on_disconnect = client.on_message = client.on_publish = client.on_connect_fail = None

    def _make(self, client_id: str) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5)
        client.reconnect_delay_set(min_delay=1, max_delay=30)
        if self._config.tls:
            client.tls_set_context(ssl.create_default_context(cafile=self._config.ca_path))
        if self._config.username:
            client.username_pw_set(self._config.username, self._config.password.get_secret_value())
        if not self._worker:
            route = ROUTES[Channel.HQ_STATE]
            client.will_set(topic(Channel.HQ_STATE), encode(HqState(online=False)), route.qos, route.retain)
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_message, client.on_publish = self._on_message, self._on_publish
        client.on_connect_fail = self._on_connect_fail
        return client

    def _on_connect(
        self, client: Client, data: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._reader = threading.current_thread()
        if reason.is_failure:
            self._set(False, f"the broker refuses HQ: {reason} (check broker.username and broker.password)")
            return
        client.subscribe(SHARE + topic(Channel.EVENTS), ROUTES[Channel.EVENTS].qos)
        if not self._worker:
            client.subscribe([(topic(channel), ROUTES[channel].qos) for channel in _MAIN_ONLY])
        self.connection += 1
        self._connected_s = time.monotonic()
        self._set(True, "")

    def _on_disconnect(
        self, client: Client, data: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        lost = f"connection lost: {reason}"
        if self._is_short() or reason.value == TAKEN_OVER:
            lost = self._pause(reason.value == TAKEN_OVER) or lost
        else:
            self._short.reset()
            client.reconnect_delay_set(min_delay=1, max_delay=30)
        self._set(False, self.detail or lost)

    def _is_short(self) -> bool:
        """Tell whether the connection ended so soon that another HQ may have ended it, after a pause of its own."""
        pause_s = doubled_s(1, self._short.failures - 1, PAUSE_MAX_S) if self._short.failures else 0.0
        return self.connected and time.monotonic() - self._connected_s < SHORT_S + 3 * pause_s

    def _pause(self, taken_over: bool) -> str:
        """Wait longer each time: two HQs with one client id would disconnect each other every second.

        Return what to say; "" while it may be chance.
        """
        pause_s = PAUSE_MAX_S if taken_over else self._short.next_s()
        self._client.reconnect_delay_set(min_delay=int(pause_s), max_delay=int(PAUSE_MAX_S))
        if taken_over:
            return f"another HQ has connected to this broker as {self._client_id}: stop one of them"
        return f"connection {SHORT_TEXT.format(self._short.failures)}" if self._short.failures > 2 else ""

    def _on_connect_fail(self, client: Client, data: Any) -> None:
        self._short.reset()
        self._set(False, f"cannot reach {self._config.host}:{self._config.port}: start it with `sitegate-hq broker`")

    def _set(self, connected: bool, detail: str) -> None:
        if connected != self.connected or detail != self.detail:
            log.info("mqtt_link", connected=connected, detail=detail)
        self.connected, self.detail = connected, detail

    def _on_publish(self, client: Client, data: Any, mid: int, reason: ReasonCode, properties: Properties) -> None:
        self._confirmed[mid] = reason
        for other in [number for number in list(self._confirmed) if number not in self._wanted][:-_CONFIRMED_MAX]:
            self._confirmed.pop(other, None)

    def _on_message(self, client: Client, data: Any, message: MQTTMessage) -> None:
        received = BrokerMessage(message.topic, bytes(message.payload), bool(message.retain))
        while not self._stopping.is_set():
            try:
                self._inbox.put(received, timeout=0.2)
                return
            except queue.Full:
                continue


def _state(*, online: bool) -> bytes:
    return encode(HqState(online=online, utc=now()))


def _limits() -> Properties:
    limits = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    limits.MaximumPacketSize = MAX_BYTES + 64 * 1024
    limits.ReceiveMaximum = 100
    return limits
