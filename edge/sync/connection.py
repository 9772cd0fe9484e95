"""The connection itself: its number must follow the clock, its state is shown on the screen, its replica's log is
emptied."""

from edge.core.config import SyncConfig
from edge.core.ports import Clock
from edge.replica.message_tables import LinkSummary
from edge.replica.writer import ReplicaWriter
from edge.sync.broker_problems import BrokerProblems
from edge.sync.jobs import NEXT_TURN
from edge.sync.metrics import SyncMeters
from edge.sync.mqtt import MqttLink
from edge.sync.sender import Will
from edge.sync.uplink import Uplink

_SHOW_EVERY_S = 1.0
_DETAIL_MAX = 1000
CLOCK_LEAP_S = 10.0
"""A clock that leaps ahead by more was behind when the connection began. The connection's number is made from the
clock."""


class ConnectionClock:
    """Makes a new connection after a clock that was behind. Needs a connection.

    HQ refuses a connection that has a lower number than an earlier one.
    """

    def __init__(self, clock: Clock, link: MqttLink, will: Will) -> None:
        self._clock, self._link, self._will = clock, link, will

    def due(self) -> float:
        return NEXT_TURN

    def run(self, now_s: float) -> None:
        """End the connection if the clock leapt ahead since it began."""
        passed_s = self._clock.utc().timestamp() - self._will.connection / 1000
        if passed_s - (now_s - self._will.since_s) > CLOCK_LEAP_S:
            self._link.reconnect("the clock was set")

    def connected(self, now_s: float) -> None:
        """Nothing: the connection has a number of its own."""


class LinkDisplay:
    """Keeps the connection's state for the screen and the metrics. Writes it only when it changed."""

    def __init__(
        self,
        config: SyncConfig,
        *,
        link: MqttLink,
        uplink: Uplink,
        replica: ReplicaWriter,
        meters: SyncMeters,
        problems: BrokerProblems,
    ) -> None:
        self._broker, self._problems = f"{config.broker_host}:{config.broker_port}", problems
        self._link, self._uplink, self._replica, self._meters = link, uplink, replica, meters
        self._due_s = 0.0
        self._shown: LinkSummary | None = None

    def due(self) -> float:
        return self._due_s

    def run(self, now_s: float) -> None:
        """Write the state. Raises ReplicaError."""
        self._due_s = now_s + _SHOW_EVERY_S
        state, unsent = self._link.state, self._uplink.journal.unsent
        self._meters.queue.set(unsent)
        self._meters.connected.set(state.connected)
        self._meters.topics_refused.set(len(self._problems.refused))
        shown = LinkSummary(
            connected=state.connected,
            since_utc=state.since,
            broker=self._broker,
            detail=self._problems.text[:_DETAIL_MAX] if state.connected else state.detail,
            hq_online=self._uplink.hq_online if state.connected else None,
            unsent=unsent,
        )
        if shown != self._shown:
            self._replica.set_link(shown)
            self._shown = shown


class EmptyReplicaLog:
    """Removes replaced lists from the replica's log as well, as soon as no reader uses them."""

    def __init__(self, replica: ReplicaWriter) -> None:
        self._replica = replica

    def due(self) -> float:
        return NEXT_TURN

    def run(self, now_s: float) -> None:
        """Empty the log if it holds something. Raises ReplicaError."""
        self._replica.empty_log()
