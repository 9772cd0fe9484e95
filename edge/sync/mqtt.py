"""The connection to HQ's broker, restored whenever it breaks.

Every connection gets a client of its own with a clean session: nothing unsent from an earlier connection is ever
repeated. The journal is the only outbox. A connection counts from the broker's acceptance, not from the open socket.
"""

import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from common.backoff import Backoff
from edge.core.config import SyncConfig
from edge.sync.mqtt_session import INBOX, LinkError, MqttSession, Publication, Received, password, tls_context

__all__ = ["LinkError", "LinkState", "MqttLink", "Publication", "Received"]

log = structlog.get_logger()

_GOODBYE_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class LinkState:
    """`connection` counts accepted connections. `detail` says why there is none."""

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
        *,
        will: Callable[[], Publication] | None = None,
    ) -> None:
        """`will`: makes what the broker publishes when a connection breaks. Called once per connection, in another
        thread."""
        self._config, self._client_id = config, client_id
        self._subscriptions, self._will = list(subscriptions), will
        if config.tls:
            tls_context(config)  # report at the start what is wrong at the start
        password(config)
        self._inbox: queue.Queue[Received] = queue.Queue(INBOX)
        self._stopping = threading.Event()
        self._state = LinkState(False, 0, datetime.now(UTC), "not connected yet")
        self._session: MqttSession | None = None
        self._thread = threading.Thread(target=self._run, name="mqtt-link", daemon=True)

    @property
    def state(self) -> LinkState:
        return self._state

    def start(self) -> None:
        self._thread.start()

    def receive(self, timeout_s: float) -> Received | None:
        """Return the next message, or None after `timeout_s`."""
        try:
            return self._inbox.get(timeout=timeout_s) if timeout_s > 0 else self._inbox.get_nowait()
        except queue.Empty:
            return None

    def publish(self, publication: Publication) -> bool:
        """Hand a message over. Return False without a connection, or if its queue is full. True does not promise
        delivery."""
        session = self._session
        if session is None or not self._state.connected:
            return False
        return session.publish(publication)

    def subscribe(self, subscriptions: Sequence[tuple[str, int]]) -> bool:
        """Listen to more (topic, QoS) until this connection ends. Return False if there is none."""
        session = self._session
        if session is None or not self._state.connected:
            return False
        return session.subscribe(subscriptions)

    def unsubscribe(self, topics: Sequence[str]) -> None:
        """Stop listening to these topics. Without a connection there is nothing to do."""
        if (session := self._session) is not None:
            session.unsubscribe(topics)

    def reconnect(self, why: str) -> None:
        """End this connection in the orderly way, and make another."""
        if (session := self._session) is not None:
            session.end(why)

    def close(self, goodbye: Publication | None = None) -> None:
        """Publish `goodbye`, which replaces the Will, and disconnect. May be called twice."""
        session = self._session
        if goodbye is not None and session is not None and self._state.connected:
            session.publish(goodbye, wait_s=_GOODBYE_TIMEOUT_S)
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
                self._session = self._new_session()
                detail = self._session.run()
            except LinkError as error:  # a certificate file is being replaced
                detail = str(error)
            self._session = None
            self._set_state(False, detail)
            pause = backoff.next_s()
            # Do not hammer a broker that accepts and drops the connection at once (a second gate with this gate's
            # name).
            if time.monotonic() - began > self._config.backoff_max_s:
                backoff.reset()
            self._stopping.wait(pause * random.uniform(0.5, 1.0))

    def _new_session(self) -> MqttSession:
        """Raises LinkError."""
        return MqttSession(
            self._config,
            client_id=self._client_id,
            subscriptions=self._subscriptions,
            will=self._will() if self._will is not None else None,
            accepted=lambda: self._set_state(True),
            deliver=self._deliver,
        )

    def _set_state(self, connected: bool, detail: str = "") -> None:
        before = self._state
        if connected or before.connected or before.detail != detail:
            log.info("mqtt_link", connected=connected, detail=detail, broker=self._config.broker_host)
            count = before.connection + (1 if connected else 0)
            since = datetime.now(UTC) if connected != before.connected else before.since
            self._state = LinkState(connected, count, since, detail)

    def _deliver(self, received: Received) -> None:
        """Block while the inbox is full: the broker waits, too, and this process's memory does not grow."""
        while not self._stopping.is_set():
            try:
                self._inbox.put(received, timeout=0.2)
                return
            except queue.Full:
                continue
