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
from hq.lists.lock_downs import SiteLockDowns
from hq.lists.presence_list import PresenceLists
from hq.lists.publisher import Publisher
from hq.mqtt import HqLink
from hq.registry.approvals import Approvals
from hq.registry.change_replay import make_again
from hq.registry.gates import GateRegistry
from hq.registry.people import PeopleRegistry
from hq.registry.sites import open_store
from hq.reports.metrics import HqMetrics
from hq.service.broker_watch import watch_broker
from hq.service.changed_lists import ChangedLists, RiskExpiry
from hq.service.event_intake import EventIntake
from hq.service.event_retention import EventRetention
from hq.service.inbox import Inbox
from hq.service.list_renewal import ListRenewal
from hq.service.list_sending import ListSending
from hq.service.log_emptying import LogEmptying
from hq.service.messages import MessageHandler
from hq.service.only_hq import OnlyHq
from hq.service.presence_sending import PresenceSending
from hq.service.publishing import Publishing
from hq.service.registrations import Registrations
from hq.service.small_tasks import Announcement, CommandDelivery, LockDownOffers, RefusalSending, TimeCorrection
from hq.service.tasks import Periodic, Task, in_order
from hq.service.version_claims import VersionClaims

LISTS_EVERY_S = 0.3
OFFERS_EVERY_S = 0.5


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
    people = _people(store, pairs)
    metrics = HqMetrics(store)
    link = HqLink(config.broker, f"sitegate-hq-worker-{secrets.token_hex(4)}" if worker else "sitegate-hq", worker)
    check = SenderCheck(config.gates.unsigned_until)
    ingest = Ingest(store, Approvals(store, people, pairs, config.trusted_sites), check)
    intake = EventIntake(ingest, metrics, acknowledge=_acknowledge(link, pairs))
    publisher = Publisher(store, people, pairs, timedelta(hours=config.lists.whole_after_h))
    publishing = Publishing(publisher)
    sending = ListSending(publisher, publishing, link, metrics)
    versions = VersionClaims(store, publishing)
    messages = _handler(store, link, pairs, ingest, check, sending, versions)
    lists = _lists(config, store, people, publisher, publishing, versions, sending)
    periodic = Periodic(LISTS_EVERY_S, lists, RefusalSending(RefusalQueue(store), link, pairs, metrics))
    sender = CommandSender(store, CommandQueue(store, pairs), link, check.takes_unregistered)
    presence = PresenceSending(store, people, PresenceLists(pairs), link, metrics)
    resync = _resync(intake, sending, presence, periodic)
    announcement = Announcement(link, sending.forget_sent, presence.forget_sent)
    offers = Periodic(OFFERS_EVERY_S, LockDownOffers(SiteLockDowns(store, pairs, check.takes_unregistered)))
    refused, report = watch_broker(link, config, announcement, sending, metrics)
    online = (announcement, offers, CommandDelivery(sender, resync), periodic, presence, refused)
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
        always=(intake,) if worker else (intake, *_event_tasks(store, config), report),
        connected=() if worker else online,
    )


def _lists(
    config: HqConfig,
    store: Store,
    people: PeopleRegistry,
    publisher: Publisher,
    publishing: Publishing,
    versions: VersionClaims,
    sending: ListSending,
) -> Task:
    """Make the task that publishes what changed and sends it."""
    return in_order(
        versions,
        RiskExpiry(people.risk_lists),
        ChangedLists(store, publisher, publishing, config.lists.publish_after_s),
        ListRenewal(store, publisher, publishing, timedelta(hours=config.lists.reissue_after_h)),
        LogEmptying(store, publisher),
        sending,
    )


def _people(store: Store, pairs: HqKeys) -> PeopleRegistry:
    """Open the people, with the changes that a restored database lacks."""
    people = PeopleRegistry(store, pairs)
    people.check()
    make_again(store, people)
    return people


def _handler(
    store: Store,
    link: HqLink,
    pairs: HqKeys,
    ingest: Ingest,
    check: SenderCheck,
    lists: ListSending,
    versions: VersionClaims,
) -> MessageHandler:
    """Build the part that handles gates' messages."""
    return MessageHandler(
        store=store,
        link=link,
        ingest=ingest,
        check=check,
        lists=lists,
        registrations=Registrations(GateRegistry(store, pairs), link, pairs),
        versions=versions,
    )


def _event_tasks(store: Store, config: HqConfig) -> tuple[Task, ...]:
    """Build the tasks that change stored events."""
    return TimeCorrection(store), EventRetention(store, config.events.keep)


def _acknowledge(link: HqLink, pairs: HqKeys) -> Callable[[Ack, str], None]:
    """Make the function that sends an acknowledgement to a site."""

    def send(ack: Ack, site_id: str) -> None:
        link.publish(Channel.ACK, sign(encode(ack), Channel.ACK.value, pairs.signing), site_id, ack.gate_id)

    return send


def _resync(
    intake: EventIntake, sending: ListSending, presence: PresenceSending, lists: Periodic
) -> Callable[[str, str], None]:
    """Make the function that tells a gate how far HQ holds its journal, and sends its site's lists again."""

    def resync(site_id: str, gate_id: str) -> None:
        intake.acknowledge_again(site_id, gate_id)
        sending.forget_sent(site_id)
        presence.forget_sent(site_id)
        lists.hurry()

    return resync
