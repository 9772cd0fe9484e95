"""The sync process: journal up, lists and commands down, presence and health. One thread besides the connection's."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime

import psutil
import structlog

from contract.codec import BadMessage, decode, decode_event, encode
from contract.messages import Ack, EventBatch, GateStatus, Health, HqState, ListKind, NoticeCode
from contract.signing import BadSignature, read_signing_public, verify
from contract.topics import ROUTES, Channel, topic
from edge.config import Config
from edge.ports import Clock, JournalReader
from edge.sync.downlink import Downlink, subscriptions
from edge.sync.incidents import IncidentLog
from edge.sync.mqtt import MqttLink, Publication
from edge.sync.replica import ReplicaWriter
from edge.sync.uplink import AckEffect, Window, fit

log = structlog.get_logger()

POLL_S = 0.05
"""How often the journal is looked at; a message from HQ is handled at once."""
_RECEIVE_MAX = 32
_LINK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class _Shown:
    """What was last written for the screen, so that an idle gate writes nothing."""

    connected: bool
    detail: str
    hq_online: bool | None
    unsent: int


def open_sync(config: Config, journal: JournalReader, clock: Clock, software: str) -> "SyncService":
    """The service with its real parts. `software`: this program's version, for the birth message.

    Raises:
        BadKey, LinkError, ReplicaError: each says what to do.
    """
    hq_key = read_signing_public(config.keys.hq_signing_public_path)
    replica = ReplicaWriter(config.paths.state_dir / "replica.db")
    incidents = IncidentLog(replica, clock)
    will = _to_broker(config, Channel.STATUS, encode(GateStatus(**_ids(config), online=False)))
    link = MqttLink(config.sync, f"sitegate-{config.site.gate_id}", subscriptions(config.site), will)
    downlink = Downlink(config.site, hq_key, replica, incidents, clock.utc)
    last_ack = _Acks(replica, hq_key)
    return SyncService(config, journal, clock, software, replica, incidents, link, downlink, last_ack)


class _Acks:
    """HQ's last acknowledgement of an epoch, as the replica kept it from an earlier run."""

    def __init__(self, replica: ReplicaWriter, hq_key: object) -> None:
        self._replica, self._hq_key = replica, hq_key
