"""The HQ process: takes events, acknowledges them, publishes what changed. One thread besides the connection's.

Where one process is too slow, workers beside it take their share of the events; only one publishes.
"""

import secrets
import threading
import time
from datetime import timedelta

import structlog

from contract.codec import BadMessage, decode, encode
from contract.messages import Ack, EventBatch, GateStatus, Health, HqState, ListKind, SnapshotRequest
from contract.parts import ListTooLarge
from contract.signing import sign
from contract.topics import DELTA_CHANNELS, Channel, channel_of
from hq import keys
from hq.config import HqConfig
from hq.ingest import ROSTER_AGAIN, Ingest
from hq.mqtt import HqLink, Received
from hq.people import People
from hq.publish import Publisher
from hq.store import Store, now, take_pending

log = structlog.get_logger()

POLL_S = 0.1
_LISTS_EVERY_S = 0.3
_RECEIVE_MAX = 100
RESEND_PAUSE_S = 30.0
"""However many gates ask, a list is sent again at most this often."""
HOLE_PATIENCE_S = 1.0
"""A batch whose predecessor is missing waits so long: another worker may be storing that one right now."""


class HqService:
    """`worker`: only takes its share of the events. Raises BadKey, StoreError (from the constructor)."""

    def __init__(self, config: HqConfig, worker: bool = False) -> None:
        self._config, self._keys = config, keys.load(config.folder)
        self._store = Store(config.url)
        people = People(self._store, self._keys.sealing)
        self._ingest = Ingest(self._store, people)
        self._publisher = Publisher(self._store, people, self._keys)
        self._worker = worker
        client_id = f"sitegate-hq-worker-{secrets.token_hex(4)}" if worker else "sitegate-hq"
        self._link = HqLink(config.broker, client_id, worker)
        self._early: list[tuple[float, EventBatch]] = []
        self._connection = 0
        self._sent: dict[tuple[str, ListKind], tuple[int, int]] = {}
        self._resend_from_s: dict[tuple[str, ListKind], float] = {}
        self._lists_due_s = 0.0

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set."""
        self.start()
        try:
            while not stop.is_set():
                self.step(POLL_S)
        finally:
            self.close()

    def start(self) -> None:
        self._link.start()

    def step(self, timeout_s: float) -> None:
        for _ in range(_RECEIVE_MAX):
            received = self._link.receive(timeout_s)
            if received is None:
                break
            timeout_s = 0
            self._take(received)
        self._take_early()
        if self._link.connected and not self._worker:
            if self._link.connection != self._connection:
                self._connection = self._link.connection
                self._sent.clear()  # a broker that was restarted may have forgotten what it kept for us
                self._link.publish(Channel.HQ_STATE, encode(HqState(online=True, utc=now())))
            self._send_commands()
            if time.monotonic() >= self._lists_due_s:
                self._lists_due_s = time.monotonic() + _LISTS_EVERY_S
                self._send_lists()

    def close(self) -> None:
        """May be called twice."""
        self._link.close()
        self._store.close()

    def _take(self, received: Received) -> None:
        found = channel_of(received.topic)
        if found is None:
            return
        channel, site_id, gate_id = found
        try:
            if channel is Channel.EVENTS:
                self._take_batch(decode(EventBatch, received.payload), site_id, gate_id)
            elif channel is Channel.STATUS and received.payload:
                status = decode(GateStatus, received.payload)
                _same(status.site_id, status.gate_id, site_id, gate_id)
                self._store.set_status(status)
            elif channel is Channel.HEALTH:
                health = decode(Health, received.payload)
                _same(health.site_id, health.gate_id, site_id, gate_id)
                self._store.set_health(health)
            elif channel is Channel.SNAPSHOT_REQUEST:
                request = decode(SnapshotRequest, received.payload)
                _same(request.site_id, request.gate_id, site_id, gate_id)
                self._send_again(request)
        except BadMessage as error:
            self._ingest.refuse(site_id, gate_id, f"{channel.value}: {error}", received.payload)

    def _take_batch(self, batch: EventBatch, site_id: str, gate_id: str) -> None:
        _same(batch.site_id, batch.gate_id, site_id, gate_id)
        outcome = self._ingest.take(batch)
        if outcome.hole:
            self._early.append((time.monotonic() + HOLE_PATIENCE_S, batch))
        else:
            self._acknowledge(outcome.ack, site_id)

    def _take_early(self) -> None:
        """Try again what came before its predecessor; what waited in vain is acknowledged up to the hole, and sent again."""
        early, self._early = self._early, []
        for until, batch in early:
            outcome = self._ingest.take(batch)
            if outcome.hole and time.monotonic() < until:
                self._early.append((until, batch))
                continue
            if outcome.hole:
                log.warning("events_missing", gate_id=batch.gate_id, after=outcome.ack.seq)
            self._acknowledge(outcome.ack, batch.site_id)

    def _acknowledge(self, ack: Ack, site_id: str) -> None:
        self._link.publish(Channel.ACK, sign(encode(ack), Channel.ACK.value, self._keys.signing), site_id, ack.gate_id)

    def _send_commands(self) -> None:
        for command in self._publisher.due_commands():
            # Marked first: if we die in between it is never sent, which is safer than twice.
            self._publisher.mark_sent(command.command_id)
            sent = self._link.publish(Channel.COMMAND, command.envelope, command.site_id, command.gate_id)
            log.info("command_sent", command_id=command.command_id, gate_id=command.gate_id, sent=sent)

    def _send_lists(self) -> None:
        """Publish new versions; sign anew what is old, and the roster after an enrolment at a gate."""
        with self._store.write() as db:
            enrolled = take_pending(db, ROSTER_AGAIN)
        reissue = now() - timedelta(hours=self._config.lists.reissue_after_h)
        for (site_id, kind), (_, issued) in self._publisher.newest_versions().items():
            if issued < reissue or (enrolled and kind is ListKind.ROSTER):
                self._publish(site_id, kind)
        versions = self._publisher.kept_versions()
        if versions == self._sent:
            return
        for key, version in versions.items():
            sent = self._sent.get(key)
            if sent != version and self._send_list(*key, whole=sent is None or sent[0] != version[0]):
                self._sent[key] = version
                log.info("list_published", site_id=key[0], kind=key[1].value, snapshot=version[0], changes=version[1])

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

    def _publish(self, site_id: str, kind: ListKind) -> None:
        try:
            self._publisher.publish(site_id, kind)
        except ListTooLarge as error:  # the version in force stays, and ages visibly
            log.error("list_not_published", detail=str(error))


def _same(site_id: str, gate_id: str, topic_site: str, topic_gate: str) -> None:
    if (site_id, gate_id) != (topic_site, topic_gate):
        raise BadMessage(f"says it is from {site_id}/{gate_id}, but came on the topic of {topic_site}/{topic_gate}")
