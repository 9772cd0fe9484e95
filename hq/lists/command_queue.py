"""Queue signed commands for gates. Each is sent once, to a gate that is connected before it expires, or never."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, Row

from contract.codec import decode, encode
from contract.messages import Command, CommandAction
from contract.signing import SignedEnvelope, sign
from contract.topics import Channel
from hq.database.clock import now
from hq.database.queued_commands import (
    CommandOutcome,
    add_command,
    mark_command_sent,
    set_command_outcome,
    unsent_commands,
)
from hq.database.store import Store
from hq.keys.encryption import AtRestError
from hq.keys.keys import HqKeys

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DueCommand:
    """A command that waits to be sent. `envelope`: signed."""

    command_id: str
    site_id: str
    gate_id: str
    envelope: bytes
    action: CommandAction
    outcome: CommandOutcome


@dataclass(frozen=True, slots=True)
class GivenCommand:
    """A command that was given at some time. `after_id`: the newest event that HQ held then."""

    site_id: str
    command: Command
    outcome: CommandOutcome
    sent_utc: datetime | None
    after_id: int


class CommandQueue:
    """Commands in the database, encrypted."""

    def __init__(self, store: Store, keys: HqKeys) -> None:
        self._store, self._keys = store, keys
        self._unreadable: set[str] = set()

    def order(self, site_id: str, gate_id: str, action: CommandAction, *, why: str, by: str, valid_s: float) -> Command:
        """Sign a command and queue it."""
        with self._store.write() as db:
            return self.order_in(db, site_id, gate_id, action, why=why, by=by, valid_s=valid_s)

    def order_in(
        self, db: Connection, site_id: str, gate_id: str, action: CommandAction, *, why: str, by: str, valid_s: float
    ) -> Command:
        """Do the same within a transaction."""
        issued = now()
        command = Command(
            command_id=secrets.token_hex(8),
            gate_id=gate_id,
            action=action,
            issued_utc=issued,
            expires_utc=issued + timedelta(seconds=valid_s),
            issued_by=by,
            why=why,
        )
        envelope = sign(encode(command), Channel.COMMAND.value, self._keys.signing)
        encrypted = self._keys.at_rest.current().encrypt(envelope, _place(command.command_id))
        add_command(db, command.command_id, site_id, gate_id, encrypted, command.expires_utc)
        return command

    def given(self, rows: Iterable[Row[Any]]) -> list[GivenCommand]:
        """Read these rows of the commands. One that cannot be decrypted is left out."""
        found = []
        for row in rows:
            try:
                envelope = self._keys.at_rest.current().decrypt(row.envelope, _place(row.command_id))
            except AtRestError:
                continue
            order = decode(Command, SignedEnvelope.model_validate_json(envelope).payload)
            outcome = CommandOutcome.parse(row.outcome)
            found.append(GivenCommand(row.site_id, order, outcome, row.sent_utc, row.after_id or 0))
        return found

    def due(self) -> list[DueCommand]:
        """List commands not yet sent and not yet expired, in the order in which they were given.

        One that cannot be read is logged once and left out.
        """
        with self._store.read() as db:
            rows = unsent_commands(db, now())
        found: list[tuple[datetime, DueCommand]] = []
        for row in rows:
            try:
                envelope = self._keys.at_rest.current().decrypt(row.envelope, _place(row.command_id))
            except AtRestError as error:
                if row.command_id not in self._unreadable:
                    self._unreadable.add(row.command_id)
                    log.error("command_not_sent", command_id=row.command_id, gate_id=row.gate_id, detail=str(error))
                continue
            order = decode(Command, SignedEnvelope.model_validate_json(envelope).payload)
            outcome = CommandOutcome.parse(row.outcome)
            due = DueCommand(row.command_id, row.site_id, row.gate_id, envelope, order.action, outcome)
            found.append((order.issued_utc, due))
        return [due for _, due in sorted(found, key=lambda one: one[0])]

    def mark_sent(self, command_id: str) -> None:
        """Note that sending was tried: it is never tried again."""
        with self._store.write() as db:
            mark_command_sent(db, command_id, now())

    def note(self, command_id: str, outcome: CommandOutcome) -> None:
        """Store what became of a command."""
        with self._store.write() as db:
            set_command_outcome(db, command_id, outcome)


def _place(command_id: str) -> str:
    return f"commands/{command_id}"
