"""Send commands once, to a gate that is registered and connected.

A command for a gate that is offline waits until it expires. It is never kept for longer: it would open a gate for
somebody who has long gone.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from contract.topics import Channel
from hq.database.gate_reports import GateReport, gate_report
from hq.database.queued_commands import CommandOutcome, Delivery
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
            why, report = self._undeliverable(order)
            if not why and report is not None and not report.online:
                self._wait(order)
                continue
            # Marked first: after a crash in between it is never sent, which is safer than twice.
            self._queue.mark_sent(order.command_id)
            if why:
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

    def _undeliverable(self, order: DueCommand) -> tuple[str, GateReport | None]:
        """Say why this gate can never receive it, "" if it can; and return what the gate last reported."""
        with self._store.read() as db:
            gate = registered(db, [order.gate_id]).get(order.gate_id)
            report = gate_report(db, order.gate_id)
        if gate is None and not self._takes_unregistered():
            return unregistered(order.site_id, order.gate_id), report
        if gate is not None and gate.site_id != order.site_id:
            return f"{order.gate_id} is a gate of {gate.site_id}", report
        if report is None or report.status is None:
            return f"{order.gate_id} never reported: is it connected to this broker?", report
        return "", report

    def _wait(self, order: DueCommand) -> None:
        """Keep a command for a gate that is offline until it expires."""
        waits = CommandOutcome(Delivery.QUEUED, f"{order.gate_id} is offline")
        if order.outcome != waits:
            self._queue.note(order.command_id, waits)
            log.info("command_waits", command_id=order.command_id, gate_id=order.gate_id, outcome=str(waits))

    def _note(self, order: DueCommand, outcome: CommandOutcome) -> None:
        self._queue.note(order.command_id, outcome)
        level = log.info if outcome.delivery is Delivery.SENT else log.error
        level("command", command_id=order.command_id, gate_id=order.gate_id, outcome=str(outcome))
