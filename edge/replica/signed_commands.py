"""Whether an order from HQ may be obeyed: signed, for this gate, and of this moment.

Single use is the journal's matter: only it remembers for ever (`Journal.seen`).
"""

from datetime import datetime, timedelta

from contract.codec import BadMessage, check_size, decode
from contract.messages import Command
from contract.signing import BadSignature, Verifier, verify
from contract.topics import Channel

FUTURE_SLACK = timedelta(seconds=60)
"""HQ's clock may be this far ahead of ours."""
MAX_LIFE = timedelta(minutes=15)
"""HQ may not issue an order that stays valid for longer."""


class CommandRefused(ValueError):
    """An order that must not be obeyed; the text says why. `command_id` is known if HQ signed it for this gate."""

    def __init__(self, detail: str, command_id: str | None = None) -> None:
        super().__init__(detail)
        self.command_id = command_id


def verified(envelope: bytes, gate_id: str, key: Verifier, now: datetime) -> Command:
    """The command inside a signed envelope. Raises CommandRefused."""
    command = signed(envelope, key)
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


def signed(envelope: bytes, key: Verifier) -> Command:
    """The command, its signature checked and nothing else. Raises CommandRefused."""
    try:
        check_size(Channel.COMMAND, envelope)
        return decode(Command, verify(envelope, Channel.COMMAND.value, key))
    except (BadSignature, BadMessage) as error:
        raise CommandRefused(str(error)) from error
