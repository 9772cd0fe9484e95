"""Handle one message of a gate, by its channel."""

from collections.abc import Callable
from typing import TypeVar

from contract.codec import BadMessage, NewerMessage, check_size, decode
from contract.messages import EventBatch, GateStatus, Health, Registration, SnapshotRequest
from contract.topics import Channel, channel_of
from hq.database.gate_reports import believed_online, set_health, set_status
from hq.database.store import Store
from hq.ingest.batches import ReadBatch, examine
from hq.ingest.ingest import Ingest
from hq.ingest.senders import SenderCheck, SenderRefused
from hq.mqtt import BrokerMessage, HqLink
from hq.registry.gates import registered
from hq.service.list_sending import ListSending
from hq.service.registrations import Registrations
from hq.service.version_claims import VersionClaims

FromGate = TypeVar("FromGate", EventBatch, GateStatus, Health, SnapshotRequest, Registration)


class MessageHandler:
    """Reads and checks messages, and passes each to the part that it concerns."""

    def __init__(
        self,
        *,
        store: Store,
        link: HqLink,
        ingest: Ingest,
        check: SenderCheck,
        lists: ListSending,
        registrations: Registrations,
        versions: VersionClaims,
    ) -> None:
        self._store, self._link, self._ingest, self._check = store, link, ingest, check
        self._lists, self._registrations, self._versions = lists, registrations, versions
        self._handlers: dict[Channel, Callable[[bytes, str, str], None]] = {
            Channel.STATUS: self._status,
            Channel.HEALTH: self._health,
            Channel.SNAPSHOT_REQUEST: self._snapshot_request,
            Channel.REGISTER: self._register,
        }

    def take(self, message: BrokerMessage) -> ReadBatch | None:
        """Handle a message. Events are only read, and returned. What is refused is kept in quarantine."""
        found = channel_of(message.topic)
        if found is None or not message.payload:  # an empty one asks only whether the broker lets it through
            return None
        channel, site_id, gate_id = found
        try:
            check_size(channel, message.payload)
            if channel is Channel.EVENTS:
                return examine(_decoded(EventBatch, message.payload, site_id, gate_id))
            if channel in self._handlers:
                self._handlers[channel](message.payload, site_id, gate_id)
        except BadMessage as error:
            self._refuse(error, channel, site_id, gate_id, message.payload)
        return None

    def _refuse(self, error: BadMessage, channel: Channel, site_id: str, gate_id: str, payload: bytes) -> None:
        why = f"{channel.value}: {error}"
        if isinstance(error, SenderRefused):
            if self._ingest.senders.refused(f"{site_id}/{gate_id}", why):  # they come every few seconds
                self._ingest.rejected.keep(site_id, gate_id, why, payload)
        elif isinstance(error, NewerMessage) and channel is not Channel.EVENTS:
            self._ingest.senders.newer(gate_id, str(error))  # it comes again, also after HQ's update
        else:
            self._ingest.rejected.keep(site_id, gate_id, why, payload)

    def _status(self, payload: bytes, site_id: str, gate_id: str) -> None:
        if not payload:
            return
        status = _decoded(GateStatus, payload, site_id, gate_id)
        if not self._proven(Channel.STATUS, status, payload):
            status = status.model_copy(update={"signature": None})  # it proves nothing
        set_status(self._store, status)
        self._versions.heard(status)
        if status.online and not status.takes_changes:  # lists published while it was away may be changes
            self._lists.want_whole(site_id)

    def _health(self, payload: bytes, site_id: str, gate_id: str) -> None:
        health = _decoded(Health, payload, site_id, gate_id)
        self._proven(Channel.HEALTH, health, payload)
        set_health(self._store, health)
        if not believed_online(self._store, gate_id):  # it was not registered when it sent its status
            self._link.ask_for_status(site_id, gate_id)

    def _snapshot_request(self, payload: bytes, site_id: str, gate_id: str) -> None:
        request = _decoded(SnapshotRequest, payload, site_id, gate_id)
        self._proven(Channel.SNAPSHOT_REQUEST, request, payload)
        self._lists.send_again(request)

    def _register(self, payload: bytes, site_id: str, gate_id: str) -> None:
        self._registrations.take(_decoded(Registration, payload, site_id, gate_id), payload)

    def _proven(self, channel: Channel, message: GateStatus | Health | SnapshotRequest, payload: bytes) -> bool:
        """Check the sender (`SenderCheck.check_message`). Raises SenderRefused."""
        with self._store.read() as db:
            gate = registered(db, [message.gate_id]).get(message.gate_id)
        return self._check.check_message(gate, channel, message, payload)


def _decoded(kind: type[FromGate], payload: bytes, topic_site: str, topic_gate: str) -> FromGate:
    """Decode a message, which must name the gate of its topic. Raises BadMessage."""
    found = decode(kind, payload)
    if (found.site_id, found.gate_id) != (topic_site, topic_gate):
        raise BadMessage(
            f"says it is from {found.site_id}/{found.gate_id}, but came on the topic of {topic_site}/{topic_gate}"
        )
    return found
