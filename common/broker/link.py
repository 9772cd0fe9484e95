"""The connection to the broker, restored whenever it breaks.

Every connection gets a client of its own with a clean session. So nothing unsent from an earlier connection is
repeated. A connection counts from the broker's acceptance, not from the open socket.
"""

import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from common.backoff import Backoff, doubled_s
from common.broker import sentences
from common.broker.access import BrokerAccess, LinkError
from common.broker.answers import Answered
from common.broker.rights import TopicRights
from common.broker.session import Limits, MqttSession, Publication, Received

log = structlog.get_logger()

GATE_LIMITS = Limits()
_GOODBYE_TIMEOUT_S = 2.0
SHORT_S = 5.0
"""A connection that ends sooner was perhaps ended by a second client with the same name."""
_CHANCE = 2
"""So many short connections in a row may be chance."""


@dataclass(frozen=True, slots=True)
class LinkState:
    """`connection` counts accepted connections. `detail` says why there is none."""

    connected: bool
    connection: int
    since: datetime
    detail: str = ""


class BrokerLink:
    """A connection that restores itself. All methods may be called from one thread other than its own.

    `rights`: which topics the broker refuses. Raises LinkError: a certificate or password file is missing or wrong.
    """

    def __init__(
        self,
        access: BrokerAccess,
        client_id: str,
        subscriptions: Sequence[tuple[str, int]],
        *,
        will: Callable[[], Publication] | None = None,
        pauses_s: tuple[float, float] = (1, 30),
        limits: Limits = GATE_LIMITS,
    ) -> None:
        """`will`: makes what the broker publishes when a connection breaks. Called once per connection, in another
        thread. `pauses_s`: the first and the longest pause before a new attempt."""
        access.check()
        self._access, self._client_id, self._pauses_s = access, client_id, pauses_s
        self._subscriptions, self._will, self._limits = list(subscriptions), will, limits
        self._inbox: queue.Queue[Received] = queue.Queue(limits.inbox)
        self._stopping = threading.Event()
        self._state = LinkState(False, 0, datetime.now(UTC), "not connected yet")
        self._session: MqttSession | None = None
        self._thread = threading.Thread(target=self._run, name="mqtt-link", daemon=True)
        self.rights = TopicRights(access.names.whose)
        self._tries, self._short = Backoff(*pauses_s), Backoff(*pauses_s)
        self._accepted_s: float | None = None

    @property
    def state(self) -> LinkState:
        return self._state

    @property
    def dead(self) -> bool:
        """True if the connection's thread ended although nobody stopped it."""
        return self._thread.ident is not None and not self._thread.is_alive() and not self._stopping.is_set()

    def start(self) -> None:
        self._thread.start()

    def receive(self, timeout_s: float) -> Received | None:
        """Return the next message, or None after `timeout_s`."""
        try:
            return self._inbox.get(timeout=timeout_s) if timeout_s > 0 else self._inbox.get_nowait()
        except queue.Empty:
            return None

    def publish(self, publication: Publication, answered: Answered | None = None) -> bool:
        """Hand a message over. Return False without a connection, or if its queue is full. True does not promise
        delivery. `answered`: see `MqttSession.publish`."""
        session = self._session
        if session is None or not self._state.connected:
            return False
        return session.publish(publication, answered=answered)

    def subscribe(self, subscriptions: Sequence[tuple[str, int]]) -> bool:
        """Listen to more (topic, QoS) until this connection ends. Return False if there is none."""
        session = self._session
        if session is None or not self._state.connected:
            return False
        return session.subscribe(subscriptions)

    def subscribe_again(self) -> bool:
        """Ask for all first subscriptions again: the broker repeats what it keeps, and whether it allows them."""
        return self.subscribe(self._subscriptions)

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
            self._thread.join(self._access.connect_timeout_s + 5)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._accepted_s = None
            try:
                self._session = self._new_session()
                detail = self._session.run()
            except LinkError as error:  # a certificate file is being replaced
                detail = str(error)
            self._session = None
            pause_s, twin = self._pause()
            self._set_state(False, twin or detail)
            self._stopping.wait(pause_s * random.uniform(0.5, 1.0))

    def _pause(self) -> tuple[float, str]:
        """Return the pause before the next attempt, and what to say about a second client with this name.

        Two clients with one name disconnect each other. They wait longer each time, and so do not hammer the broker.
        """
        if self._accepted_s is None:
            return self._tries.next_s(), ""
        self._tries.reset()
        before_s = (
            doubled_s(self._pauses_s[0], self._short.failures - 1, self._pauses_s[1]) if self._short.failures else 0
        )
        if time.monotonic() - self._accepted_s >= SHORT_S + 3 * before_s:  # the other one also waits before it returns
            self._short.reset()
            return self._pauses_s[0], ""
        pause_s = self._short.next_s()
        times = self._short.failures
        return pause_s, sentences.lost_again(self._access, times) if times > _CHANCE else ""

    def _accept(self) -> None:
        self._accepted_s = time.monotonic()
        self._set_state(True)

    def _new_session(self) -> MqttSession:
        """Raises LinkError."""
        return MqttSession(
            self._access,
            client_id=self._client_id,
            subscriptions=self._subscriptions,
            will=self._will() if self._will is not None else None,
            accepted=self._accept,
            deliver=self._deliver,
            rights=self.rights,
            limits=self._limits,
        )

    def _set_state(self, connected: bool, detail: str = "") -> None:
        before = self._state
        if connected or before.connected or before.detail != detail:
            log.info("mqtt_link", connected=connected, detail=detail, broker=self._access.host)
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
