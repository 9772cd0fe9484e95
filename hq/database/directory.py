"""The directory's table: names, teams and phone numbers, encrypted, each value bound to its worker.

Functions run in the caller's transaction. They raise AtRestError where a value cannot be read.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, String, bindparam, delete, insert, select

from hq.database import tables as t
from hq.database.people import slices
from hq.keys.encryption import Cipher

_STREAMED = 500


def bodies(db: Connection, cipher: Cipher, worker_ids: Sequence[str]) -> dict[str, bytes]:
    """Decrypt the entries of these workers, as JSON, by worker id."""
    columns = t.directory_entries.c
    wanted = select(columns.worker_id, columns.record)
    return {
        row.worker_id: cipher.decrypt(row.record, _place(row.worker_id))
        for some in slices(worker_ids)
        for row in db.execute(wanted.where(columns.worker_id.in_(some)))
    }


def has_entry(db: Connection, worker_id: str) -> bool:
    """Tell whether there is an entry of this worker."""
    columns = t.directory_entries.c
    return db.execute(select(columns.worker_id).where(columns.worker_id == worker_id)).first() is not None


def all_bodies(db: Connection, cipher: Cipher) -> Iterator[tuple[str, bytes]]:
    """Decrypt all entries, as JSON, by worker id. Holds a few at a time."""
    columns = t.directory_entries.c
    wanted = select(columns.worker_id, columns.record).order_by(columns.worker_id)
    for row in db.execute(wanted.execution_options(yield_per=_STREAMED)):
        yield row.worker_id, cipher.decrypt(row.record, _place(row.worker_id))


def replace(db: Connection, cipher: Cipher, entries: Mapping[str, bytes], utc: datetime) -> None:
    """Add these entries, or replace them. `entries`: worker id -> JSON."""
    remove(db, list(entries))
    rows = [
        {"worker_id": name, "record": cipher.encrypt(body, _place(name)), "updated_utc": utc}
        for name, body in entries.items()
    ]
    if rows:
        db.execute(insert(t.directory_entries), rows)


def remove(db: Connection, worker_ids: Sequence[str]) -> None:
    """Delete the entries of these workers."""
    named = bindparam("named", type_=String)
    if worker_ids:
        db.execute(
            delete(t.directory_entries).where(t.directory_entries.c.worker_id == named),
            [{"named": worker_id} for worker_id in worker_ids],
        )


def _place(worker_id: str) -> str:
    return f"{t.directory_entries.name}/{worker_id}"
