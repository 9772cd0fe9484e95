"""Published lists: versions, the parts that the broker keeps, and the snapshot that changes refer to.

Functions run in the caller's transaction.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, delete, func, insert, select, update

from contract.deltas import Base
from contract.messages import ListKind
from contract.sealed import fingerprint
from hq.database import tables as t

ListKey = tuple[str, ListKind]
"""Site and kind: one list."""
PAGE = 500
"""Workers that are read at once."""
ONLY_IN_CHANGES = ""
"""In place of the fingerprint of a worker whom the snapshot does not hold."""


@dataclass(frozen=True, slots=True)
class PublishedSnapshot:
    """A snapshot that was published: what changes refer to, its size in bytes, and a fingerprint of its keys."""

    base: Base
    size: int
    keys: str


def last_version(db: Connection, site_id: str, kind: ListKind) -> int:
    """Return the newest version of a list; 0 if there is none."""
    where = _of_list(t.lists, site_id, kind)
    return int(db.execute(select(func.coalesce(func.max(t.lists.c.list_version), 0)).where(*where)).scalar_one())


def next_version(db: Connection, site_id: str, kind: ListKind) -> int:
    """Return the version of the list to be made: above all that HQ made, and above those at gates."""
    return 1 + max(last_version(db, site_id, kind), floor(db, site_id, kind))


def floor(db: Connection, site_id: str, kind: ListKind) -> int:
    """Return the version that HQ's next one must be above, because gates hold it; 0 if there is none."""
    wanted = select(t.list_floors.c.list_version).where(*_of_list(t.list_floors, site_id, kind))
    return int(db.execute(wanted).scalar() or 0)


def raise_floor(db: Connection, site_id: str, kind: ListKind, version: int) -> None:
    """Let HQ's next version be above this one."""
    if version > floor(db, site_id, kind):
        db.execute(delete(t.list_floors).where(*_of_list(t.list_floors, site_id, kind)))
        db.execute(insert(t.list_floors).values(site_id=site_id, kind=kind.value, list_version=version))


def add_version(
    db: Connection, site_id: str, kind: ListKind, version: int, issued: datetime, parts: int, keep: int
) -> None:
    """Record a new version. Forget all but the `keep` newest, and those since the snapshot: gates may hold them."""
    row = {"site_id": site_id, "kind": kind.value, "list_version": version, "issued_utc": issued, "parts": parts}
    db.execute(insert(t.lists).values(**row))
    oldest = min(version - keep, (snapshot_version(db, site_id, kind) or version) - 1)
    db.execute(delete(t.lists).where(*_of_list(t.lists, site_id, kind), t.lists.c.list_version <= oldest))


def note_digest(db: Connection, site_id: str, kind: ListKind, version: int) -> None:
    """Record what tells this version, just made, from another list of the same version: of a snapshot or of changes."""
    row = db.execute(select(t.list_bases).where(*_of_list(t.list_bases, site_id, kind))).first()
    if row is not None:
        digest = fingerprint(row.delta).hex() if row.delta_version == version else row.digest
        where = (*_of_list(t.lists, site_id, kind), t.lists.c.list_version == version)
        db.execute(update(t.lists).where(*where).values(digest=digest))


def made_digests(db: Connection, site_id: str) -> dict[ListKind, dict[int, str]]:
    """Read the versions of a site's lists that are known, with their digests ("": not known)."""
    columns = t.lists.c
    found: dict[ListKind, dict[int, str]] = {}
    wanted = select(columns.kind, columns.list_version, columns.digest).where(columns.site_id == site_id)
    for kind, version, digest in db.execute(wanted):
        found.setdefault(ListKind(kind), {})[version] = digest or ""
    return found


def newest_versions(db: Connection) -> dict[ListKey, tuple[int, datetime]]:
    """Read version and issue time of the lists in force."""
    columns = (t.lists.c.site_id, t.lists.c.kind)
    newest = func.max(t.lists.c.list_version).label("top"), func.max(t.lists.c.issued_utc).label("issued")
    rows = db.execute(select(*columns, *newest).group_by(*columns))
    return {(r.site_id, ListKind(r.kind)): (r.top, r.issued) for r in rows}


def snapshot_and_delta_versions(db: Connection) -> dict[ListKey, tuple[int, int]]:
    """Read, of each list with a snapshot, its version and that of the changes since (0: none)."""
    names = ("site_id", "kind", "list_version", "delta_version")
    rows = db.execute(select(*(t.list_bases.c[name] for name in names)))
    return {(row.site_id, ListKind(row.kind)): (row.list_version, row.delta_version) for row in rows}


def sites_with_snapshot(db: Connection, kind: ListKind) -> Sequence[str]:
    """Name the sites that have a snapshot of this kind."""
    return db.execute(select(t.list_bases.c.site_id).where(t.list_bases.c.kind == kind.value)).scalars().all()


def snapshot_version(db: Connection, site_id: str, kind: ListKind) -> int | None:
    """Return the version of the present snapshot; None if there is none."""
    return db.execute(select(t.list_bases.c.list_version).where(*_of_list(t.list_bases, site_id, kind))).scalar()


def newest_snapshot(db: Connection, site_id: str, kind: ListKind) -> PublishedSnapshot | None:
    """Read the snapshot that gates have; None if none is known."""
    row = db.execute(select(t.list_bases).where(*_of_list(t.list_bases, site_id, kind))).first()
    return PublishedSnapshot(Base(row.list_version, row.digest), row.bytes, row.keys) if row else None


def fingerprints_of(db: Connection, site_id: str, kind: ListKind, worker_ids: Sequence[str]) -> dict[str, str]:
    """Read worker id -> fingerprint of what the snapshot says of these workers, of a page at most."""
    columns = t.list_rows.c
    wanted = select(columns.worker_id, columns.fingerprint).where(*_of_list(t.list_rows, site_id, kind))
    return {row.worker_id: row.fingerprint for row in db.execute(wanted.where(columns.worker_id.in_(worker_ids)))}


def row_pages(db: Connection, site_id: str, kind: ListKind) -> Iterator[list[str]]:
    """Read the workers whom the snapshot or its changes held, page by page."""
    columns, after = t.list_rows.c, ""
    wanted = select(columns.worker_id).where(*_of_list(t.list_rows, site_id, kind)).order_by(columns.worker_id)
    while page := list(db.execute(wanted.where(columns.worker_id > after).limit(PAGE)).scalars()):
        yield page
        after = page[-1]


def add_rows(db: Connection, site_id: str, kind: ListKind, fingerprints: Mapping[str, str]) -> None:
    """Note what the new snapshot says of these workers."""
    same = {"site_id": site_id, "kind": kind.value}
    rows = [{**same, "worker_id": who, "fingerprint": found} for who, found in fingerprints.items()]
    if rows:
        db.execute(insert(t.list_rows), rows)


def note_changed(db: Connection, site_id: str, kind: ListKind, worker_ids: Sequence[str]) -> None:
    """Note workers whom only the changes hold. So it is known that gates may have them until the next snapshot."""
    known = set(fingerprints_of(db, site_id, kind, worker_ids))
    add_rows(db, site_id, kind, dict.fromkeys(set(worker_ids) - known, ONLY_IN_CHANGES))


def clear_rows(db: Connection, site_id: str, kind: ListKind) -> None:
    """Forget what the last snapshot said."""
    db.execute(delete(t.list_rows).where(*_of_list(t.list_rows, site_id, kind)))


def replace_snapshot(db: Connection, site_id: str, kind: ListKind, published: PublishedSnapshot) -> None:
    """Make this the snapshot that changes refer to. Changes of its predecessor are void."""
    db.execute(delete(t.list_bases).where(*_of_list(t.list_bases, site_id, kind)))
    db.execute(
        insert(t.list_bases).values(
            site_id=site_id,
            kind=kind.value,
            list_version=published.base.version,
            digest=published.base.digest,
            bytes=published.size,
            keys=published.keys,
            delta_version=0,
        )
    )


def note_left(db: Connection, site_id: str, kind: ListKind, utc: datetime) -> None:
    """Note since when the snapshot holds what is no longer on the list, unless it is noted."""
    where = (*_of_list(t.list_bases, site_id, kind), t.list_bases.c.left_utc.is_(None))
    db.execute(update(t.list_bases).where(*where).values(left_utc=utc))


def replace_delta(db: Connection, site_id: str, kind: ListKind, version: int, body: bytes) -> None:
    """Store the changes since the snapshot, in place of earlier ones."""
    where = _of_list(t.list_bases, site_id, kind)
    db.execute(update(t.list_bases).where(*where).values(delta_version=version, delta=body))


def delta(db: Connection, site_id: str, kind: ListKind) -> bytes:
    """Read the signed changes since the snapshot; empty if there are none."""
    return db.execute(select(t.list_bases.c.delta).where(*_of_list(t.list_bases, site_id, kind))).scalar() or b""


def put_part(db: Connection, site_id: str, kind: ListKind, version: int, part: int, body: bytes) -> None:
    """Store one part that the broker keeps, in place of the part of this number."""
    same = {"site_id": site_id, "kind": kind.value, "part": part}
    db.execute(delete(t.list_parts).where(*_of_list(t.list_parts, site_id, kind), t.list_parts.c.part == part))
    db.execute(insert(t.list_parts).values(**same, list_version=version, body=body))


def empty_parts_after(db: Connection, site_id: str, kind: ListKind, version: int, parts: int) -> None:
    """Keep surplus parts of an earlier version as empty rows, so that the broker drops them."""
    where = (*_of_list(t.list_parts, site_id, kind), t.list_parts.c.part > parts)
    db.execute(update(t.list_parts).where(*where).values(list_version=version, body=None))


def part_numbers(db: Connection, site_id: str, kind: ListKind) -> Sequence[int]:
    """List the parts of the newest snapshot in sending order: those to drop, then the others, the first one last."""
    columns = t.list_parts.c
    wanted = select(columns.part).where(*_of_list(t.list_parts, site_id, kind))
    return db.execute(wanted.order_by(columns.body.isnot(None), columns.part.desc())).scalars().all()


def part(db: Connection, site_id: str, kind: ListKind, number: int) -> bytes:
    """Read one part, as signed; empty if the broker is to drop it."""
    where = (*_of_list(t.list_parts, site_id, kind), t.list_parts.c.part == number)
    return db.execute(select(t.list_parts.c.body).where(*where)).scalar_one() or b""


def _of_list(table: Table, site_id: str, kind: ListKind) -> Sequence[ColumnElement[bool]]:
    """Select the rows of one list."""
    return table.c.site_id == site_id, table.c.kind == kind.value
