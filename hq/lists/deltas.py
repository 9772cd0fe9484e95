"""Which snapshot of a list the next changes count from, and who changed since. The functions run in a caller's transaction."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select, update

from contract.deltas import Base
from contract.messages import GateStatus, ListKind
from hq.database import tables as t

ROWS_MAX = 1_000
"""Changes hold no more workers, as a part of a list does: a gate reads them between two frames."""
BYTES_MAX = 1024 * 1024
"""Nor are they larger than a part may be: brokers bound messages."""
BYTES_SHARE = 4
"""Changes that take more than this part of the snapshot's bytes are sent as a snapshot: they would travel again and again."""

SMALL_BYTES = 8_192
"""A snapshot that is smaller counts as this large: an empty list, too, is signed anew by its changes, of which there are none."""


@dataclass(frozen=True, slots=True)
class Published:
    """A snapshot that went out: what changes refer to, its bytes in all, and the keys it was made with."""

    base: Base
    size: int
    keys: str

    def outweighs(self, delta_bytes: int) -> bool:
        """Whether changes of this size are worth sending instead of a new snapshot."""
        return delta_bytes <= min(BYTES_MAX, max(self.size, SMALL_BYTES) // BYTES_SHARE)


@dataclass(frozen=True, slots=True)
class Difference:
    """Worker ids: added or changed since the snapshot, and gone since then."""

    changed: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def small(self) -> bool:
        return len(self.changed) + len(self.removed) <= ROWS_MAX


def keys_of(reader: X25519PublicKey, signing: Ed25519PrivateKey) -> str:
    """Tells whether a snapshot can still be opened and believed by a gate with the present keys."""
    return hashlib.sha256(reader.public_bytes_raw() + signing.public_key().public_bytes_raw()).hexdigest()


def newest(db: Connection, site_id: str, kind: ListKind) -> Published | None:
    """The snapshot that gates have; None if none is known."""
    row = db.execute(select(t.list_bases).where(*of_list(t.list_bases, site_id, kind))).first()
    return Published(Base(row.list_version, row.digest), row.bytes, row.keys) if row else None


def taken_by_all(db: Connection, site_id: str) -> bool:
    """Whether every gate of the site that is connected reads changes; one of an older version would see its lists grow old."""
    asked = select(t.gates.c.status).where(t.gates.c.site_id == site_id, t.gates.c.status.isnot(None))
    found = [GateStatus.model_validate_json(status) for status in db.execute(asked).scalars()]
    return all(status.takes_changes for status in found if status.online)


def difference(db: Connection, site_id: str, kind: ListKind, rows: Mapping[str, str]) -> Difference:
    """Between the snapshot and what is now; `rows`: fingerprints by worker id."""
    columns = t.list_rows.c
    asked = select(columns.worker_id, columns.fingerprint).where(*of_list(t.list_rows, site_id, kind))
    held = {row.worker_id: row.fingerprint for row in db.execute(asked)}
    changed = tuple(sorted(who for who, fingerprint in rows.items() if held.get(who) != fingerprint))
    return Difference(changed, tuple(sorted(held.keys() - rows.keys())))


def keep_snapshot(db: Connection, site_id: str, kind: ListKind, published: Published, rows: Mapping[str, str]) -> None:
    """From now on changes count from this one; those of its predecessor are void."""
    for table in (t.list_bases, t.list_rows):
        db.execute(delete(table).where(*of_list(table, site_id, kind)))
    same = {"site_id": site_id, "kind": kind.value}
    db.execute(
        insert(t.list_bases).values(
            **same,
            list_version=published.base.version,
            digest=published.base.digest,
            bytes=published.size,
            keys=published.keys,
            delta_version=0,
        )
    )
    if rows:
        found = [{**same, "worker_id": who, "fingerprint": fingerprint} for who, fingerprint in rows.items()]
        db.execute(insert(t.list_rows), found)


def keep_delta(db: Connection, site_id: str, kind: ListKind, version: int, body: bytes) -> None:
    """Changes since the snapshot, in place of earlier ones."""
    where = of_list(t.list_bases, site_id, kind)
    db.execute(update(t.list_bases).where(*where).values(delta_version=version, delta=body))


def of_list(table: Table, site_id: str, kind: ListKind) -> Sequence[ColumnElement[bool]]:
    """The rows of one list."""
    return table.c.site_id == site_id, table.c.kind == kind.value
