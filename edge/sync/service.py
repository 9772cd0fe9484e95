"""The sync process: journal up, lists and commands down, presence and health. One thread besides the connection's."""

import threading
from datetime import datetime
from functools import partial

import psutil
import structlog

from contract.codec import encode
from contract.messages import GateStatus, Health, HqState, ListKind
from contract.signing import read_signing_public
from contract.topics import ROUTES, Channel, topic
from edge.config import Config
from edge.ports import Clock, JournalReader
from edge.sync.downlink import Downlink, missing_parts, subscriptions
from edge.sync.incidents import IncidentLog
from edge.sync.mqtt import MqttLink, Publication
from edge.sync.outbox import Outbox
from edge.sync.replica import ReplicaError, ReplicaWriter

log = structlog.get_logger()

POLL_S = 0.05
"""How often the journal is looked at; a message from HQ is handled at once."""
_RECEIVE_MAX = 32
_SHOW_EVERY_S = 1.0
_COMPLAIN_EVERY_S = 60.0


class SyncService:
    """Composed with `SyncService.open`; `run` until told to stop, or `step` in a test.

    Raises:
        BadKey, LinkError, ReplicaError: from `open`; each says what to do.
    """

    def __init__(
        self, config: Config, journal: JournalReader, clock: Clock, software: str, replica: ReplicaWriter
    ) -> None:
        self._config, self._journal, self._clock, self._software = config, journal, clock, software
        self._replica = replica
        hq_key = read_signing_public(config.keys.hq_signing_public_path)
        incidents = IncidentLog(replica, clock)
        self._downlink = Downlink(config.site, hq_key, replica, incidents, clock.utc)
        self._outbox = Outbox(config.site, config.sync, journal, replica, incidents, self._publish_events)
        will = self._publication(Channel.STATUS, encode(self._status(online=False)))
        client_id = f"sitegate-{config.site.site_id}-{config.site.gate_id}"
        self._link = MqttLink(config.sync, client_id, subscriptions(config.site), will)
        self._connection = 0
        self._hq_online: bool | None = None
        self._announced: dict[ListKind, int] | None = None
        self._asked_for: set[tuple[str, int]] = set()
        self._closed = False
        self._health_due_s = 0.0
        self._show_due_s = self._complaint_due_s = 0.0
        self._shown: tuple[object, ...] = ()

    @classmethod
    def open(cls, config: Config, journal: JournalReader, clock: Clock, software: str) -> "SyncService":
        """The service with its real parts. `software`: this program's version, for the birth message."""
        replica = ReplicaWriter(config.paths.state_dir / "replica.db")
        try:
            return cls(config, journal, clock, software, replica)
        except Exception:
            replica.close()
            raise

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set, then say goodbye."""
        self.start()
        try:
            while not stop.is_set():
                self.step(POLL_S)
        finally:
            self.close()

    def start(self) -> None:
        self._link.start()

    def step(self, timeout_s: float) -> None:
        """Wait at most `timeout_s` for a message, then do all that is due.

        A disk that refuses stops lists, commands and the screen's view from being kept, never the events from being sent:
        what HQ has is what the gate may remove to make room.
        """
        for part in (partial(self._receive, timeout_s), self._send, self._show):
            try:
                part()
            except ReplicaError as error:
                self._complain(error)

    def _send(self) -> None:
        self._outbox.follow()
        state = self._link.state
        if state.connected:
            if state.connection != self._connection:
                self._connection = state.connection
                self._announced = None
                self._asked_for = set()
                self._outbox.restart()
            self._ask_for_parts()
            self._announce()
            self._outbox.send(self._clock.monotonic(), hq_away=self._hq_online is False)
            self._send_health()

    def _complain(self, error: ReplicaError) -> None:
        if self._clock.monotonic() >= self._complaint_due_s:
            self._complaint_due_s = self._clock.monotonic() + _COMPLAIN_EVERY_S
            log.error("replica_not_written", detail=str(error))

    def close(self) -> None:
        """Publish the planned death and let go; may be called twice."""
        if self._closed:
            return
        self._closed = True
        self._link.close(self._publication(Channel.STATUS, encode(self._status(online=False, planned=True))))
        try:
            self._show(now=True)
        except ReplicaError as error:
            self._complain(error)
        self._replica.close()

    def _receive(self, timeout_s: float) -> None:
        for _ in range(_RECEIVE_MAX):
            received = self._link.receive(timeout_s)
            if received is None:
                return
            timeout_s = 0
            answer = self._downlink.handle(received)
            if isinstance(answer, HqState):
                if answer.online and self._hq_online is not True:
                    self._outbox.restart()
                self._hq_online = answer.online
            elif answer is not None:
                self._outbox.acknowledged(*answer, self._clock.monotonic(), retained=received.retained)

    def _ask_for_parts(self) -> None:
        """Of a large list only the first part comes unasked, so that a connection costs little while nothing changed."""
        wanted = [part for part in missing_parts(self._config.site, self._replica) if part not in self._asked_for]
        if wanted and self._link.subscribe(wanted):
            self._asked_for.update(wanted)

    def _announce(self) -> None:
        """The birth, and again whenever a list's version changed."""
        versions = self._replica.versions()
        if versions != self._announced and self._link.publish(
            self._publication(Channel.STATUS, encode(self._status(online=True)))
        ):
            self._announced = versions

    def _status(self, *, online: bool, planned: bool = False) -> GateStatus:
        versions = self._replica.versions()
        return GateStatus(
            gate_id=self._config.site.gate_id,
            site_id=self._config.site.site_id,
            online=online,
            planned=planned,
            software=self._software,
            roster_version=versions.get(ListKind.ROSTER, 0),
            risk_version=versions.get(ListKind.RISK, 0),
            policy_version=versions.get(ListKind.POLICY, 0),
            # The Will is written now and sent at some unknown later time: it carries none.
            utc=self._clock.utc() if online or planned else None,
        )

    def _send_health(self) -> None:
        if self._clock.monotonic() >= self._health_due_s:
            self._health_due_s = self._clock.monotonic() + self._config.sync.health_every_s
            self._link.publish(self._publication(Channel.HEALTH, encode(self._health(self._clock.utc()))))

    def _health(self, now: datetime) -> Health:
        live = self._journal.live()
        return Health(
            gate_id=self._config.site.gate_id,
            site_id=self._config.site.site_id,
            utc=now,
            unsent_events=self._outbox.unsent,
            oldest_unsent_s=self._outbox.oldest_unsent_s(now),
            camera_ok=live.camera_ok if live else False,
            frames_per_s=live.frames_per_s if live else 0,
            gate_state=live.gate_state if live else "",
            disk_free_mb=int(psutil.disk_usage(str(self._config.paths.state_dir)).free / 1e6),
            cpu_temperature_c=_cpu_temperature_c(),
        )

    def _show(self, *, now: bool = False) -> None:
        """The connection's state for the screen; written only when it changed."""
        if not now and self._clock.monotonic() < self._show_due_s:
            return
        self._show_due_s = self._clock.monotonic() + _SHOW_EVERY_S
        state, broker = self._link.state, f"{self._config.sync.broker_host}:{self._config.sync.broker_port}"
        hq_online = self._hq_online if state.connected else None
        shown = (state, hq_online, self._outbox.unsent)
        if shown != self._shown:
            self._replica.set_link(
                connected=state.connected,
                since=state.since,
                broker=broker,
                detail=state.detail,
                hq_online=hq_online,
                unsent=self._outbox.unsent,
            )
            self._shown = shown

    def _publish_events(self, payload: bytes) -> bool:
        return self._link.publish(self._publication(Channel.EVENTS, payload))

    def _publication(self, channel: Channel, payload: bytes) -> Publication:
        route = ROUTES[channel]
        name = topic(channel, self._config.site.site_id, self._config.site.gate_id)
        return Publication(name, payload, route.qos, route.retain)


def _cpu_temperature_c() -> float | None:
    """The hottest sensor, °C; None where there is none."""
    found = [s.current for group in psutil.sensors_temperatures().values() for s in group]
    return max(found, default=None)
