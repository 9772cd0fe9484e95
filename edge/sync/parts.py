"""Puts the parts of the sync process together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.keyring import TrustedKeys
from edge.core.config import Config
from edge.core.layout import GATE, PRESENCE_CHANGES, PRESENCE_LIST
from edge.core.ports import Clock, JournalReader
from edge.replica.presence_file import PresenceFiles
from edge.replica.writer import ReplicaWriter
from edge.sync.broker_problems import BrokerProblems
from edge.sync.connection import ConnectionClock, EmptyReplicaLog, LinkDisplay
from edge.sync.downlink import Downlink, subscriptions
from edge.sync.health import HealthReport
from edge.sync.home_assistant import HomeAssistant
from edge.sync.incident_log import IncidentLog
from edge.sync.jobs import Job, OnlineJob
from edge.sync.key_watch import KeyWatch
from edge.sync.list_requests import ListRequests
from edge.sync.live_state import GateState
from edge.sync.metrics import SyncMeters
from edge.sync.mqtt import MqttLink
from edge.sync.outbox import Outbox
from edge.sync.salvage_outbox import SalvageOutbox
from edge.sync.sender import Sender, Will
from edge.sync.signed_messages import MessageSigner
from edge.sync.status import StatusReport
from edge.sync.uplink import EventPublisher, FollowJournals, Uplink


@dataclass(frozen=True)
class Parts:
    """Everything the sync process works with. `always` and `online` are its jobs, in the order of a turn."""

    replica: ReplicaWriter
    meters: SyncMeters
    link: MqttLink
    sender: Sender
    downlink: Downlink
    uplink: Uplink
    lists: ListRequests
    status: StatusReport
    display: LinkDisplay
    always: Sequence[Job]
    online: Sequence[OnlineJob]


def make(
    config: Config,
    journal: JournalReader,
    clock: Clock,
    *,
    software: str,
    replica: ReplicaWriter,
    open_reader: Callable[[Path], JournalReader],
    key: Ed25519PrivateKey | None,
) -> Parts:
    """Make all parts. See `edge.sync.service.SyncService.open`. Raises BadKey, LinkError."""
    site, hq_key = config.site, TrustedKeys(config.keys.hq_signing_public_path)
    incidents = IncidentLog(replica, clock)
    meters = SyncMeters(incidents)
    sender = Sender(site, MessageSigner(key, lambda: int(clock.utc().timestamp() * 1000), replica.last_serial()))
    will = Will(sender, clock.monotonic())
    client_id = f"sitegate-{site.site_id}-{site.gate_id}"
    link = MqttLink(config.sync, client_id, subscriptions(site), will=lambda: will.begin(clock.monotonic()))
    gate = GateState(journal, clock)

    publisher = EventPublisher(link, sender, meters)
    outbox_of = partial(
        Outbox,
        site=site,
        config=config.sync,
        replica=replica,
        incidents=incidents,
        publish=publisher.publish,
        meters=meters,
        followed=set[str](),
    )
    outbox = outbox_of(journal, set_aside=False)
    salvaged = SalvageOutbox(
        config.paths.state_dir / GATE,
        gate_id=site.gate_id,
        replica=replica,
        open_reader=open_reader,
        outbox_of=partial(outbox_of, set_aside=True),
    )
    uplink = Uplink(publisher, outbox, salvaged)
    keys = KeyWatch(hq_key, journal, replica)
    lists = ListRequests(site, link=link, sender=sender, replica=replica, gate=gate)
    status = StatusReport(
        site,
        software=software,
        clock=clock,
        link=link,
        sender=sender,
        will=will,
        replica=replica,
        journal=journal,
        keys=keys,
        gate=gate,
    )
    health = HealthReport(
        config, clock=clock, link=link, sender=sender, replica=replica, gate=gate, uplink=uplink, status=status
    )

    problems = BrokerProblems(site, link=link, replica=replica, uplink=uplink, lists=lists, status=status)

    def keys_changed() -> None:
        outbox.restart()
        lists.fetch_all()

    keys.changed = keys_changed
    return Parts(
        replica=replica,
        meters=meters,
        link=link,
        sender=sender,
        downlink=Downlink(
            site,
            hq_key=hq_key,
            replica=replica,
            presence=PresenceFiles(config.paths.state_dir / PRESENCE_LIST, config.paths.state_dir / PRESENCE_CHANGES),
            incidents=incidents,
            now=clock.utc,
        ),
        uplink=uplink,
        lists=lists,
        status=status,
        display=LinkDisplay(config.sync, link=link, uplink=uplink, replica=replica, meters=meters, problems=problems),
        always=(FollowJournals(outbox, salvaged), keys, EmptyReplicaLog(replica)),
        online=(
            ConnectionClock(clock, link, will),
            lists,
            status,
            HomeAssistant(config, software, link.publish),
            uplink,
            health,
            problems,
        ),
    )
