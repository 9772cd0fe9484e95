"""Commands for gates: signed, encrypted, waiting to be sent, and what became of each."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from hq.database import tables as t


def add_command(
    db: Connection, command_id: str, site_id: str, gate_id: str, envelope: bytes, expires_utc: datetime
) -> None:
    """Queue a command. `envelope`: signed and encrypted."""
    row = {"command_id": command_id, "site_id": site_id, "gate_id": gate_id}
    db.execute(insert(t.commands).values(**row, envelope=envelope, expires_utc=expires_utc))


def unsent_commands(db: Connection, utc: datetime) -> list[Row[Any]]:
    """Read the commands that were not sent yet and have not expired, oldest first."""
    columns = t.commands.c
    wanted = select(t.commands).where(columns.sent_utc.is_(None), columns.expires_utc > utc)
    return list(db.execute(wanted.order_by(columns.expires_utc)))


def mark_command_sent(db: Connection, command_id: str, utc: datetime) -> None:
    """Note that sending was tried."""
    db.execute(update(t.commands).where(t.commands.c.command_id == command_id).values(sent_utc=utc))


def set_command_outcome(db: Connection, command_id: str, outcome: str) -> None:
    """Store what became of a command."""
    db.execute(update(t.commands).where(t.commands.c.command_id == command_id).values(outcome=outcome[:500]))


def command_outcome(db: Connection, command_id: str) -> str:
    """Read what became of a command; "" while it is queued."""
    return str(db.execute(select(t.commands.c.outcome).where(t.commands.c.command_id == command_id)).scalar_one())
