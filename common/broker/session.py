"""One connection to the broker: MQTT 5, and the only file that knows paho."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from common.broker import sentences
from common.broker.access import BrokerAccess, tls_context
from common.broker.answers import Answered, PublishAnswers
from common.broker.rights import TopicRight, TopicRights
from contract.codec import MAX_BYTES


@dataclass(frozen=True, slots=True)
class Received:
    """A message from the broker. `retained`: the broker kept it, and it may be of any age."""

    topic: str
    payload: bytes
    retained: bool


@dataclass(frozen=True, slots=True)
class Publication:
    """A message for the broker."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """`inbox`: maximum number of received messages that wait. `outbox`: of messages to send; 0 is no limit."""

    inbox: int = 32
    outbox: int = 200
    unanswered: int = 32
    """Maximum number of messages that the broker sends before it has an answer."""


class MqttSession:
    """One connection, from the attempt to its end. Raises LinkError: a certificate or password file is missing or
    wrong.

    `subscriptions`: (topic, QoS) of what it listens to from the start. `will`: published by the broker when the
    connection breaks. `accepted` is called once the broker accepts. `deliver` takes each message, and may block. Both
    are called in another thread.
    """

    def __init__(
        self,
        access: BrokerAccess,
        *,
        client_id: str,
        subscriptions: Sequence[tuple[str, int]],
        will: Publication | None,
        accepted: Callable[[], None],
        deliver: Callable[[Received], None],
        rights: TopicRights,
        limits: Limits,
    ) -> None:
        self._access, self._client_id, self._subscriptions = access, client_id, subscriptions
        self._accepted, self._deliver, self._rights, self._limits = accepted, deliver, rights, limits
        self.over = threading.Event()
        self._answered = threading.Event()
        self._reader: threading.Thread | None = None
        self._detail = ""
        self._subscribed: dict[int, list[str]] = {}
        self._answers = PublishAnswers()
        self._client = self._make(will)

    def run(self) -> str:
        """Connect and stay until the end. Return why it ended. May be called once."""
        try:
            return self._stay()
        finally:
            # The client holds this session's methods, and the session holds the client. Without this, paho's sockets
            # would stay open until the next garbage collection.
            client = self._client
            client.on_connect = client.on_disconnect = client.on_message = None
            client.on_subscribe = client.on_publish = None

    def _stay(self) -> str:
        access = self._access
        try:
            self._client.connect(
                access.host, access.port, access.keepalive_s, clean_start=True, properties=_properties(self._limits)
            )
        except (OSError, ValueError) as error:
            return sentences.not_reached(access, error)
        self._client.loop_start()
        if not self._wait(self._answered, access.connect_timeout_s):
            self._detail = self._detail or f"{access.where} does not answer as an MQTT 5 broker"
        else:
            while not self.over.wait(0.5):
                if self._reader is not None and not self._reader.is_alive():
                    self._detail = "the broker sent something unreadable"
                    break
        self._client.disconnect()
        self._client.loop_stop()
        return self._detail or "stopped"

    def end(self, why: str) -> None:
        """End the connection in the orderly way."""
        self._detail = self._detail or why
        self.over.set()

    def publish(self, publication: Publication, *, wait_s: float = 0, answered: Answered | None = None) -> bool:
        """Hand a message over, and wait for its delivery at most `wait_s`. Return False if the queue is full.

        `answered`: called in another thread with the broker's answer (code, reason). QoS 0 has none.
        """
        topic, qos = publication.topic, publication.qos
        info = self._client.publish(topic, publication.payload, qos=qos, retain=publication.retain)
        if info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            return False

        def note(code: int, reason: str) -> None:
            self._rights.note(topic, TopicRight.WRITE, code, reason)
            if answered is not None:
                answered(code, reason)

        self._answers.expect(info.mid, note if qos else None)
        if wait_s:
            info.wait_for_publish(wait_s)
        return True

    def subscribe(self, subscriptions: Sequence[tuple[str, int]]) -> bool:
        """Listen to more (topic, QoS)."""
        result, number = self._client.subscribe(list(subscriptions))
        if result is not MQTTErrorCode.MQTT_ERR_SUCCESS or number is None:
            return False
        self._subscribed[number] = [topic for topic, _ in subscriptions]
        return True

    def unsubscribe(self, topics: Sequence[str]) -> None:
        """Stop listening to these topics."""
        self._client.unsubscribe(list(topics))
        self._rights.forget(topics, TopicRight.READ)

    def _wait(self, event: threading.Event, timeout_s: float) -> bool:
        until = time.monotonic() + timeout_s
        while time.monotonic() < until and not self.over.is_set():
            if event.wait(0.1):
                return True
        return event.is_set()

    def _make(self, will: Publication | None) -> Client:
        access = self._access
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        client.connect_timeout = access.connect_timeout_s
        client.max_queued_messages_set(self._limits.outbox)
        if access.tls:  # read at each connection: certificates are renewed without a restart
            client.tls_set_context(tls_context(access))
        if access.username:
            client.username_pw_set(access.username, access.password())
        if will is not None:
            client.will_set(will.topic, will.payload, will.qos, will.retain)
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_message, client.on_subscribe = self._on_message, self._on_subscribe
        client.on_publish = self._on_publish
        return client

    def _on_connect(
        self, client: Client, data: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._reader = threading.current_thread()
        self._answered.set()
        if reason.is_failure:
            self._detail = sentences.refused(self._access, reason.value, str(reason))
            self.over.set()
            return
        if self._subscriptions:
            self.subscribe(self._subscriptions)
        self._accepted()

    def _on_disconnect(
        self, client: Client, data: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if self._answered.is_set():
            self._detail = self._detail or sentences.lost(self._access, reason.value, str(reason))
        elif not self.over.is_set():  # a refused certificate shows only now (TLS 1.3)
            self._detail = self._detail or sentences.hung_up(self._access)
        self.over.set()

    def _on_subscribe(
        self, client: Client, data: Any, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        for topic, reason in zip(self._subscribed.pop(mid, ()), reasons, strict=False):
            self._rights.note(topic, TopicRight.READ, reason.value, str(reason))

    def _on_publish(self, client: Client, data: Any, mid: int, reason: ReasonCode, properties: Properties) -> None:
        self._answers.arrived(mid, reason.value, str(reason))

    def _on_message(self, client: Client, data: Any, message: MQTTMessage) -> None:
        self._deliver(Received(message.topic, bytes(message.payload), bool(message.retain)))


def _properties(limits: Limits) -> Properties:
    """Limit what the broker may send: the size, and the number of unanswered messages."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.MaximumPacketSize = MAX_BYTES + 64 * 1024
    properties.ReceiveMaximum = limits.unanswered
    return properties
