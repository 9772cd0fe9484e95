"""The HQ process: takes events, acknowledges them, publishes what changed. One thread besides the connection's.

Where one process is too slow, workers beside it take their share of the events; only one publishes.
"""

import hashlib
import secrets
import threading
import time
from dataclasses import dataclass
from datetime import timedelta

import structlog

from contract.codec import BadMessage, NewerMessage, check_size, decode, encode
from contract.messages import (
    Ack,
    CommandAction,
    EventBatch,
    GateStatus,
    Health,
    HqState,
    ListKind,
    Registration,
    RegistrationAnswer,
    SnapshotRequest,
)
from contract.signing import BadKey, sign
from contract.topics import DELTA_CHANNELS, Channel, channel_of
from hq.config import HqConfig
from hq.database.journals import JournalKey
from hq.database.store import REPUBLISH_ROSTERS, DatabaseAway, Store, finish_task, now, task_count
from hq.ingest.corrected_times import correct_earlier
from hq.ingest.ingest import Ingest, ReadBatch, examine
from hq.ingest.rate_limit import limit_per_sender
from hq.ingest.refusals import Refusals
from hq.ingest.senders import SenderCheck, SenderRefused
from hq.keys import keys
from hq.keys.encryption import AtRestError
from hq.lists import forgotten
from hq.lists.orders import OrderSender
from hq.lists.publisher import Publisher
from hq.mqtt import BrokerMessage, HqLink
from hq.registry.approvals import Approvals
from hq.registry.gates import GateRegistry, RegistryRefused, registered
from hq.registry.people import PeopleRegistry
from hq.reports.metrics import HqMetrics

log = structlog.get_logger()

POLL_S = 0.1
_LISTS_EVERY_S = 0.3
RESEND_PAUSE_S = 30.0
"""However many gates ask, a list is sent again at most this often."""
PUBLISH_PAUSE_S = 60.0
"""A list that could not be published is tried again after so long."""
_TIMES_EVERY_S = 1.0
DATABASE_PAUSE_S = 1.0
_RETRY_S = 0.01
"""Pause before events are tried again that another process has to make room for."""
_GROUP_BATCHES, _GROUP_BYTES = 100, 8 * 1024 * 1024
"""So much is stored in one transaction, at most: whatever came while the one before it was written."""
_READY_MAX = 1_000
HOLE_PATIENCE_S = 4.0
"""A batch whose predecessor is missing waits until its journal has stood still for so long: the missing one may stand in the
queue of another worker. Less than a gate waits for an acknowledgement (`[sync] ack_timeout_s`)."""


@dataclass(slots=True)
class _Hole:
    """Events came that do not follow `seq`, where the journal ends; `seen_s` when it was first seen to end there."""

    seq: int
    seen_s: float
    told: bool = False


class HqService:
    """`worker`: only takes its share of the events. Raises BadKey, StoreError (from the constructor).

    `metrics`: its numbers, to be served by whoever runs it.
    """

    def __init__(self, config: HqConfig, worker: bool = False) -> None:
        self._config, self._keys = config, keys.load(config.folder)
        self._store = Store(config.url, self._keys)
        people = PeopleRegistry(self._store, self._keys)
        people.check()
        self.metrics = HqMetrics(self._store)
        self._door = SenderCheck(config.gates.unsigned_until)
        self._registry, self._registering = GateRegistry(self._store, self._keys, config.sites), limit_per_sender()
        approvals = Approvals(self._store, people, self._keys, config.trusted_sites)
        self._ingest = Ingest(self._store, approvals, self._door)
        whole_after = timedelta(hours=config.lists.whole_after_h)
        self._publisher = Publisher(self._store, people, self._keys, whole_after)
        self._refusals = Refusals(self._store)
        self._worker = worker
        client_id = f"sitegate-hq-worker-{secrets.token_hex(4)}" if worker else "sitegate-hq"
        link = self._link = HqLink(config.broker, client_id, worker)
        self.metrics.connected.set_function(lambda: float(link.connected))
        self._orders = OrderSender(self._store, self._publisher, link, self._door.takes_unregistered)
        self._held: BrokerMessage | None = None
        self._ready: list[ReadBatch] = []
        self._holes: dict[JournalKey, _Hole] = {}
        self._connection = 0
        self._sent: dict[tuple[str, ListKind], tuple[int, int]] = {}
        self._resend_from_s: dict[tuple[str, ListKind], float] = {}
        self._lists_due_s = self._times_due_s = 0.0
        self._publish_from_s: dict[tuple[str, ListKind], float] = {}
        self._enrolled: dict[str, int] = {}
        """Site -> up to which enrolment its roster was published for the task at hand."""
        self._whole_wanted: set[tuple[str, ListKind]] = set()
        self._emptied_for = -1
        """The last of the `hq.lists.forgotten` after which the database's log was emptied."""

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set."""
        self.start()
        try:
            while not stop.is_set():
                try:
                    self.step(POLL_S)
                except DatabaseAway as error:
                    self._without_database(error, stop)
        finally:
            self.close()

    def start(self) -> None:
        if not self._worker:
            self._ingest.read_again()
        self._link.start()

    def _without_database(self, error: DatabaseAway, stop: threading.Event) -> None:
        """The database went away in the middle of something: nothing of it was acknowledged, all of it is tried again."""
        log.error("database_away", detail=str(error), again_in_s=DATABASE_PAUSE_S)
        stop.wait(DATABASE_PAUSE_S)

    @property
    def connected(self) -> bool:
        return self._link.connected

    def step(self, timeout_s: float) -> None:
        self._receive(min(timeout_s, _RETRY_S) if self._ready else timeout_s)
        self._store_events()
        if not self._worker and time.monotonic() >= self._times_due_s and not correct_earlier(self._store):
            self._times_due_s = time.monotonic() + _TIMES_EVERY_S
        if self._link.connected and not self._worker:
            if self._link.connection != self._connection:
                self._connection = self._link.connection
                self._sent.clear()  # a broker that was restarted may have forgotten what it kept for us
                self._link.publish(Channel.HQ_STATE, encode(HqState(online=True, utc=now())))
            self._send_commands()
            if time.monotonic() >= self._lists_due_s:
                self._lists_due_s = time.monotonic() + _LISTS_EVERY_S
                self._send_lists()
                self._send_refusals()

    def close(self) -> None:
        """May be called twice."""
        self._link.close()
        self._store.close()

    def _receive(self, timeout_s: float) -> None:
        """Take what waits, up to a bound: the events are read and lie ready, anything else is done with."""
        count = size = 0
        while count < _GROUP_BATCHES and size < _GROUP_BYTES and len(self._ready) < _READY_MAX:
            self._held = self._held or self._link.receive(timeout_s)
            if self._held is None:
                break
            timeout_s, count, size = 0, count + 1, size + len(self._held.payload)
            if (arrival := self._take(self._held)) is not None:
                self._ready.append(arrival)
            self._held = None  # only now: the database may have failed us

    def _take(self, received: BrokerMessage) -> ReadBatch | None:
        found = channel_of(received.topic)
        if found is None:
            return None
        channel, site_id, gate_id = found
        try:
            check_size(channel, received.payload)
            if channel is Channel.EVENTS:
                batch = decode(EventBatch, received.payload)
                _same(batch.site_id, batch.gate_id, site_id, gate_id)
                return examine(batch)
            if channel is Channel.STATUS and received.payload:
                status = decode(GateStatus, received.payload)
                _same(status.site_id, status.gate_id, site_id, gate_id)
                if not self._check(channel, status, received.payload):
                    status = status.model_copy(update={"signature": None})  # it proves nothing
                self._store.set_status(status)
                if status.online and not status.takes_changes:  # what was published while it was away may be changes
                    self._whole_wanted |= {(status.site_id, kind) for kind in DELTA_CHANNELS}
            elif channel is Channel.HEALTH:
                health = decode(Health, received.payload)
                _same(health.site_id, health.gate_id, site_id, gate_id)
                self._check(channel, health, received.payload)
                self._store.set_health(health)
                if not self._store.believed_online(gate_id):  # it was not registered when it said so
                    self._link.ask_for_status(site_id, gate_id)
            elif channel is Channel.SNAPSHOT_REQUEST:
                request = decode(SnapshotRequest, received.payload)
                _same(request.site_id, request.gate_id, site_id, gate_id)
                self._check(channel, request, received.payload)
                self._send_again(request)
            elif channel is Channel.REGISTER:
                registration = decode(Registration, received.payload)
                _same(registration.site_id, registration.gate_id, site_id, gate_id)
                self._register(registration, received.payload)
        except SenderRefused as error:
            if self._ingest.tell_stranger(
                f"{site_id}/{gate_id}", f"{channel.value}: {error}"
            ):  # they come every few seconds
                self._ingest.refuse(site_id, gate_id, f"{channel.value}: {error}", received.payload)
        except BadMessage as error:
            if isinstance(error, NewerMessage) and channel is not Channel.EVENTS:
                self._ingest.tell_newer(gate_id, str(error))  # it comes again, also after HQ's update
            else:
                self._ingest.refuse(site_id, gate_id, f"{channel.value}: {error}", received.payload)
        return None

    def _check(self, channel: Channel, message: GateStatus | Health | SnapshotRequest, payload: bytes) -> bool:
        """See `Doorkeeper.check_message`. Raises NotTaken."""
        with self._store.read() as db:
            gate = registered(db, [message.gate_id]).get(message.gate_id)
        return self._door.check_message(gate, channel, message, payload)

    def _register(self, registration: Registration, payload: bytes) -> None:
        """A gate shows its keys; it is told what became of that. A flood of such messages costs nothing."""
        if not self._registering.take(f"{registration.site_id}/{registration.gate_id}", time.monotonic()):
            return
        try:
            accepted, reason = self._registry.take(registration, payload)
        except RegistryRefused as error:
            accepted, reason = False, str(error)
        said = {"gate_id": registration.gate_id, "registration": hashlib.sha256(payload).hexdigest()}
        answer = RegistrationAnswer(**said, accepted=accepted, reason=reason[:500], utc=now())
        envelope = sign(encode(answer), Channel.REGISTERED.value, self._keys.signing)
        self._link.publish(Channel.REGISTERED, envelope, registration.site_id, registration.gate_id)
        log.warning("gate_registers", gate_id=registration.gate_id, accepted=accepted, detail=reason)

    def _store_events(self) -> None:
        """All that lies ready in one transaction, then one acknowledgement for each journal. What came before its
        predecessor is tried again; what waited in vain is acknowledged up to the hole, and sent again."""
        if not self._ready:
            return
        with self.metrics.take.time():
            outcomes = self._ingest.take_all(self._ready)
        ready, self._ready = self._ready, []
        acks: dict[JournalKey, Ack] = {}
        for arrival, outcome in zip(ready, outcomes, strict=True):
            if outcome is None or (outcome.hole and self._may_come(arrival.key, outcome.seq)):
                self._ready.append(arrival)
            elif outcome.ack is not None and (outcome.line not in acks or acks[outcome.line].seq <= outcome.seq):
                acks[outcome.line] = outcome.ack
            if outcome is not None and outcome.ack is not None:  # a stranger gets no numbers of its own
                self.metrics.events.labels(arrival.key.gate_id).inc(outcome.stored)
        for key in self._holes.keys() - {arrival.key for arrival in self._ready}:
            del self._holes[key]
        for key, ack in acks.items():
            self._acknowledge(ack, key.site_id)

    def _may_come(self, key: JournalKey, seq: int) -> bool:
        """Whether what follows `seq` may still come: as long as the journal gets on, another worker works through it."""
        since = self._holes.get(key)
        if since is None or since.seq != seq:
            self.metrics.holes.inc()
            since = self._holes[key] = _Hole(seq, time.monotonic())
        if time.monotonic() - since.seen_s < HOLE_PATIENCE_S:
            return True
        if not since.told:
            log.warning("events_missing", gate_id=key.gate_id, after=seq)
            since.told = True
        return False

    def _acknowledge(self, ack: Ack, site_id: str) -> None:
        self._link.publish(Channel.ACK, sign(encode(ack), Channel.ACK.value, self._keys.signing), site_id, ack.gate_id)

    def _send_commands(self) -> None:
        for order in self._orders.send():
            if order.action is CommandAction.RESYNC:
                self._resync(order.site_id, order.gate_id)

    def _resync(self, site_id: str, gate_id: str) -> None:
        """A gate asks for everything: say how far we hold its journal, and give the broker the lists again."""
        for ack in self._ingest.acks(gate_id):
            self._acknowledge(ack, site_id)
        self._sent = {key: version for key, version in self._sent.items() if key[0] != site_id}
        self._lists_due_s = 0.0

    def _send_refusals(self) -> None:
        for site_id, newest, refusal in self._refusals.due():
            envelope = sign(encode(refusal), Channel.REFUSAL.value, self._keys.signing)
            if self._link.publish(Channel.REFUSAL, envelope, site_id, refusal.gate_id):
                self._refusals.told(refusal.gate_id, newest)
                self.metrics.told.inc()
                log.warning("gate_told", gate_id=refusal.gate_id, seq=refusal.seq, more=refusal.more)

    def _send_lists(self) -> None:
        """Publish new versions; sign anew what is old, and the roster after an enrolment at a gate."""
        with self._store.read() as db:
            enrolled = task_count(db, REPUBLISH_ROSTERS)
        reissue = now() - timedelta(hours=self._config.lists.reissue_after_h)
        newest = self._publisher.newest_versions()
        for (site_id, kind), (_, issued) in newest.items():
            again = kind is ListKind.ROSTER and enrolled and self._enrolled.get(site_id) != enrolled
            if (issued < reissue or again) and self._publish(site_id, kind) and again:
                self._enrolled[site_id] = enrolled
        for site_id in self._publisher.holding_forgotten():
            self._publish(site_id, ListKind.ROSTER, only_without_forgotten=True)
        rosters = {site_id for site_id, kind in newest if kind is ListKind.ROSTER}
        if enrolled and all(self._enrolled.get(site_id) == enrolled for site_id in rosters):
            with self._store.write() as db:  # only now: whoever dies in between does it once more, and not never
                finish_task(db, REPUBLISH_ROSTERS, enrolled)
            self._enrolled.clear()
        self._empty_the_log()
        versions = self._publish_whole(self._publisher.kept_versions())
        if versions == self._sent:
            return
        for key, version in versions.items():
            sent = self._sent.get(key)
            if sent != version and self._send_list(*key, whole=sent is None or sent[0] != version[0]):
                self._sent[key] = version
                self.metrics.lists.labels(key[1].value).inc()
                log.info("list_published", site_id=key[0], kind=key[1].value, snapshot=version[0], changes=version[1])

    def _empty_the_log(self) -> None:
        """What was destroyed leaves the database's own files too, as far as that is in our hands."""
        with self._store.read() as db:
            newest = forgotten.newest(db)
        if newest != self._emptied_for and not self._publisher.holding_forgotten() and self._store.empty_log():
            self._emptied_for = newest

    def _publish_whole(
        self, versions: dict[tuple[str, ListKind], tuple[int, int]]
    ) -> dict[tuple[str, ListKind], tuple[int, int]]:
        """A snapshot where a gate that came back reads no changes, and changes are in force; the versions in force then."""
        if not self._whole_wanted:
            return versions
        changed = {key for key in self._whole_wanted if versions.get(key, (0, 0))[1]}
        self._whole_wanted = {key for key in changed if not self._publish(*key, snapshot=True)}
        return self._publisher.kept_versions()

    def _send_list(self, site_id: str, kind: ListKind, whole: bool) -> bool:
        """A list's changes, and the `whole` of it at each connection: the broker keeps it, and the same twice changes nothing."""
        return all(
            self._link.publish(
                DELTA_CHANNELS[kind] if item.part is None else Channel(kind.value), item.body, site_id, part=item.part
            )
            for item in self._publisher.kept(site_id, kind, whole)
        )

    def _send_again(self, request: SnapshotRequest) -> None:
        """A gate says that the broker lacks something of a list. All of a site's gates hear the answer: one is enough for all."""
        key, now_s = (request.site_id, request.kind), time.monotonic()
        if key in self._sent and now_s >= self._resend_from_s.get(key, 0.0):
            self._resend_from_s[key] = now_s + RESEND_PAUSE_S
            del self._sent[key]
            log.warning("list_asked_for", site_id=request.site_id, gate_id=request.gate_id, kind=request.kind.value)

    def _publish(
        self, site_id: str, kind: ListKind, snapshot: bool = False, *, only_without_forgotten: bool = False
    ) -> bool:
        """False if it is to be tried again, after a pause. A site without its key has no list to wait for. What cannot be
        published leaves the version in force as it is, which ages visibly."""
        key, now_s = (site_id, kind), time.monotonic()
        if now_s < self._publish_from_s.get(key, 0.0):
            return False
        try:
            if only_without_forgotten:
                self._publisher.publish_without_forgotten(site_id)
            else:
                self._publisher.publish(site_id, kind, snapshot)
            return True
        except (AtRestError, BadKey, ValueError) as error:
            self._publish_from_s[key] = now_s + PUBLISH_PAUSE_S
            log.error(
                "list_not_published", site_id=site_id, kind=kind.value, detail=str(error), again_in_s=PUBLISH_PAUSE_S
            )
            return isinstance(error, BadKey)


def _same(site_id: str, gate_id: str, topic_site: str, topic_gate: str) -> None:
    if (site_id, gate_id) != (topic_site, topic_gate):
        raise BadMessage(f"says it is from {site_id}/{gate_id}, but came on the topic of {topic_site}/{topic_gate}")
