"""The sync process: journal up, lists and commands down, presence and health. One thread besides the connection's."""

import platform
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psutil
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.keyring import TrustedKeys, ids
from contract.messages import (
    Command,
    CommandAction,
    Direction,
    GateStatus,
    Health,
    HqState,
    ListBase,
    ListKind,
    SnapshotRequest,
)
from contract.topics import ROUTES, Channel, topic
from edge.core.config import Config
from edge.core.disk_policy import HEALTH_SLOWER
from edge.core.domain import LiveState, Tone
from edge.core.layout import GATE, JOURNAL, REPLICA
from edge.core.ports import Clock, JournalReader
from edge.replica.writer import ReplicaError, ReplicaWriter
from edge.sync.downlink import Downlink, missing_parts, subscriptions
from edge.sync.home_assistant import HomeAssistant
from edge.sync.incident_log import IncidentLog
from edge.sync.metrics import SyncMeters
from edge.sync.missing_lists import MissingLists
from edge.sync.mqtt import MqttLink, Publication
from edge.sync.outbox import Outbox
from edge.sync.salvage_outbox import SalvageOutbox
from edge.sync.signed_messages import MessageSigner, Said
from edge.system.host import cpu_temperature_c, system

log = structlog.get_logger()

POLL_S = 0.05
"""How often the journal is looked at; a message from HQ is handled at once."""
_RECEIVE_MAX = 32
_SHOW_EVERY_S = 1.0
LIVE_MAX_S = 10.0
"""A gate process that wrote nothing for so long is silent, whatever it said last."""
NOTHING_HEARD = LiveState(utc=datetime.fromtimestamp(0, UTC), direction=Direction.IN, gate_state="", tone=Tone.IDLE)
"""What is said of a gate process that is silent."""
_KEYS_EVERY_S = 1.0
REFUSED_EVERY_S = 60.0
"""How often lists that the gate process refuses are fetched again."""
_HELD_EVERY_S = 0.5
_COMPLAIN_EVERY_S = 60.0
CLOCK_LEAP_S = 10.0
"""A clock that leaps ahead by more was behind when the connection began, whose number is made of it."""


@dataclass(frozen=True, slots=True)
class _KeyIds:
    """HQ's keys that are trusted here, and the site's that are held: HQ switches when all gates have the next one."""

    trusts: tuple[str, ...] = ()
    opens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Held:
    """See `GateStatus`."""

    roster_kept: ListBase | None = None
    roster_used: ListBase | None = None
    sealed_enrolments: int | None = None


class SyncService:
    """Composed with `SyncService.open`; `run` until told to stop, or `step` in a test.

    Raises:
        BadKey, LinkError, ReplicaError: from `open`; each says what to do.
    """

    def __init__(
        self,
        config: Config,
        journal: JournalReader,
        clock: Clock,
        software: str,
        replica: ReplicaWriter,
        open_reader: Callable[[Path], JournalReader],
        key: Ed25519PrivateKey | None = None,
    ) -> None:
        self._config, self._journal, self._clock, self._software = config, journal, clock, software
        self._replica = replica
        self._model_id = ""
        self._hq_key = TrustedKeys(config.keys.hq_signing_public_path)
        self._mine, self._keys = ids(self._hq_key), _KeyIds()
        self._keys_due_s = self._held_due_s = 0.0
        self._held = _Held()
        incidents = IncidentLog(replica, clock)
        self.meters = SyncMeters(incidents)
        self._downlink = Downlink(config.site, self._hq_key, replica, incidents, clock.utc)

        epochs: set[str] = set()  # of all journals that are sent from here

        def outbox_of(reader: JournalReader, set_aside: bool = False) -> Outbox:
            publish, meters = self._publish_events, self.meters
            return Outbox(config.site, config.sync, reader, replica, incidents, publish, meters, epochs, set_aside)

        self._outbox = outbox_of(journal)
        self._rescue = SalvageOutbox(
            config.paths.state_dir / GATE, config.site.gate_id, replica, open_reader, partial(outbox_of, set_aside=True)
        )
        self._signer = MessageSigner(key, lambda: int(clock.utc().timestamp() * 1000), replica.last_serial())
        self._connected_at = 0
        self._connected_s = clock.monotonic()
        self._dying = self._status(online=False)
        client_id = f"sitegate-{config.site.site_id}-{config.site.gate_id}"
        self._link = MqttLink(config.sync, client_id, subscriptions(config.site), self._will)
        self._connection = 0
        self._hq_online: bool | None = None
        self._announced: tuple[dict[ListKind, int], str, _KeyIds, _Held] | None = None
        self._home = HomeAssistant(config, software)
        self._home_told = False
        self._refused_due_s = 0.0
        self._asked_for: set[tuple[str, int]] = set()
        self._gaps = MissingLists()
        self._closed = False
        self._health_due_s = 0.0
        self._show_due_s = self._complaint_due_s = 0.0
        self._shown: tuple[object, ...] = ()

    @classmethod
    def open(
        cls,
        config: Config,
        journal: JournalReader,
        clock: Clock,
        software: str,
        open_reader: Callable[[Path], JournalReader],
        key: Ed25519PrivateKey | None = None,
    ) -> "SyncService":
        """The service with its real parts. `software`: this program's version, for the birth message. `open_reader`: how to
        read a journal's file. `key`: the link key."""
        replica = ReplicaWriter(config.paths.state_dir / REPLICA)
        try:
            return cls(config, journal, clock, software, replica, open_reader, key)
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
        self._follow_keys()
        self._replica.empty_log()
        self._rescue.follow(self._clock.monotonic())
        state = self._link.state
        if state.connected:
            if state.connection != self._connection:
                self._connection = state.connection
                self._announced, self._home_told = None, False
                self._model_id = self._live(self._clock.utc()).model_id
                self._asked_for = set()
                self.meters.connections.inc()
                self._gaps.restart()
                self._outbox.restart()
                self._rescue.restart()
            self._follow_clock()
            self._follow_refused()
            self._ask_for_parts()
            self._ask_hq()
            self._announce()
            self._home_told = self._home_told or self._home.tell(self._link.publish)
            for outbox in (self._rescue, self._outbox):
                outbox.send(self._clock.monotonic(), hq_away=self._hq_online is False)
            self._send_health()

    def _follow_clock(self) -> None:
        """HQ believes no connection that is numbered before an earlier one: after a clock that was behind, a new one is made."""
        now_s = self._clock.utc().timestamp()
        if now_s - self._connected_at / 1000 - (self._clock.monotonic() - self._connected_s) > CLOCK_LEAP_S:
            self._link.reconnect("the clock was set")

    def _complain(self, error: ReplicaError) -> None:
        if self._clock.monotonic() >= self._complaint_due_s:
            self._complaint_due_s = self._clock.monotonic() + _COMPLAIN_EVERY_S
            log.error("replica_not_written", detail=str(error))

    def close(self) -> None:
        """Publish the planned death and let go; may be called twice."""
        if self._closed:
            return
        self._closed = True
        self._link.close(self._said(Channel.STATUS, self._status(online=False, planned=True)))
        try:
            self._show(now=True)
        except ReplicaError as error:
            self._complain(error)
        self._rescue.close()
        self._replica.close()

    def _receive(self, timeout_s: float) -> None:
        for _ in range(_RECEIVE_MAX):
            received = self._link.receive(timeout_s)
            if received is None:
                return
            timeout_s = 0
            self.meters.received_bytes.inc(len(received.payload))
            answer = self._downlink.handle(received)
            if isinstance(answer, HqState):
                if answer.online and self._hq_online is not True:
                    self._outbox.restart()
                    self._rescue.restart()
                self._hq_online = answer.online
            elif isinstance(answer, Command):
                if answer.action is CommandAction.RESYNC:
                    self._resync(answer)
            elif answer is not None:
                for outbox in (self._rescue, self._outbox):
                    outbox.acknowledged(*answer, self._clock.monotonic(), retained=received.retained)

    def _resync(self, command: Command) -> None:
        """Ask for everything again; HQ answers with how far it holds the journal. Lists in force stay until newer ones are
        complete. That it was ordered, and by whom, the gate process journals."""
        log.warning("resync", command_id=command.command_id)
        self._replica.forget_arriving()
        self._let_go_of_parts()
        self._gaps.restart()
        self._link.subscribe(subscriptions(self._config.site))  # the broker then repeats what it keeps
        self._outbox.resync(self._clock.monotonic())

    def _ask_for_parts(self) -> None:
        """Of a large list only the first part comes unasked, so that a connection costs little while nothing changed; once the
        list is here the others are let go, or they would come again whenever HQ sends them to the broker."""
        missing = missing_parts(self._config.site, self._replica)
        wanted = [part for part in missing if part not in self._asked_for]
        if wanted and self._link.subscribe(wanted):
            self._asked_for.update(wanted)
        if not missing:
            self._let_go_of_parts()

    def _let_go_of_parts(self) -> None:
        if self._asked_for:
            self._link.unsubscribe([name for name, _ in self._asked_for])
            self._asked_for = set()

    def _ask_hq(self) -> None:
        """What the broker does not have, HQ sends again."""
        for kind in self._gaps.due(self._replica.gaps(), self._clock.monotonic()):
            have_version = self._replica.versions().get(kind, 0)
            log.warning("list_incomplete", kind=kind.value, have_version=have_version)
            self._ask_for(kind, have_version)

    def _ask_for(self, kind: ListKind, have_version: int) -> None:
        """Ask HQ to send a list again."""
        request = SnapshotRequest(
            gate_id=self._config.site.gate_id, site_id=self._config.site.site_id, kind=kind, have_version=have_version
        )
        self._link.publish(self._said(Channel.SNAPSHOT_REQUEST, request))

    def _follow_refused(self) -> None:
        """Lists that the gate process does not believe, because newer ones were in force: forgotten here, and fetched again."""
        if self._clock.monotonic() < self._refused_due_s:
            return
        live = self._live(self._clock.utc())
        kinds = {*live.lists_refused, *live.lists_older}
        if not kinds:
            return
        self._refused_due_s = self._clock.monotonic() + REFUSED_EVERY_S
        for kind in sorted(kinds):
            log.warning("list_refused_by_gate", kind=kind.value, was_in_force=live.lists_refused.get(kind))
            self._replica.forget_list(kind)
            self._ask_for(kind, live.lists_refused.get(kind, 0))
        self._let_go_of_parts()
        self._gaps.restart()
        self._link.subscribe(subscriptions(self._config.site))  # the broker then repeats what it keeps

    def _follow_keys(self) -> None:
        """Which keys gate and sync both hold. A new key of HQ's: what was refused for want of it is asked for again."""
        if self._clock.monotonic() < self._keys_due_s:
            return
        self._keys_due_s = self._clock.monotonic() + _KEYS_EVERY_S
        mine, live = ids(self._hq_key), self._journal.live()
        if live is not None:
            self._keys = _KeyIds(tuple(key for key in mine if key in live.trusts), live.opens)
        if mine != self._mine:
            self._replica.forget_untrusted(self._hq_key)
            self._mine = mine  # only now: a disk that refuses is tried again
            self._outbox.restart()
            self._let_go_of_parts()
            self._link.subscribe(subscriptions(self._config.site))  # the broker then sends what it keeps once more

    def _announce(self) -> None:
        """The birth, and again whenever a list's version, the gate's weights or a key changed."""
        self._held = self._what_is_held()
        told = self._replica.versions(), self._model_id, self._keys, self._held
        self._dying = self._status(online=False)  # the next connection's Will
        if told == self._announced:
            return
        if self._link.publish(self._said(Channel.STATUS, self._status(online=True))):
            self._announced = told
            self._replica.keep_serial(self._signer.last)

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
            model_id=self._model_id,
            python=platform.python_version(),
            system=system(),
            # Nor can the Will know the keys of that time.
            trusts=self._keys.trusts if online else (),
            opens=self._keys.opens if online else (),
            takes_changes=True,
            **(asdict(self._held) if online else {}),
            # The Will is written now and sent at some unknown later time: it carries none.
            utc=self._clock.utc() if online or planned else None,
            connection=self._connected_at,
        )

    def _will(self) -> Publication:
        """Of the connection that is being made: its thread asks."""
        self._connected_at, self._connected_s = self._signer.next_serial(), self._clock.monotonic()
        return self._publication(Channel.STATUS, self._signer.sign_will(self._dying, self._connected_at))

    def _what_is_held(self) -> "_Held":
        """What HQ wants to know of templates that must be gone."""
        if self._clock.monotonic() < self._held_due_s:
            return self._held
        self._held_due_s = self._clock.monotonic() + _HELD_EVERY_S
        used = self._live(self._clock.utc()).roster_base
        return _Held(self._replica.base(ListKind.ROSTER), used, self._journal.sealed())

    def _send_health(self) -> None:
        if self._clock.monotonic() >= self._health_due_s:
            disk = self._live(self._clock.utc()).disk
            slower = HEALTH_SLOWER[disk.step] if disk else 1
            self._health_due_s = self._clock.monotonic() + self._config.sync.health_every_s * slower
            self._link.publish(self._said(Channel.HEALTH, self._health(self._clock.utc())))

    def _health(self, now: datetime) -> Health:
        live = self._live(now)
        self._model_id = live.model_id or self._model_id
        ages = {kind: max(0.0, (now - issued).total_seconds()) for kind, issued in self._replica.issued().items()}
        recognition, disk = live.recognition, live.disk
        return Health(
            gate_id=self._config.site.gate_id,
            site_id=self._config.site.site_id,
            utc=now,
            unsent_events=self._outbox.unsent + self._rescue.unsent,
            oldest_unsent_s=self._outbox.oldest_unsent_s(now),
            camera_ok=live.camera_ok,
            frames_per_s=live.frames_per_s,
            gate_state=live.gate_state,
            disk_free_mb=int(psutil.disk_usage(str(self._config.paths.state_dir)).free / 1e6),
            disk_step=disk.step.value if disk else "",
            disk_days_left=disk.days_left if disk else None,
            cpu_temperature_c=cpu_temperature_c(),
            roster_age_s=ages.get(ListKind.ROSTER),
            risk_age_s=ages.get(ListKind.RISK),
            policy_age_s=ages.get(ListKind.POLICY),
            lists_refused=tuple(sorted(live.lists_refused)),
            threshold=live.threshold,
            threshold_proposed=recognition.proposed if recognition else None,
            drift_alarms=recognition.alarms[:20] if recognition else (),
            gallery_size=live.gallery_size,
            model_id=live.model_id,
            clock_trusted=live.clock_trusted,
            uptime_s=live.uptime_s,
            memory_mb=live.memory_mb,
            journal_mb=round(self._journal_bytes() / 1e6, 2),
            passages=live.passages,
        )

    def _live(self, now: datetime) -> LiveState:
        live = self._journal.live() or NOTHING_HEARD
        return live if (now - live.utc).total_seconds() <= LIVE_MAX_S else NOTHING_HEARD

    def _show(self, *, now: bool = False) -> None:
        """The connection's state for the screen; written only when it changed."""
        if not now and self._clock.monotonic() < self._show_due_s:
            return
        self._show_due_s = self._clock.monotonic() + _SHOW_EVERY_S
        self.meters.queue.set(self._outbox.unsent)
        self.meters.connected.set(self._link.state.connected)
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
        sent = self._link.publish(self._publication(Channel.EVENTS, payload))
        self.meters.sent_bytes.inc(len(payload) if sent else 0)
        return sent

    def _journal_bytes(self) -> int:
        """The journal's room on disk, with what is not yet moved into the file itself."""
        path = self._config.paths.state_dir / JOURNAL
        return sum(p.stat().st_size for p in (path, path.with_name(f"{path.name}-wal")) if p.exists())

    def _said(self, channel: Channel, message: Said) -> Publication:
        return self._publication(channel, self._signer.sign(message, channel))

    def _publication(self, channel: Channel, payload: bytes) -> Publication:
        route = ROUTES[channel]
        name = topic(channel, self._config.site.site_id, self._config.site.gate_id)
        return Publication(name, payload, route.qos, route.retain)
