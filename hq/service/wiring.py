"""Build the parts of the HQ process. The only place that joins HQ's rooms."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from contract.codec import encode
from contract.messages import Ack
from contract.signing import sign
from contract.topics import Channel
from hq.config import HqConfig
from hq.database.store import Store
from hq.ingest.ingest import Ingest
from hq.ingest.refusals import RefusalQueue
from hq.ingest.senders import SenderCheck
from hq.keys import keys
from hq.keys.keys import HqKeys
from hq.lists.command_queue import CommandQueue
from hq.lists.command_sender import CommandSender
from hq.lists.publisher import Publisher
from hq.mqtt import HqLink
from hq.registry.approvals import Approvals
from hq.registry.gates import GateRegistry
from hq.registry.people import PeopleRegistry
from hq.registry.sites import SiteRegistry, open_store
from hq.reports.metrics import HqMetrics
from hq.service.changed_lists import ChangedLists, RiskExpiry
from hq.service.event_intake import EventIntake
from hq.service.inbox import Inbox
from hq.service.list_renewal import ListRenewal
from hq.service.list_sending import ListSending
from hq.service.log_emptying import LogEmptying
from hq.service.messages import MessageHandler
from hq.service.only_hq import OnlyHq
from hq.service.publishing import Publishing
from hq.service.registrations import Registrations
from hq.service.small_tasks import Announcement, CommandDelivery, RefusalSending, TimeCorrection
from hq.service.tasks import Periodic, Task, in_order

LISTS_EVERY_S = 0.3


@dataclass(frozen=True, slots=True)
class ServiceParts:
    """The parts of one HQ process. `always` and `connected`: tasks of every turn, and of turns with a connection."""

    store: Store
    only: OnlyHq
    link: HqLink
    metrics: HqMetrics
    ingest: Ingest
    messages: MessageHandler
    inbox: Inbox
    intake: EventIntake
    publishing: Publishing
    sending: ListSending
    lists: Task
    always: tuple[Task, ...]
    connected: tuple[Task, ...]


def wire(config: HqConfig, *, worker: bool) -> ServiceParts:
    """Build all parts. A `worker` only stores its share of the events. Raises BadKey, StoreError."""
    pairs = keys.load(config.folder)
    store = open_store(config, pairs)
    people = PeopleRegistry(store, pairs)
    people.check()
    metrics = HqMetrics(store)
    link = HqLink(config.broker, f"sitegate-hq-worker-{secrets.token_hex(4)}" if worker else "sitegate-hq", worker)
    metrics.connected.set_function(lambda: float(link.connected))
    check = SenderCheck(config.gates.unsigned_until)
    ingest = Ingest(store, Approvals(store, people, pairs, config.trusted_sites), check)
    intake = EventIntake(ingest, metrics, acknowledge=_acknowledge(link, pairs))
    publisher = Publisher(store, people, pairs, timedelta(hours=config.lists.whole_after_h))
    publishing = Publishing(publisher)
    sending = ListSending(publisher, publishing, link, metrics)
    registrations = Registrations(GateRegistry(store, pairs), link, pairs)
    messages = MessageHandler(
        store=store, link=link, ingest=ingest, check=check, lists=sending, registrations=registrations
    )
    sites = SiteRegistry(store)
    renewal = ListRenewal(publisher, publishing, sites.active, timedelta(hours=config.lists.reissue_after_h))
    # A site that was retired has empty lists, which its gates must get, too.
    every = lambda: [site.site_id for site in sites.every()]  # noqa: E731
    changed = ChangedLists(store, publisher, publishing, every, config.lists.publish_after_s)
    expiry = RiskExpiry(people.risk_lists)
    lists = in_order(expiry, changed, renewal, LogEmptying(store, publisher), sending)
    periodic = Periodic(LISTS_EVERY_S, lists, RefusalSending(RefusalQueue(store), link, pairs, metrics))
    sender = CommandSender(store, CommandQueue(store, pairs), link, check.takes_unregistered)
    resync = _resync(intake, sending, periodic)
    online = (Announcement(link, sending.forget_sent), CommandDelivery(sender, resync), periodic)
    return ServiceParts(
        store=store,
        only=OnlyHq(store, config.folder),
        link=link,
        metrics=metrics,
        ingest=ingest,
        messages=messages,
        inbox=Inbox(link, messages, intake),
        intake=intake,
        publishing=publishing,
        sending=sending,
        lists=lists,
        always=(intake,) if worker else (intake, TimeCorrection(store)),
        connected=() if worker else online,
    )


def _acknowledge(link: HqLink, pairs: HqKeys) -> Callable[[Ack, str], None]:
    """Make the function that sends an acknowledgement to a site."""

    def send(ack: Ack, site_id: str) -> None:
        link.publish(Channel.ACK, sign(encode(ack), Channel.ACK.value, pairs.signing), site_id, ack.gate_id)

    return send


def _resync(intake: EventIntake, sending: ListSending, lists: Periodic) -> Callable[[str, str], None]:
    """Make the function that tells a gate how far HQ holds its journal, and sends its site's lists again."""

    def resync(site_id: str, gate_id: str) -> None:
        intake.acknowledge_again(site_id, gate_id)
        sending.forget_sent(site_id)
        lists.hurry()

    return resync
