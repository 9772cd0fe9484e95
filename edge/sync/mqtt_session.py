"""One connection to HQ's broker: MQTT 5, and the only file at the gate that knows paho."""

import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from contract.codec import MAX_BYTES
from contract.signing import BadKey
from edge.core.config import SyncConfig
from edge.system.key_files import secret

log = structlog.get_logger()

INBOX = 32
"""Maximum number of received messages that wait."""
_OUTBOX = 200


class LinkError(RuntimeError):
    """The connection cannot even be tried: a certificate or password file is missing or wrong."""


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


class MqttSession:
    """One connection, from the attempt to its end. Raises LinkError: a certificate or password file is missing or
    wrong.

    `subscriptions`: (topic, QoS) of what it listens to from the start. `will`: published by the broker when the
    connection breaks. `accepted` is called once the broker accepts. `deliver` takes each message, and may block. Both
    are called in another thread.
    """

    def __init__(
        self,
        config: SyncConfig,
        *,
        client_id: str,
        subscriptions: Sequence[tuple[str, int]],
        will: Publication | None,
        accepted: Callable[[], None],
        deliver: Callable[[Received], None],
    ) -> None:
        self._config, self._client_id, self._subscriptions = config, client_id, subscriptions
        self._accepted, self._deliver = accepted, deliver
        self.over = threading.Event()
        self._answered = threading.Event()
        self._reader: threading.Thread | None = None
        self._detail = ""
        self._subscribed: dict[int, list[str]] = {}
        self._client = self._make(will)

    def run(self) -> str:
        """Connect and stay until the end. Return why it ended. May be called once."""
        try:
            return self._stay()
        finally:
            # The client holds this session's methods, and the session holds the client. Without this, paho's sockets
            # would stay open until the next garbage collection.
            client = self._client
            client.on_connect = client.on_disconnect = client.on_message = client.on_subscribe = None

    def _stay(self) -> str:
        config = self._config
        try:
            self._client.connect(
                config.broker_host, config.broker_port, config.keepalive_s, clean_start=True, properties=_limits()
            )
        except ssl.SSLCertVerificationError as error:
            return (
                f"the certificate of {config.broker_host}:{config.broker_port} cannot be trusted "
                f"({error.verify_message}): renew it at the broker, or correct sync.ca_path and this clock"
            )
        except (OSError, ValueError) as error:
            return f"cannot reach {config.broker_host}:{config.broker_port}: {error}"
        self._client.loop_start()
        if not self._wait(self._answered, config.connect_timeout_s):
            where = f"{config.broker_host}:{config.broker_port}"
            self._detail = self._detail or f"{where} does not answer as an MQTT 5 broker"
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

    def publish(self, publication: Publication, *, wait_s: float = 0) -> bool:
        """Hand a message over, and wait for its delivery at most `wait_s`. Return False if the queue is full."""
        info = self._client.publish(
            publication.topic, publication.payload, qos=publication.qos, retain=publication.retain
        )
        if info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            return False
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

    def _wait(self, event: threading.Event, timeout_s: float) -> bool:
        until = time.monotonic() + timeout_s
        while time.monotonic() < until and not self.over.is_set():
            if event.wait(0.1):
                return True
        return event.is_set()

    def _make(self, will: Publication | None) -> Client:
        config = self._config
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        client.connect_timeout = config.connect_timeout_s
        client.max_queued_messages_set(_OUTBOX)
        if config.tls:  # read at each connection: certificates are renewed without a restart
            client.tls_set_context(tls_context(config))
        if config.username:
            client.username_pw_set(config.username, password(config))
        if will is not None:
            client.will_set(will.topic, will.payload, will.qos, will.retain)
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_message, client.on_subscribe = self._on_message, self._on_subscribe
        return client

    def _on_connect(
        self, client: Client, data: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._reader = threading.current_thread()
        self._answered.set()
        if reason.is_failure:
            self._detail = f"the broker refuses this gate: {reason} (check sync.username, sync.password, certificate)"
            self.over.set()
            return
        if self._subscriptions:
            self.subscribe(self._subscriptions)
        self._accepted()

    def _on_disconnect(
        self, client: Client, data: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if self._answered.is_set():
            self._detail = self._detail or f"connection lost: {reason}"
        elif not self.over.is_set():  # a refused certificate shows only now (TLS 1.3)
            where = f"{self._config.broker_host}:{self._config.broker_port}"
            self._detail = self._detail or (
                f"{where} hung up before it answered: is it an MQTT 5 broker, and does it know this gate's certificate "
                "(sync.client_cert_path; expired, or of another authority)?"
            )
        self.over.set()

    def _on_subscribe(
        self, client: Client, data: Any, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        for topic, reason in zip(self._subscribed.pop(mid, ()), reasons, strict=False):
            if reason.is_failure:
                log.error("mqtt_subscription_refused", topic=topic, reason=str(reason))

    def _on_message(self, client: Client, data: Any, message: MQTTMessage) -> None:
        self._deliver(Received(message.topic, bytes(message.payload), bool(message.retain)))


def _limits() -> Properties:
    """Limit what the broker may send: the size, and the number of unanswered messages."""
    limits = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    limits.MaximumPacketSize = MAX_BYTES + 64 * 1024
    limits.ReceiveMaximum = INBOX
    return limits


def password(config: SyncConfig) -> str:
    """Read the password. This happens at each connection, as with the certificates. Raises LinkError."""
    try:
        return secret(config.password, config.password_path, "sync.password_path").get_secret_value()
    except BadKey as error:
        raise LinkError(str(error)) from error


def tls_context(config: SyncConfig) -> ssl.SSLContext:
    """Read the certificates. Raises LinkError."""
    try:
        context = ssl.create_default_context(cafile=config.ca_path)
        if config.client_cert_path is not None:
            context.load_cert_chain(config.client_cert_path, config.client_key_path)
    except (OSError, ssl.SSLError) as error:
        raise LinkError(
            f"TLS cannot be set up ({error}): check sync.ca_path, sync.client_cert_path and sync.client_key_path"
        ) from error
    return context
