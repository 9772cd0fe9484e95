"""The connection to HQ's broker: MQTT 5, and the only file at the gate that knows paho.

Every connection gets a client of its own with a clean session, so nothing unsent from an earlier connection is ever
repeated behind our back: the journal is the only outbox. A connection counts from the broker's acceptance, not from
the open socket.
"""

import queue
import random
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from contract.backoff import Backoff
from contract.codec import MAX_BYTES
from contract.signing import BadKey
from edge.core.config import SyncConfig
from edge.system.key_files import secret

log = structlog.get_logger()

_INBOX = 32
_OUTBOX = 200
_DEATH_TIMEOUT_S = 2.0


class LinkError(RuntimeError):
    """The connection cannot even be tried: a certificate file that is missing or wrong."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message from the broker. `retained`: it was kept there, and may be of any age."""

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
class LinkState:
    """`connection` counts accepted connections; `detail` says why there is none."""

    connected: bool
    connection: int
    since: datetime
    detail: str = ""


class MqttLink:
    """A connection that restores itself. All methods may be called from one thread other than its own.

    Raises:
        LinkError: a certificate file is missing or wrong.
    """

    def __init__(
        self,
        config: SyncConfig,
        client_id: str,
        subscriptions: Sequence[tuple[str, int]],
        will: Callable[[], Publication] | None = None,
    ) -> None:
        """`will` makes what the broker publishes when a connection breaks; asked once per connection, in another thread."""
        self._config, self._client_id = config, client_id
        self._subscriptions, self._will = list(subscriptions), will
        if config.tls:
            _tls(config)  # what is wrong at the start is said at the start
        _password(config)
        self._inbox: queue.Queue[Received] = queue.Queue(_INBOX)
        self._stopping = threading.Event()
        self._state = LinkState(False, 0, datetime.now(UTC), "not connected yet")
        self._session: _Session | None = None
        self._thread = threading.Thread(target=self._run, name="mqtt-link", daemon=True)

    @property
    def state(self) -> LinkState:
        return self._state

    def start(self) -> None:
        self._thread.start()

    def receive(self, timeout_s: float) -> Received | None:
        """The next message, waiting at most `timeout_s`; None if there is none."""
        try:
            return self._inbox.get(timeout=timeout_s) if timeout_s > 0 else self._inbox.get_nowait()
        except queue.Empty:
            return None

    def publish(self, publication: Publication) -> bool:
        """Hand a message over; False if there is no connection or its queue is full. True is no promise of delivery."""
        session = self._session
        if session is None or not self._state.connected:
            return False
        return session.publish(publication)

    def subscribe(self, subscriptions: Sequence[tuple[str, int]]) -> bool:
        """Listen to more (topic, QoS), until this connection ends; False if there is none."""
        session = self._session
        if session is None or not self._state.connected:
            return False
        return session.subscribe(subscriptions)

    def unsubscribe(self, topics: Sequence[str]) -> None:
        """Listen to these no longer; without a connection there is nothing to do."""
        if (session := self._session) is not None:
            session.unsubscribe(topics)

    def reconnect(self, why: str) -> None:
        """End this connection in the orderly way, and make another."""
        if (session := self._session) is not None:
            session.end(why)

    def close(self, death: Publication | None = None) -> None:
        """Say goodbye (`death` replaces the Will) and disconnect; may be called twice."""
        session = self._session
        if death is not None and session is not None and self._state.connected:
            session.publish(death, wait_s=_DEATH_TIMEOUT_S)
        self._stopping.set()
        if session is not None:
            session.over.set()
        if self._thread.is_alive():
            self._thread.join(self._config.connect_timeout_s + 5)

    def _run(self) -> None:
        backoff = Backoff(self._config.backoff_min_s, self._config.backoff_max_s)
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._session = _Session(self)
                detail = self._session.run()
            except LinkError as error:  # a certificate file is being replaced
                detail = str(error)
            self._session = None
            self._set_state(False, detail)
            pause = backoff.next_s()
            # A broker that accepts and at once drops us (a second gate with our name) must not be hammered either.
            if time.monotonic() - began > self._config.backoff_max_s:
                backoff.reset()
            self._stopping.wait(pause * random.uniform(0.5, 1.0))

    def _set_state(self, connected: bool, detail: str = "") -> None:
        before = self._state
        if connected or before.connected or before.detail != detail:
            log.info("mqtt_link", connected=connected, detail=detail, broker=self._config.broker_host)
            count = before.connection + (1 if connected else 0)
            since = datetime.now(UTC) if connected != before.connected else before.since
            self._state = LinkState(connected, count, since, detail)

    def _deliver(self, received: Received) -> None:
        """Blocks while the inbox is full: the broker then waits too, instead of our memory growing."""
        while not self._stopping.is_set():
            try:
                self._inbox.put(received, timeout=0.2)
                return
            except queue.Full:
                continue


class _Session:
    """One connection, from the attempt to its end."""

    def __init__(self, link: MqttLink) -> None:
        self._link, self._config = link, link._config
        self.over = threading.Event()
        self._answered = threading.Event()
        self._reader: threading.Thread | None = None
        self._detail = ""
        self._subscribed: dict[int, list[str]] = {}
        self._client = self._make()

    def run(self) -> str:
        """Connect and stay until the end; why it ended. Once only."""
        try:
            return self._stay()
        finally:
            # The client holds this session's methods, and the session holds the client: let go, or paho's sockets stay
            # open until the next garbage collection.
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
                f"the certificate of {config.broker_host}:{config.broker_port} is not to be believed "
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
        self._detail = self._detail or why
        self.over.set()

    def publish(self, publication: Publication, wait_s: float = 0) -> bool:
        info = self._client.publish(
            publication.topic, publication.payload, qos=publication.qos, retain=publication.retain
        )
        if info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            return False
        if wait_s:
            info.wait_for_publish(wait_s)
        return True

    def subscribe(self, subscriptions: Sequence[tuple[str, int]]) -> bool:
        result, number = self._client.subscribe(list(subscriptions))
        if result is not MQTTErrorCode.MQTT_ERR_SUCCESS or number is None:
            return False
        self._subscribed[number] = [topic for topic, _ in subscriptions]
        return True

    def unsubscribe(self, topics: Sequence[str]) -> None:
        self._client.unsubscribe(list(topics))

    def _wait(self, event: threading.Event, timeout_s: float) -> bool:
        until = time.monotonic() + timeout_s
        while time.monotonic() < until and not self.over.is_set():
            if event.wait(0.1):
                return True
        return event.is_set()

    def _make(self) -> Client:
        config, link = self._config, self._link
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=link._client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        client.connect_timeout = config.connect_timeout_s
        client.max_queued_messages_set(_OUTBOX)
        if config.tls:  # read anew each time: certificates are renewed without a restart
            client.tls_set_context(_tls(config))
        if config.username:
            client.username_pw_set(config.username, _password(config))
        if link._will is not None:
            will = link._will()
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
        if self._link._subscriptions:
            self.subscribe(self._link._subscriptions)
        self._link._set_state(True)

    def _on_disconnect(
        self, client: Client, data: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if self._answered.is_set():
            self._detail = self._detail or f"connection lost: {reason}"
        elif not self._link._stopping.is_set():  # a refused certificate shows only now (TLS 1.3)
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
        self._link._deliver(Received(message.topic, bytes(message.payload), bool(message.retain)))


def _limits() -> Properties:
    """What we are ready to take from the broker: bounded size and number of unanswered messages."""
    limits = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    limits.MaximumPacketSize = MAX_BYTES + 64 * 1024
    limits.ReceiveMaximum = _INBOX
    return limits


def _password(config: SyncConfig) -> str:
    """Read at each connection, as the certificates. Raises LinkError."""
    try:
        return secret(config.password, config.password_path, "sync.password_path").get_secret_value()
    except BadKey as error:
        raise LinkError(str(error)) from error


def _tls(config: SyncConfig) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=config.ca_path)
        if config.client_cert_path is not None:
            context.load_cert_chain(config.client_cert_path, config.client_key_path)
    except (OSError, ssl.SSLError) as error:
        raise LinkError(
            f"TLS cannot be set up ({error}): check sync.ca_path, sync.client_cert_path and sync.client_key_path"
        ) from error
    return context
