"""Find out what became of a command: queued, sent, done, refused, not delivered or expired."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from contract.codec import BadMessage, decode_event
from contract.messages import AccessEvent, Command, CommandAction, NoticeCode, NoticeEvent, Reason
from hq.database.clock import now
from hq.database.queued_commands import CommandOutcome, Delivery, command_outcome
from hq.database.store import Store
from hq.database.watched_events import command_answers
from hq.lists.command_queue import GivenCommand


class CommandState(StrEnum):
    """How far a command has come."""

    QUEUED = "queued"
    SENT = "sent"
    DONE = "done"
    REFUSED = "refused"
    NOT_DELIVERED = "not delivered"
    EXPIRED = "expired"


_OPEN = (CommandState.QUEUED, CommandState.SENT)


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """What is known of a command by now, and the same in words."""

    state: CommandState
    text: str

    @property
    def done(self) -> bool | None:
        """Whether the gate executed it; None while that is open."""
        return None if self.state in _OPEN else self.state is CommandState.DONE


def answer(store: Store, command: Command, since_id: int) -> CommandAnswer:
    """Find out what became of a command. `since_id`: the newest event that HQ held before it was given."""
    with store.read() as db:
        return answer_in(db, command, command_outcome(db, command.command_id), since_id, now())


def given_answer(db: Connection, given: GivenCommand, utc: datetime) -> CommandAnswer:
    """Find out what became of a command that was given at some time."""
    return answer_in(db, given.command, given.outcome, given.after_id, utc)


def answer_in(db: Connection, command: Command, outcome: CommandOutcome, since_id: int, utc: datetime) -> CommandAnswer:
    """Find out what became of a command with this outcome on HQ's side."""
    bodies = command_answers(db, command.gate_id, command.command_id, since_id)
    if (found := _of_gate(bodies, command)) is not None:
        return found
    until = command.expires_utc
    match outcome.delivery:
        case Delivery.NOT_DELIVERED:
            return CommandAnswer(CommandState.NOT_DELIVERED, str(outcome))
        case Delivery.SENT if utc < until:
            return CommandAnswer(CommandState.SENT, "sent, no answer yet")
        case Delivery.SENT:
            return CommandAnswer(CommandState.SENT, "sent, and the gate has not answered")
    because = f": {outcome.why}" if outcome.why else ""
    if utc >= until:
        why = outcome.why or "HQ did not send it: did sitegate-hq run?"
        return CommandAnswer(CommandState.EXPIRED, f"not delivered: expired at {until:%H:%M:%S} UTC ({why})")
    return CommandAnswer(CommandState.QUEUED, f"queued until {until:%H:%M:%S} UTC{because}")


def _of_gate(bodies: Sequence[str], command: Command) -> CommandAnswer | None:
    """Find what the gate recorded of the command."""
    for body in bodies:
        try:
            event = decode_event(body)
        except BadMessage:
            continue
        if isinstance(event, NoticeEvent) and command.command_id in event.detail:
            if event.code is NoticeCode.COMMAND_DONE:
                return CommandAnswer(CommandState.DONE, f"done at the gate, event {event.seq}")
            if event.code is NoticeCode.COMMAND_REFUSED:
                return CommandAnswer(CommandState.REFUSED, f"the gate refused: {event.detail}")
        if isinstance(event, AccessEvent) and _opened(event, command):
            return CommandAnswer(CommandState.DONE, f"opened, event {event.seq}")
    return None


def _opened(event: AccessEvent, command: Command) -> bool:
    detail = f"by {command.issued_by}: {command.why}"[:500]
    wanted = command.action is CommandAction.OPEN_ONCE
    return wanted and event.reason is Reason.REMOTE_OPEN and event.detail == detail


def still_open(command: Command, so_far: CommandAnswer, now: datetime) -> str:
    """Say that the wait is over and nothing is decided."""
    show = f"sitegate-hq command show {command.command_id}"
    if so_far.state is CommandState.SENT:
        return f"sent to the broker, and the gate has not answered: {show}"
    if so_far.text.endswith("UTC"):  # HQ has not looked at it
        return f"queued and not sent: does sitegate-hq run? It is void after {command.expires_utc:%H:%M:%S} UTC"
    return f"{so_far.text}. What came of it: {show}"
