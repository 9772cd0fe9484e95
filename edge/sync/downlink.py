"""Takes what comes from HQ: checks form and signature, stores it in the replica, or refuses and records it."""

from collections.abc import Callable
from datetime import datetime

import structlog

from contract.codec import BadMessage, check_size, decode
from contract.messages import Ack, Command, HqState, ListKind, NoticeCode, Refusal
from contract.signing import BadSignature, Verifier, verify
from contract.topics import DELTA_CHANNELS, ROUTES, Channel, channel_of, topic
from edge.core.config import SiteConfig
from edge.replica import signed_lists
from edge.replica.presence_file import PresenceFiles
from edge.replica.signed_commands import CommandRefused, verify_command
from edge.replica.signed_lists import RolledBack
from edge.replica.writer import ReplicaWriter
from edge.sync.incident_log import IncidentLog
from edge.sync.mqtt import Received

log = structlog.get_logger()

_LISTS = (Channel.ROSTER, Channel.RISK, Channel.POLICY, Channel.DIRECTORY)
_PRESENCE = (Channel.PRESENCE, Channel.PRESENCE_DELTA)
_CHANGES = {channel: kind for kind, channel in DELTA_CHANNELS.items()}
_DOWN = (Channel.HQ_STATE, Channel.ACK, Channel.REFUSAL, *_LISTS, *_CHANGES, *_PRESENCE, Channel.COMMAND)


def subscriptions(site: SiteConfig) -> list[tuple[str, int]]:
    """Return (topic, QoS) of everything this gate listens to from the start.

    Of each list these are its changes and the first part, which announces the others.
    """
    return [(topic(channel, site.site_id, site.gate_id, part=1), ROUTES[channel].qos) for channel in _DOWN]


def missing_parts(site: SiteConfig, replica: ReplicaWriter) -> list[tuple[str, int]]:
    """Return (topic, QoS) of the parts that arriving lists still lack: after a cut only these travel again.

    The first part is always subscribed to.
    """
    channels = {Channel(kind.value): parts for kind, parts in replica.missing_parts().items()}
    return [
        (topic(channel, site.site_id, part=part), ROUTES[channel].qos)
        for channel, parts in channels.items()
        for part in parts
        if part > 1
    ]


class Downlink:
    """Takes one received message at a time. Never raises for its content."""

    def __init__(
        self,
        site: SiteConfig,
        *,
        hq_key: Verifier,
        replica: ReplicaWriter,
        incidents: IncidentLog,
        now: Callable[[], datetime],
        presence: PresenceFiles | None = None,
    ) -> None:
        """`presence`: where presence lists are kept; None: nowhere."""
        self._site, self._hq_key, self._replica, self._presence = site, hq_key, replica, presence
        self._incidents, self._now = incidents, now

    def handle(self, received: Received) -> tuple[Ack, bytes] | HqState | Command | None:
        """Store what belongs in the replica. Return acknowledgements (with their envelope), HQ's state and valid
        commands."""
        found = channel_of(received.topic)
        if found is None or found[0] not in _DOWN:
            return None
        if not received.payload:  # this deletes a retained message at the broker
            return None
        channel = found[0]
        try:
            check_size(channel, received.payload)
            if channel is Channel.HQ_STATE:
                return decode(HqState, received.payload)
            if channel is Channel.ACK:
                return self._ack(received.payload)
            if channel is Channel.COMMAND:
                return self._command(received)
            if channel is Channel.REFUSAL:
                self._refusal(received)
            elif channel in _PRESENCE:
                self._keep_presence(channel, received)
            elif channel in _CHANGES:
                self._changes(_CHANGES[channel], received.payload)
            else:
                self._list(ListKind(channel.value), received.payload)
        except (BadMessage, BadSignature) as error:
            self._incidents.report(NoticeCode.MESSAGE_REFUSED, f"{channel.value}: {error}", received.payload)
        except CommandRefused as error:
            self._incidents.report(NoticeCode.COMMAND_REFUSED, str(error), received.payload)
        except (signed_lists.ListRefused, RolledBack) as error:
            self._incidents.report(NoticeCode.LIST_REFUSED, str(error), received.payload)
        return None

    def _ack(self, envelope: bytes) -> tuple[Ack, bytes]:
        ack = decode(Ack, verify(envelope, Channel.ACK.value, self._hq_key))
        if ack.gate_id != self._site.gate_id:
            raise BadMessage(f"the acknowledgement is for gate {ack.gate_id}")
        return ack, envelope

    def _refusal(self, received: Received) -> None:
        """Record what HQ could not take of this gate. The broker keeps the message, so it is recorded once for ever.

        That is so also after the key that signed it was retired.
        """
        envelope = received.payload
        try:
            body = verify(envelope, Channel.REFUSAL.value, self._hq_key)
        except BadSignature:
            if not received.retained:
                raise
            log.debug("kept_refusal_not_believed")
            return
        refusal = decode(Refusal, body)
        if refusal.gate_id != self._site.gate_id:
            raise BadMessage(f"the refusal is for gate {refusal.gate_id}")
        which = f"event {refusal.seq} of epoch {refusal.epoch}: " if refusal.seq else ""
        more = f" (and {refusal.more} more)" if refusal.more else ""
        self._incidents.report(NoticeCode.EVENT_REFUSED, f"{which}{refusal.reason}{more}", envelope, once=True)

    def _command(self, received: Received) -> Command:
        if received.retained:
            raise CommandRefused("a command kept at the broker is never obeyed: it may be of any age")
        command = verify_command(received.payload, self._site.gate_id, self._hq_key, self._now())
        if not self._replica.add_command(received.payload):
            raise CommandRefused(f"command {command.command_id} came a second time")
        return command

    def _list(self, kind: ListKind, body: bytes) -> None:
        part = signed_lists.signed_part(body, kind, self._site.site_id, self._hq_key)
        if self._replica.add_part(part, body):
            log.info("list_complete", kind=kind.value, version=part.header.list_version, parts=part.header.parts)

    def _keep_presence(self, channel: Channel, received: Received) -> None:
        """Keep the presence list. What the broker kept may be old, or signed with a retired key: that is no
        incident."""
        read = signed_lists.signed_part if channel is Channel.PRESENCE else signed_lists.signed_delta
        try:
            found = read(received.payload, ListKind.PRESENCE, self._site.site_id, self._hq_key)
        except signed_lists.ListRefused:
            if not received.retained:
                raise
            log.debug("kept_presence_not_believed")
            return
        if self._presence is not None:
            self._presence.keep(found.header, received.payload)

    def _changes(self, kind: ListKind, body: bytes) -> None:
        delta = signed_lists.signed_delta(body, kind, self._site.site_id, self._hq_key)
        if self._replica.add_delta(delta, body):
            log.info("list_changed", kind=kind.value, version=delta.header.list_version)
