"""Lists and commands for gates: built, sealed, signed, and kept in the database for the running service to send."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from contract.codec import MAX_BYTES, encode
from contract.messages import (
    Command,
    CommandAction,
    ListKind,
    Message,
    PolicySnapshot,
    RiskSnapshot,
    RosterSnapshot,
    SealedList,
)
from contract.signing import seal, sign
from contract.topics import Channel
from hq import tables as t
from hq.keys import HqKeys
from hq.people import People
from hq.store import Store, now

KEEP_VERSIONS = 5
"""Of each list, for study; only the newest is ever sent."""


class ListTooLarge(ValueError):
    """A list that no gate would accept."""


@dataclass(frozen=True, slots=True)
class PublishedList:
    site_id: str
    kind: ListKind
    list_version: int
    issued_utc: datetime
    envelope: bytes


@dataclass(frozen=True, slots=True)
class DueCommand:
    command_id: str
    site_id: str
    gate_id: str
    envelope: bytes


class Publisher:
    def __init__(self, store: Store, people: People, keys: HqKeys) -> None:
        self._store, self._people, self.keys = store, people, keys

    def publish(self, site_id: str, kind: ListKind) -> int:
        """Make the next version of a list for a site; the new version. Raises BadKey (the site has none), ListTooLarge."""
        reader = self.keys.site(site_id)
        with self._store.write() as db:
            version = 1 + int(
                db.execute(
                    select(func.coalesce(func.max(t.lists.c.list_version), 0)).where(
                        t.lists.c.site_id == site_id, t.lists.c.kind == kind.value
                    )
                ).scalar_one()
            )
            issued = now()
            snapshot = self._snapshot(db, site_id, kind, version, issued)
            sealed = SealedList(
                site_id=site_id,
                list_version=version,
                issued_utc=issued,
                kind=kind,
                sealed=seal(encode(snapshot), kind.value, reader),
            )
            envelope = sign(encode(sealed), kind.value, self.keys.signing)
            if len(envelope) > MAX_BYTES:
                raise ListTooLarge(
                    f"the {kind.value} of {site_id} has {len(envelope)} bytes, a gate takes {MAX_BYTES}: "
                    "remove inactive workers, or split the site"
                )
            db.execute(
                insert(t.lists).values(
                    site_id=site_id, kind=kind.value, list_version=version, issued_utc=issued, envelope=envelope
                )
            )
            db.execute(
                delete(t.lists).where(
                    t.lists.c.site_id == site_id,
                    t.lists.c.kind == kind.value,
                    t.lists.c.list_version <= version - KEEP_VERSIONS,
                )
            )
        return version

    def newest(self) -> list[PublishedList]:
        """The list in force of each site and kind."""
        latest = (
            select(t.lists.c.site_id, t.lists.c.kind, func.max(t.lists.c.list_version).label("top"))
            .group_by(t.lists.c.site_id, t.lists.c.kind)
            .subquery()
        )
        joined = t.lists.join(
            latest,
            (t.lists.c.site_id == latest.c.site_id)
            & (t.lists.c.kind == latest.c.kind)
            & (t.lists.c.list_version == latest.c.top),
        )
        with self._store.read() as db:
            rows = db.execute(select(t.lists).select_from(joined)).all()
        return [PublishedList(r.site_id, ListKind(r.kind), r.list_version, r.issued_utc, r.envelope) for r in rows]

    def newest_versions(self) -> dict[tuple[str, ListKind], tuple[int, datetime]]:
        """Version and issue time of the lists in force, without their content."""
        columns = (t.lists.c.site_id, t.lists.c.kind)
        asked = select(
            *columns, func.max(t.lists.c.list_version).label("top"), func.max(t.lists.c.issued_utc).label("issued")
        ).group_by(*columns)
        with self._store.read() as db:
            return {(r.site_id, ListKind(r.kind)): (r.top, r.issued) for r in db.execute(asked)}

    def order(self, site_id: str, gate_id: str, action: CommandAction, *, why: str, by: str, valid_s: float) -> Command:
        """Sign a command and queue it. It is sent once, to a gate that is connected, or never."""
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
        with self._store.write() as db:
            db.execute(
                insert(t.commands).values(
                    command_id=command.command_id,
                    site_id=site_id,
                    gate_id=gate_id,
                    body=encode(command).decode(),
                    envelope=sign(encode(command), Channel.COMMAND.value, self.keys.signing),
                    expires_utc=command.expires_utc,
                )
            )
        return command

    def due_commands(self) -> list[DueCommand]:
        """Commands not yet sent and not yet expired, oldest first."""
        asked = (
            select(t.commands)
            .where(t.commands.c.sent_utc.is_(None), t.commands.c.expires_utc > now())
            .order_by(t.commands.c.expires_utc)
        )
        with self._store.read() as db:
            return [DueCommand(r.command_id, r.site_id, r.gate_id, r.envelope) for r in db.execute(asked)]

    def mark_sent(self, command_id: str) -> None:
        with self._store.write() as db:
            db.execute(update(t.commands).where(t.commands.c.command_id == command_id).values(sent_utc=now()))

    def _snapshot(self, db: Connection, site_id: str, kind: ListKind, version: int, issued: datetime) -> Message:
        header = {"site_id": site_id, "list_version": version, "issued_utc": issued}
        if kind is ListKind.ROSTER:
            return RosterSnapshot.model_validate({**header, "workers": self._people.roster(db)})
        if kind is ListKind.RISK:
            return RiskSnapshot.model_validate({**header, "entries": self._people.risks(db)})
        return PolicySnapshot.model_validate({**header, **self._people.policy(db, site_id)})
