"""Orders of HQ to one gate."""

from typing import Literal

from contract.messages.base import Id, Message, Text, Utc
from contract.messages.words import CommandAction


class Command(Message):
    """An order to one gate. It has an addressee, an expiry, an author and a reason, and is executed once."""

    type: Literal["command"] = "command"
    command_id: Id
    gate_id: Id
    action: CommandAction
    issued_utc: Utc
    expires_utc: Utc
    issued_by: Id
    why: Text
