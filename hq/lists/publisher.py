"""Lists and commands for gates: built, sealed, signed, and kept in the database for the running service to send."""

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, delete, func, insert, select, update

from contract.codec import decode, encode
from contract.deltas import Base, Changes, roster_changes, write_delta
from contract.messages import (
    Command,
    CommandAction,
    ListKind,
    PolicySnapshot,
    RiskDelta,
    RiskSnapshot,
    SnapshotHeader,
    WorkerRecord,
)
from contract.parts import Content, read_part, roster_content, write_parts
from contract.signing import BadKey, SignedEnvelope, sign
from contract.topics import DELTA_CHANNELS, Channel
from hq.database import tables as t
from hq.database.store import Store, now
from hq.keys.encryption import AtRestError
from hq.keys.keys import HqKeys
from hq.lists import deltas, forgotten
from hq.lists.deltas import of_list
from hq.registry.people import PeopleRegistry

log = structlog.get_logger()

KEEP_VERSIONS = 5
"""Of each list it is remembered so often when it was published; only the newest is kept whole."""
WHOLE_AFTER = timedelta(hours=24)
PART_ROWS = 1_000
"""Workers, or entries of the risk list, in one part: about 0.4 MB, and some thousandths of a second of a gate's time."""
PART_BYTES = 1024 * 1024
"""A part holds no more of templates, unless one worker alone has more."""
_HEADS = tuple(t.list_bases.c[name] for name in ("site_id", "kind", "list_version", "delta_version"))


@dataclass(frozen=True, slots=True)
class ListPart:
    """What the broker is to keep for one part of a list, or (`part` is None) for its changes; `body` is empty where what is
    kept of an earlier version is to go."""

    site_id: str
    kind: ListKind
    part: int | None
    body: bytes


@dataclass(frozen=True, slots=True)
class DueCommand:
    command_id: str
    site_id: str
    gate_id: str
    envelope: bytes
    action: CommandAction


class Publisher:
    def __init__(
        self, store: Store, people: PeopleRegistry, keys: HqKeys, whole_after: timedelta = WHOLE_AFTER
    ) -> None:
        """`whole_after`: how long templates that were replaced may stay in what changes count from."""
        self._store, self._people, self.keys = store, people, keys
        self._whole_after = whole_after
        self._unreadable: set[str] = set()

    def publish_without_forgotten(self, site_id: str) -> int | None:
        """The roster whole, if the last one holds templates that must be gone; the new version. None if another process was
        faster. Raises as `publish`."""
        with self._store.read() as db:
            if not self._must_be_whole(db, site_id):
                return None
        return self.publish(site_id, ListKind.ROSTER, only_if=self._must_be_whole)

    def publish(
        self,
        site_id: str,
        kind: ListKind,
        snapshot: bool = False,
        only_if: Callable[[Connection, str], bool] = lambda db, site_id: True,
    ) -> int:
        """Make the next version of a list for a site; the new version. Where little changed since the last snapshot only the
        changes are made, unless a `snapshot` is wanted, or the last one holds templates that must be gone (`hq.lists.forgotten`).
        Nothing is made if `only_if` says no. Raises BadKey (the site has none), ListTooLarge."""
        # Whom the list holds and what it says of them is read in one go: an import in between would be in the one alone.
        with self._store.write(f"list {site_id} {kind.value}") as db, self._store.snapshot() as source:
            where = of_list(t.lists, site_id, kind)
            last = db.execute(select(func.coalesce(func.max(t.lists.c.list_version), 0)).where(*where)).scalar_one()
            if not only_if(db, site_id):  # while this one waited for its turn
                return int(last)
            header = SnapshotHeader(site_id=site_id, list_version=1 + int(last), issued_utc=now())
            rows = self._fingerprints(source, kind)
            whole = snapshot or (kind is ListKind.ROSTER and self._must_be_whole(db, site_id))
            changed = not whole and self._publish_changes(db, source, header, kind, rows)
            db.execute(
                insert(t.lists).values(
                    site_id=site_id,
                    kind=kind.value,
                    list_version=header.list_version,
                    issued_utc=header.issued_utc,
                    parts=0 if changed else self._publish_snapshot(db, source, header, kind, rows),
                )
            )
            db.execute(delete(t.lists).where(*where, t.lists.c.list_version <= header.list_version - KEEP_VERSIONS))
        return header.list_version

    def holding_forgotten(self) -> list[str]:
        """Sites whose roster holds templates that must be gone: it is to be published whole."""
        with self._store.read() as db:
            sites = db.execute(select(t.list_bases.c.site_id).where(t.list_bases.c.kind == ListKind.ROSTER.value))
            return [site_id for site_id in sites.scalars().all() if self._must_be_whole(db, site_id)]

    def _must_be_whole(self, db: Connection, site_id: str) -> bool:
        return forgotten.held(db, site_id, now(), self._whole_after)

    def kept(self, site_id: str, kind: ListKind, whole: bool = True) -> Iterator[ListPart]:
        """What the broker is to keep of a list, one at a time. The changes first, or nothing where there are none: whoever sees
        a part of a new snapshot then sees no changes of an old one behind it. Then, if the `whole` list is wanted, what is to
        go, and the snapshot's parts."""
        if kind in DELTA_CHANNELS:
            with self._store.read() as db:
                body = db.execute(select(t.list_bases.c.delta).where(*of_list(t.list_bases, site_id, kind))).scalar()
            yield ListPart(site_id, kind, None, body or b"")
        if whole:
            yield from self.parts(site_id, kind)

    def kept_versions(self) -> dict[tuple[str, ListKind], tuple[int, int]]:
        """Of each list the version of its newest snapshot, and of its changes since (0: none)."""
        with self._store.read() as db:
            found = {
                (row.site_id, ListKind(row.kind)): (row.list_version, row.delta_version)
                for row in db.execute(select(*_HEADS))
            }
        # What was published before there were changes has no base.
        return {key: found.get(key, (version, 0)) for key, (version, _) in self.newest_versions().items()}

    def outdated(self, sites: Collection[str]) -> list[str]:
        """Lists in force of these sites that were not made with the keys that are in use now."""
        with self._store.read() as db:
            made = {key: deltas.newest(db, *key) for key in self.newest_versions() if key[0] in sites}
        return [
            f"{site} {kind.value}" for (site, kind), last in made.items() if last is None or not self._now(site, last)
        ]

    def _now(self, site_id: str, last: deltas.Published) -> bool:
        try:
            return last.keys == deltas.keys_of(self.keys.site(site_id), self.keys.signing)
        except BadKey:  # with which it cannot have been made anew
            return False

    def parts(self, site_id: str, kind: ListKind) -> Iterator[ListPart]:
        """The newest snapshot of a list, one part at a time: first what is to go, then its parts, the first one last: it makes
        gates ask the broker for the others, which are there by then."""
        columns = t.list_parts.c
        where = of_list(t.list_parts, site_id, kind)
        with self._store.read() as db:
            numbers = db.execute(
                select(columns.part).where(*where).order_by(columns.body.isnot(None), columns.part.desc())
            )
            for number in numbers.scalars().all():
                body = db.execute(select(columns.body).where(*where, columns.part == number)).scalar_one()
                yield ListPart(site_id, kind, number, body or b"")

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
        envelope = sign(encode(command), Channel.COMMAND.value, self.keys.signing)
        with self._store.write() as db:
            db.execute(
                insert(t.commands).values(
                    command_id=command.command_id,
                    site_id=site_id,
                    gate_id=gate_id,
                    envelope=self.keys.at_rest.current().encrypt(envelope, f"commands/{command.command_id}"),
                    expires_utc=command.expires_utc,
                )
            )
        return command

    def due_commands(self) -> list[DueCommand]:
        """Commands not yet sent and not yet expired, oldest first. One that cannot be read is told of once, and left out."""
        asked = (
            select(t.commands)
            .where(t.commands.c.sent_utc.is_(None), t.commands.c.expires_utc > now())
            .order_by(t.commands.c.expires_utc)
        )
        with self._store.read() as db:
            rows = db.execute(asked).all()
        found = []
        for row in rows:
            try:
                envelope = self._envelope(row.command_id, row.envelope)
            except AtRestError as error:
                if row.command_id not in self._unreadable:
                    self._unreadable.add(row.command_id)
                    log.error("command_not_sent", command_id=row.command_id, gate_id=row.gate_id, detail=str(error))
                continue
            order = decode(Command, SignedEnvelope.model_validate_json(envelope).payload)
            found.append(DueCommand(row.command_id, row.site_id, row.gate_id, envelope, order.action))
        return found

    def mark_sent(self, command_id: str) -> None:
        with self._store.write() as db:
            db.execute(update(t.commands).where(t.commands.c.command_id == command_id).values(sent_utc=now()))

    def _envelope(self, command_id: str, value: bytes) -> bytes:
        return self.keys.at_rest.current().decrypt(value, f"commands/{command_id}")

    def _fingerprints(self, db: Connection, kind: ListKind) -> dict[str, str]:
        """What the list says of each worker; nothing for a policy, which is always published whole."""
        if kind is ListKind.ROSTER:
            return self._people.roster_fingerprints(db)
        return self._people.risk_fingerprints(db) if kind is ListKind.RISK else {}

    def _publish_snapshot(
        self, db: Connection, source: Connection, header: SnapshotHeader, kind: ListKind, rows: Mapping[str, str]
    ) -> int:
        """How many parts it has. Raises BadKey, ListTooLarge."""
        reader = self.keys.site(header.site_id)
        bodies = write_parts(self._contents(source, kind, header), kind, reader, self.keys.signing)
        _keep_parts(db, header.site_id, kind, header.list_version, bodies)
        base = Base(header.list_version, read_part(bodies[0], kind, self.keys.signing.public_key()).header.digest)
        published = deltas.Published(base, sum(map(len, bodies)), deltas.keys_of(reader, self.keys.signing))
        deltas.keep_snapshot(db, header.site_id, kind, published, rows)
        if kind is ListKind.ROSTER:
            forgotten.keep_snapshot(db, header.site_id, base, forgotten.newest(source), header.issued_utc)
        return len(bodies)

    def _publish_changes(
        self, db: Connection, source: Connection, header: SnapshotHeader, kind: ListKind, rows: Mapping[str, str]
    ) -> bool:
        """False if a snapshot is needed: there is none yet, its keys are others, a gate reads no changes, or too much changed.
        Raises BadKey."""
        reader, last = self.keys.site(header.site_id), deltas.newest(db, header.site_id, kind)
        if kind not in DELTA_CHANNELS or last is None or last.keys != deltas.keys_of(reader, self.keys.signing):
            return False
        if not deltas.taken_by_all(db, header.site_id):
            return False
        difference = deltas.difference(db, header.site_id, kind, rows)
        if not difference.small:
            return False
        body = write_delta(self._changes(source, kind, header, difference), kind, last.base, reader, self.keys.signing)
        if not last.outweighs(len(body)):
            return False
        deltas.keep_delta(db, header.site_id, kind, header.list_version, body)
        return True

    def _changes(self, db: Connection, kind: ListKind, header: SnapshotHeader, since: deltas.Difference) -> Changes:
        if kind is ListKind.ROSTER:
            return roster_changes(header, self._people.roster(db, since.changed), since.removed)
        changed = set(since.changed)
        entries = tuple(entry for entry in self._people.risks(db) if entry.worker_id in changed)
        return Changes(RiskDelta(**header.model_dump(), entries=entries, removed=since.removed))

    def _contents(self, db: Connection, kind: ListKind, header: SnapshotHeader) -> list[Content]:
        """The list cut into parts; an empty list is one empty part."""
        fields = header.model_dump()
        if kind is ListKind.ROSTER:
            return [roster_content(header, chunk) for chunk in _chunks(self._people.roster(db)) or [()]]
        if kind is ListKind.RISK:
            entries = self._people.risks(db)
            cut = [entries[i : i + PART_ROWS] for i in range(0, len(entries), PART_ROWS)] or [()]
            return [Content(RiskSnapshot(**fields, entries=chunk)) for chunk in cut]
        return [Content(PolicySnapshot.model_validate({**fields, **self._people.policy(db, header.site_id)}))]


def _chunks(workers: Sequence[WorkerRecord]) -> list[Sequence[WorkerRecord]]:
    """Workers for one part each: at most PART_ROWS, with at most PART_BYTES of templates unless one alone has more."""
    found: list[Sequence[WorkerRecord]] = []
    start, size = 0, 0
    for index, worker in enumerate(workers):
        weight = sum(len(template.vector) for template in worker.templates)
        if index > start and (index - start == PART_ROWS or size + weight > PART_BYTES):
            found.append(workers[start:index])
            start, size = index, 0
        size += weight
    return [*found, workers[start:]] if workers else found


def _keep_parts(db: Connection, site_id: str, kind: ListKind, version: int, bodies: Sequence[bytes]) -> None:
    """Replace what the broker is to keep; the places of surplus parts stay, empty, so that they are cleared there."""
    where = of_list(t.list_parts, site_id, kind)
    db.execute(delete(t.list_parts).where(*where, t.list_parts.c.part <= len(bodies)))
    db.execute(update(t.list_parts).where(*where).values(list_version=version, body=None))
    same = {"site_id": site_id, "kind": kind.value, "list_version": version}
    db.execute(insert(t.list_parts), [{**same, "part": n, "body": body} for n, body in enumerate(bodies, start=1)])
