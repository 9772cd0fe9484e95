"""Commands for gates: signed, encrypted, waiting to be sent, and what became of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from hq.database import tables as t


class Delivery(StrEnum):
    """How far a command has come on HQ's side."""

    QUEUED = ""
    SENT = "sent"
    NOT_DELIVERED = "not delivered"


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """What the column `outcome` holds: the word, and after a colon why."""

    delivery: Delivery
    why: str = ""

    @classmethod
    def parse(cls, text: str) -> "CommandOutcome":
        """Read a text. One that this version does not know means that the command is still open."""
        word, _, why = text.partition(": ")
        return cls(Delivery(word), why) if word in set(Delivery) else cls(Delivery.QUEUED, text)

    def __str__(self) -> str:
        return ": ".join(part for part in (self.delivery.value, self.why) if part)


def add_command(
    db: Connection, command_id: str, site_id: str, gate_id: str, envelope: bytes, expires_utc: datetime
) -> None:
    """Queue a command. `envelope`: signed and encrypted."""
    row = {"command_id": command_id, "site_id": site_id, "gate_id": gate_id, "after_id": newest_event_id(db)}
    db.execute(insert(t.commands).values(**row, envelope=envelope, expires_utc=expires_utc))


def newest_event_id(db: Connection) -> int:
    """Return the row id of the event that arrived last; 0 if there is none."""
    return int(db.execute(select(func.max(t.events.c.id))).scalar() or 0)


def newest_commands(db: Connection, *, gate_id: str | None, site_id: str | None, limit: int) -> list[Row[Any]]:
    """Read whole rows of the commands, those that expire last first."""
    wanted = select(t.commands)
    if gate_id is not None:
        wanted = wanted.where(t.commands.c.gate_id == gate_id)
    if site_id is not None:
        wanted = wanted.where(t.commands.c.site_id == site_id)
    return list(db.execute(wanted.order_by(t.commands.c.expires_utc.desc()).limit(limit)))


def commands_like(db: Connection, beginning: str) -> list[Row[Any]]:
    """Read whole rows of the commands whose id begins so, at most two."""
    same = t.commands.c.command_id.startswith(beginning, autoescape=True)
    return list(db.execute(select(t.commands).where(same).limit(2)))


def withdraw_unsent(db: Connection, command_ids: Sequence[str], utc: datetime, why: str) -> None:
    """Never send these commands, where they were not sent yet."""
    waiting = t.commands.c.command_id.in_(command_ids), t.commands.c.sent_utc.is_(None)
    outcome = str(CommandOutcome(Delivery.NOT_DELIVERED, why))
    db.execute(update(t.commands).where(*waiting).values(outcome=outcome, sent_utc=utc))


def unsent_commands(db: Connection, utc: datetime) -> list[Row[Any]]:
    """Read the commands that were not sent yet and have not expired, oldest first."""
    columns = t.commands.c
    wanted = select(t.commands).where(columns.sent_utc.is_(None), columns.expires_utc > utc)
    return list(db.execute(wanted.order_by(columns.expires_utc)))


def mark_command_sent(db: Connection, command_id: str, utc: datetime) -> None:
    """Note that sending was tried."""
    db.execute(update(t.commands).where(t.commands.c.command_id == command_id).values(sent_utc=utc))


def set_command_outcome(db: Connection, command_id: str, outcome: CommandOutcome) -> None:
    """Store what became of a command."""
    db.execute(update(t.commands).where(t.commands.c.command_id == command_id).values(outcome=str(outcome)[:500]))


def command_outcome(db: Connection, command_id: str) -> CommandOutcome:
    """Read what became of a command."""
    text = db.execute(select(t.commands.c.outcome).where(t.commands.c.command_id == command_id)).scalar_one()
    return CommandOutcome.parse(text)
