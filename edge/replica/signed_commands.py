"""Decides whether a command from HQ may be executed: signed, for this gate, and of this moment.

The journal makes it single-use: only the journal remembers for ever (`Journal.seen`).
"""

from datetime import datetime, timedelta

from contract.codec import BadMessage, check_size, decode
from contract.messages import Command
from contract.signing import BadSignature, Verifier, verify
from contract.topics import Channel

FUTURE_SLACK = timedelta(seconds=60)
"""HQ's clock may be this far ahead of the gate's."""
MAX_LIFE = timedelta(minutes=15)
"""The longest validity of a command."""


class CommandRefused(ValueError):
    """A command that must not be executed. The text says why. `command_id` is known if HQ signed it for this gate."""

    def __init__(self, detail: str, command_id: str | None = None) -> None:
        super().__init__(detail)
        self.command_id = command_id


def verify_command(envelope: bytes, gate_id: str, key: Verifier, now: datetime) -> Command:
    """Return the command inside a signed envelope. Raises CommandRefused."""
    command = open_command(envelope, key)
    name, its_id = f"command {command.command_id}", command.command_id
    if command.gate_id != gate_id:
        raise CommandRefused(f"{name} is for gate {command.gate_id}")
    if now >= command.expires_utc:
        raise CommandRefused(f"{name} expired at {command.expires_utc:%Y-%m-%d %H:%M:%S}Z", its_id)
    if command.issued_utc > now + FUTURE_SLACK:
        issued = f"{command.issued_utc:%Y-%m-%d %H:%M:%S}Z"
        raise CommandRefused(f"{name} was issued in the future ({issued}): check both clocks", its_id)
    if command.expires_utc - command.issued_utc > MAX_LIFE:
        raise CommandRefused(f"{name} is valid for longer than {MAX_LIFE}", its_id)
    return command


def open_command(envelope: bytes, key: Verifier) -> Command:
    """Return the command with its signature checked, and nothing else. Raises CommandRefused."""
    try:
        check_size(Channel.COMMAND, envelope)
        return decode(Command, verify(envelope, Channel.COMMAND.value, key))
    except (BadSignature, BadMessage) as error:
        raise CommandRefused(str(error)) from error
