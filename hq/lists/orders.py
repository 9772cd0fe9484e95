"""Orders on their way: sent once, to a gate that is registered and connected; what became of each is kept.

An order that cannot be delivered is not kept for later: it would open a gate for somebody who has long gone.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog
from sqlalchemy import select, update

from contract.codec import BadMessage, decode_event
from contract.messages import AccessEvent, Command, CommandAction, GateStatus, NoticeCode, NoticeEvent, Reason
from contract.topics import Channel
from hq.database import tables as t
from hq.database.store import Store
from hq.ingest.senders import unregistered
from hq.lists.publisher import DueCommand, Publisher
from hq.mqtt import HqLink
from hq.registry.gates import registered

log = structlog.get_logger()

CONFIRM_S = 5.0
"""The broker says within this whether it took an order, and whether anybody heard it."""


class Delivery(StrEnum):
    """How far an order has come on HQ's side."""

    QUEUED = ""
    SENT = "sent"
    NOT_DELIVERED = "not delivered"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the column `commands.outcome` holds: the word, and after a colon why."""

    delivery: Delivery
    why: str = ""

    @classmethod
    def parse(cls, text: str) -> "Outcome":
        """A text that this version does not know is an order that is still open."""
        word, _, why = text.partition(": ")
        return cls(Delivery(word), why) if word in set(Delivery) else cls(Delivery.QUEUED, text)

    def __str__(self) -> str:
        return ": ".join(part for part in (self.delivery.value, self.why) if part)


@dataclass(frozen=True, slots=True)
class _OnTheWay:
    order: DueCommand
    until_s: float


class OrderSender:
    """Of the one HQ process that publishes. `unsigned_until`: see `hq.ingest.senders.Doorkeeper`. `sent` is called with each resync."""

    def __init__(
        self, store: Store, publisher: Publisher, link: HqLink, takes_unregistered: Callable[[], bool]
    ) -> None:
        self._store, self._publisher, self._link = store, publisher, link
        self._takes_unregistered = takes_unregistered
        self._on_the_way: dict[int, _OnTheWay] = {}

    def send(self) -> list[DueCommand]:
        """Send what is due, and take up what the broker said of the orders before; those that were sent now."""
        self._settle()
        sent = []
        for order in self._publisher.due_commands():
            # Marked first: if we die in between it is never sent, which is safer than twice.
            self._publisher.mark_sent(order.command_id)
            if why := self._undeliverable(order):
                self._note(order, Outcome(Delivery.NOT_DELIVERED, why))
                continue
            number = self._link.publish_numbered(Channel.COMMAND, order.envelope, order.site_id, order.gate_id)
            if number is None:
                self._note(order, Outcome(Delivery.NOT_DELIVERED, "HQ has no connection to the broker"))
                continue
            self._on_the_way[number] = _OnTheWay(order, time.monotonic() + CONFIRM_S)
            sent.append(order)
        return sent

    def _settle(self) -> None:
        for number, waiting in list(self._on_the_way.items()):
            said = self._link.confirmation(number)
            if said is None and time.monotonic() < waiting.until_s and self._link.connected:
                continue
            del self._on_the_way[number]
            if said is None:
                said = "the broker did not confirm it, the gate may have heard it all the same"
            self._note(waiting.order, Outcome(Delivery.NOT_DELIVERED, said) if said else Outcome(Delivery.SENT))

    def _undeliverable(self, order: DueCommand) -> str:
        """Why nobody would hear it; "" if the gate is there."""
        with self._store.read() as db:
            gate = registered(db, [order.gate_id]).get(order.gate_id)
            told = db.execute(select(t.gates.c.status).where(t.gates.c.gate_id == order.gate_id)).scalar()
        if gate is None and not self._takes_unregistered():
            return unregistered(order.site_id, order.gate_id)
        if gate is not None and gate.site_id != order.site_id:
            return f"{order.gate_id} is a gate of {gate.site_id}"
        if told is None:
            return f"{order.gate_id} never reported: is it connected to this broker?"
        status = GateStatus.model_validate_json(told)
        return "" if status.online else f"{order.gate_id} is offline; order it again when it is back"

    def _note(self, order: DueCommand, outcome: Outcome) -> None:
        with self._store.write() as db:
            which = t.commands.c.command_id == order.command_id
            db.execute(update(t.commands).where(which).values(outcome=str(outcome)[:500]))
        level = log.info if outcome.delivery is Delivery.SENT else log.error
        level("command", command_id=order.command_id, gate_id=order.gate_id, outcome=str(outcome))


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of an order by now. `done`: the gate obeyed; None while it is open."""

    done: bool | None
    text: str
    sent: bool = False
    """To the broker; said only while it is open."""


def answer(store: Store, command: Command, since_id: int) -> Answer:
    """What became of an order. `since_id`: the newest event that HQ held before it was given."""
    with store.read() as db:
        row = db.execute(select(t.commands.c.outcome).where(t.commands.c.command_id == command.command_id)).one()
        mine = (t.events.c.gate_id == command.gate_id, t.events.c.id > since_id)
        bodies = db.execute(select(t.events.c.body).where(*mine).order_by(t.events.c.id).limit(1000)).scalars().all()
    if (told := _of_gate(bodies, command)) is not None:
        return told
    outcome = Outcome.parse(row.outcome)
    if outcome.delivery is Delivery.NOT_DELIVERED:
        return Answer(False, str(outcome))
    return Answer(None, str(outcome) or "queued", sent=outcome.delivery is Delivery.SENT)


def _of_gate(bodies: Sequence[str], command: Command) -> Answer | None:
    """What the gate recorded of the order."""
    for body in bodies:
        try:
            event = decode_event(body)
        except BadMessage:
            continue
        if isinstance(event, NoticeEvent) and command.command_id in event.detail:
            if event.code is NoticeCode.COMMAND_DONE:
                return Answer(True, f"done at the gate, event {event.seq}")
            if event.code is NoticeCode.COMMAND_REFUSED:
                return Answer(False, f"the gate refused: {event.detail}")
        if isinstance(event, AccessEvent) and _opened(event, command):
            return Answer(True, f"opened, event {event.seq}")
    return None


def _opened(event: AccessEvent, command: Command) -> bool:
    told = f"by {command.issued_by}: {command.why}"[:500]
    wanted = command.action is CommandAction.OPEN_ONCE
    return wanted and event.reason is Reason.REMOTE_OPEN and event.detail == told


def still_open(command: Command, so_far: Answer, now: datetime) -> str:
    """What to say when the wait is over and nothing is decided."""
    if so_far.sent:
        return "sent to the broker, and the gate has not answered: look at sitegate-hq events"
    if now >= command.expires_utc:
        return "not sent, and expired: does sitegate-hq run?"
    return f"queued and not sent: does sitegate-hq run? It is void after {command.expires_utc:%H:%M:%S} UTC"
