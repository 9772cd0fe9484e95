"""Rows of the risk lists, encrypted. A worker's entries are found by a keyed hash, so the file shows nobody's id.

Functions run in the caller's transaction. They raise AtRestError where a value cannot be read.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from contract.names import matched
from hq.database import tables as t
from hq.database.store import insert_new
from hq.keys.encryption import Cipher

_KEY_NAME = "risk_entries"
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class RiskRow:
    """One stored entry, decrypted: JSON of `hq.registry.risk_record`."""

    id: str
    body: bytes


class RiskIndex:
    """Makes the keyed hashes of one database."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def worker(self, worker_id: str) -> str:
        """Hash a worker's id."""
        return self._hash("worker", worker_id)

    def list(self, list_name: str) -> str:
        """Hash the name of a list. Names that match have the same hash (`contract.names`)."""
        return self._hash("list", matched(list_name))

    def entry(self, worker_id: str, list_name: str) -> str:
        """Hash a worker and a list together: one worker is on one list once."""
        return self._hash("entry", worker_id, matched(list_name))

    def _hash(self, *words: str) -> str:
        return hashlib.blake2b("\0".join(words).encode(), key=self._key, digest_size=16).hexdigest()


def risk_index(db: Connection, cipher: Cipher) -> RiskIndex:
    """Open the hashes of this database. The first call makes their key: it is made in the transaction "people"."""
    wanted = select(t.index_keys.c.value).where(t.index_keys.c.name == _KEY_NAME)
    value = db.execute(wanted).scalar()
    if value is None:
        value = cipher.encrypt(secrets.token_bytes(32), f"index_keys/{_KEY_NAME}")
        insert_new(db, t.index_keys, name=_KEY_NAME, value=value)
    return RiskIndex(cipher.decrypt(value, f"index_keys/{_KEY_NAME}"))


def make_index_again(db: Connection, cipher: Cipher) -> None:
    """Make the hashes of all entries with a new key, after theirs was lost. Without it nobody would be found."""
    index = risk_index(db, cipher)
    for row in list(_rows(db, cipher)):
        said = json.loads(row.body)
        worker_id, list_name = said["worker_id"], said["list_name"]
        values = {
            "worker_index": index.worker(worker_id),
            "entry_index": index.entry(worker_id, list_name),
            "list_index": index.list(list_name),
        }
        db.execute(update(t.risk_entries).where(t.risk_entries.c.id == row.id).values(**values))


def has_entries(db: Connection) -> bool:
    """Tell whether there is an entry, or history."""
    return db.execute(select(t.risk_entries.c.id).limit(1)).first() is not None


def any_ended(db: Connection, utc: datetime, lifted_before: datetime) -> bool:
    """Tell whether `ended_entries` would find something. Decrypts nothing."""
    return db.execute(select(t.risk_entries.c.id).where(_ended(utc, lifted_before)).limit(1)).first() is not None


def add_entry(
    db: Connection,
    cipher: Cipher,
    index: RiskIndex,
    worker_id: str,
    list_name: str,
    body: bytes,
    until: datetime | None,
) -> None:
    """Put a worker on a list, in place of the worker's entry on the same list."""
    entry = index.entry(worker_id, list_name)
    db.execute(delete(t.risk_entries).where(t.risk_entries.c.entry_index == entry, _IN_FORCE))
    row_id = secrets.token_hex(16)
    values = {
        "id": row_id,
        "worker_index": index.worker(worker_id),
        "entry_index": entry,
        "list_index": index.list(list_name),
        "valid_until_utc": until,
        "body": cipher.encrypt(body, f"risk_entries/{row_id}"),
    }
    db.execute(insert(t.risk_entries).values(**values))


def lift_entry(db: Connection, cipher: Cipher, row_id: str, body: bytes, utc: datetime) -> None:
    """Keep an entry as history: with who lifted it, and why."""
    lifted = {"lifted_utc": utc, "body": cipher.encrypt(body, f"risk_entries/{row_id}")}
    db.execute(update(t.risk_entries).where(t.risk_entries.c.id == row_id).values(**lifted))


def remove_entries(db: Connection, row_ids: Iterable[str]) -> None:
    """Delete entries."""
    for some in _slices(row_ids):
        db.execute(delete(t.risk_entries).where(t.risk_entries.c.id.in_(some)))


def entries_of(
    db: Connection, cipher: Cipher, index: RiskIndex, worker_ids: Iterable[str], *, history: bool = False
) -> Iterator[RiskRow]:
    """Read the entries of these workers; with `history` those that were lifted, too."""
    columns = t.risk_entries.c
    for some in _slices(index.worker(worker_id) for worker_id in worker_ids):
        yield from _rows(db, cipher, columns.worker_index.in_(some), *(() if history else (_IN_FORCE,)))


def entries_on(db: Connection, cipher: Cipher, index: RiskIndex, list_name: str | None) -> Iterator[RiskRow]:
    """Read the entries of one list, or of all."""
    of_list = () if list_name is None else (t.risk_entries.c.list_index == index.list(list_name),)
    yield from _rows(db, cipher, _IN_FORCE, *of_list)


def ended_entries(db: Connection, cipher: Cipher, utc: datetime, lifted_before: datetime, limit: int) -> list[RiskRow]:
    """Read entries whose time is over, and those that were lifted so long ago."""
    return list(_rows(db, cipher, _ended(utc, lifted_before), limit=limit))


def _ended(utc: datetime, lifted_before: datetime) -> ColumnElement[bool]:
    over = (t.risk_entries.c.valid_until_utc <= utc) & _IN_FORCE
    return over | (t.risk_entries.c.lifted_utc <= lifted_before)


def _rows(db: Connection, cipher: Cipher, *where: ColumnElement[bool], limit: int | None = None) -> Iterator[RiskRow]:
    columns: Any = t.risk_entries.c
    wanted = select(columns.id, columns.body).where(*where).order_by(columns.id).limit(limit)
    for row in db.execute(wanted):
        yield RiskRow(row.id, cipher.decrypt(row.body, f"risk_entries/{row.id}"))


def _slices(names: Iterable[str]) -> Iterator[list[str]]:
    held = list(names)
    return (held[i : i + _AT_ONCE] for i in range(0, len(held), _AT_ONCE))


_IN_FORCE = t.risk_entries.c.lifted_utc.is_(None)
