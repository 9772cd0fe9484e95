"""Send commands once, to a gate that is registered and connected, and find out what became of each.

A command that cannot be delivered is not kept for later: it would open a gate for somebody who has long gone.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from contract.codec import BadMessage, decode_event
from contract.messages import AccessEvent, Command, CommandAction, NoticeCode, NoticeEvent, Reason
from contract.topics import Channel
from hq.database.events import bodies_after
from hq.database.gate_reports import gate_report
from hq.database.queued_commands import CommandOutcome, Delivery, command_outcome
from hq.database.store import Store
from hq.lists.command_queue import CommandQueue, DueCommand
from hq.mqtt import HqLink
from hq.registry.gates import registered
from hq.registry.registered_gate import unregistered

log = structlog.get_logger()

CONFIRM_S = 5.0
"""Within this time the broker says whether it accepted a command, and whether anybody received it."""


@dataclass(frozen=True, slots=True)
class _Unconfirmed:
    order: DueCommand
    until_s: float


class CommandSender:
    """Part of the one HQ process that publishes. `takes_unregistered`: see `hq.ingest.senders.SenderCheck`."""

    def __init__(self, store: Store, queue: CommandQueue, link: HqLink, takes_unregistered: Callable[[], bool]) -> None:
        self._store, self._queue, self._link = store, queue, link
        self._takes_unregistered = takes_unregistered
        self._unconfirmed: dict[int, _Unconfirmed] = {}

    def send(self) -> list[DueCommand]:
        """Send what is due, and note what the broker said of earlier commands. Return those that were sent now."""
        self._settle()
        sent = []
        for order in self._queue.due():
            # Marked first: after a crash in between it is never sent, which is safer than twice.
            self._queue.mark_sent(order.command_id)
            if why := self._undeliverable(order):
                self._note(order, CommandOutcome(Delivery.NOT_DELIVERED, why))
                continue
            number = self._link.publish_numbered(Channel.COMMAND, order.envelope, order.site_id, order.gate_id)
            if number is None:
                self._note(order, CommandOutcome(Delivery.NOT_DELIVERED, "HQ has no connection to the broker"))
                continue
            self._unconfirmed[number] = _Unconfirmed(order, time.monotonic() + CONFIRM_S)
            sent.append(order)
        return sent

    def _settle(self) -> None:
        for number, waiting in list(self._unconfirmed.items()):
            problem = self._link.confirmation(number)
            if problem is None and time.monotonic() < waiting.until_s and self._link.connected:
                continue
            del self._unconfirmed[number]
            if problem is None:
                problem = "the broker did not confirm it, the gate may have received it all the same"
            state = Delivery.NOT_DELIVERED if problem else Delivery.SENT
            self._note(waiting.order, CommandOutcome(state, problem))

    def _undeliverable(self, order: DueCommand) -> str:
        """Say why no gate would receive it; "" if the gate is connected."""
        with self._store.read() as db:
            gate = registered(db, [order.gate_id]).get(order.gate_id)
            report = gate_report(db, order.gate_id)
        if gate is None and not self._takes_unregistered():
            return unregistered(order.site_id, order.gate_id)
        if gate is not None and gate.site_id != order.site_id:
            return f"{order.gate_id} is a gate of {gate.site_id}"
        if report is None or report.status is None:
            return f"{order.gate_id} never reported: is it connected to this broker?"
        return "" if report.online else f"{order.gate_id} is offline; order it again when it is back"

    def _note(self, order: DueCommand, outcome: CommandOutcome) -> None:
        self._queue.note(order.command_id, outcome)
        level = log.info if outcome.delivery is Delivery.SENT else log.error
        level("command", command_id=order.command_id, gate_id=order.gate_id, outcome=str(outcome))


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """What is known of a command by now. `done`: whether the gate executed it; None while that is open."""

    done: bool | None
    text: str
    sent: bool = False
    """Sent to the broker. Only set while it is open."""


def answer(store: Store, command: Command, since_id: int) -> CommandAnswer:
    """Find out what became of a command. `since_id`: the newest event that HQ held before it was given."""
    with store.read() as db:
        outcome = command_outcome(db, command.command_id)
        bodies = bodies_after(db, command.gate_id, since_id)
    if (found := _of_gate(bodies, command)) is not None:
        return found
    if outcome.delivery is Delivery.NOT_DELIVERED:
        return CommandAnswer(False, str(outcome))
    return CommandAnswer(None, str(outcome) or "queued", sent=outcome.delivery is Delivery.SENT)


def _of_gate(bodies: Sequence[str], command: Command) -> CommandAnswer | None:
    """Find what the gate recorded of the command."""
    for body in bodies:
        try:
            event = decode_event(body)
        except BadMessage:
            continue
        if isinstance(event, NoticeEvent) and command.command_id in event.detail:
            if event.code is NoticeCode.COMMAND_DONE:
                return CommandAnswer(True, f"done at the gate, event {event.seq}")
            if event.code is NoticeCode.COMMAND_REFUSED:
                return CommandAnswer(False, f"the gate refused: {event.detail}")
        if isinstance(event, AccessEvent) and _opened(event, command):
            return CommandAnswer(True, f"opened, event {event.seq}")
    return None


def _opened(event: AccessEvent, command: Command) -> bool:
    detail = f"by {command.issued_by}: {command.why}"[:500]
    wanted = command.action is CommandAction.OPEN_ONCE
    return wanted and event.reason is Reason.REMOTE_OPEN and event.detail == detail


def still_open(command: Command, so_far: CommandAnswer, now: datetime) -> str:
    """Say that the wait is over and nothing is decided."""
    if so_far.sent:
        return "sent to the broker, and the gate has not answered: look at sitegate-hq events"
    if now >= command.expires_utc:
        return "not sent, and expired: does sitegate-hq run?"
    return f"queued and not sent: does sitegate-hq run? It is void after {command.expires_utc:%H:%M:%S} UTC"
