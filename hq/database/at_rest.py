"""Change the at-rest key: encrypt everything again with the new key, and forget the old one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Table, bindparam, delete, select, update

from contract.signing import KEYS_MAX
from hq.database import tables as t
from hq.database.assignments import remove_without_worker
from hq.database.risk_entries import make_index_again
from hq.database.store import Store
from hq.keys import encryption
from hq.keys.rotation import RotationRefused, only_match, own_at_rest_file, replace_file

_VALUES: tuple[tuple[Table, Column[Any], Column[Any]], ...] = (
    (t.workers, t.workers.c.worker_id, t.workers.c.record),
    (t.templates, t.templates.c.digest, t.templates.c.sealed_record),
    (t.risk_entries, t.risk_entries.c.id, t.risk_entries.c.body),
    (t.index_keys, t.index_keys.c.name, t.index_keys.c.value),
    (t.commands, t.commands.c.command_id, t.commands.c.envelope),
    (t.lock_downs, t.lock_downs.c.name, t.lock_downs.c.order_body),
    (t.invitations, t.invitations.c.gate_id, t.invitations.c.code_key),
    (t.enrolments, t.enrolments.c.digest, t.enrolments.c.record),
    (t.erased_events, t.erased_events.c.name, t.erased_events.c.proof),
    (t.directory_entries, t.directory_entries.c.worker_id, t.directory_entries.c.record),
    (t.people_changes, t.people_changes.c.change_id, t.people_changes.c.why),
)
"""Everything that is encrypted at rest: table, row id, value."""


def rotate_at_rest(folder: Path, store: Store) -> dict[str, int]:
    """Make a new key and encrypt everything with it, in one transaction. Return how many values of each table.

    The old key stays in the file until it is retired: a process that is just writing may still use it.

    Raises:
        BadKey, RotationRefused: the key file cannot be read or changed.
    """
    path = own_at_rest_file(folder)
    found = encryption.read_keys(path)
    if len(found) == KEYS_MAX:
        raise RotationRefused(f"{path} holds {KEYS_MAX} keys already: sitegate-hq keys retire at-rest ID")
    replace_file(path, encryption.text([encryption.new_key(), *found]))
    return encrypt_again(folder, store)


def encrypt_again(folder: Path, store: Store) -> dict[str, int]:
    """Encrypt everything that another key encrypted, in one transaction. Return how many values of each table."""
    cipher = encryption.AtRest(folder).current()
    counts = {}
    with store.write("people") as db:
        for table, row_id, value in _VALUES:
            stale = [
                {"row": row, "again": cipher.encrypt(cipher.decrypt(body, name), name)}
                for row, name, body in _encrypted(db, table, row_id, value)
                if encryption.key_of(body) != cipher.ids[0]
            ]
            if stale:
                db.execute(update(table).where(row_id == bindparam("row")).values({value: bindparam("again")}), stale)
            counts[table.name] = len(stale)
    return counts


def retire_at_rest(folder: Path, store: Store, key: str) -> None:
    """Forget an at-rest key, after nothing is encrypted with it any more. Raises BadKey, RotationRefused."""
    path = own_at_rest_file(folder)
    found = {encryption.id_of(one): one for one in encryption.read_keys(path)}
    chosen = only_match(key, list(found), str(path))
    if chosen == next(iter(found)):
        raise RotationRefused(f"{chosen} is in use: sitegate-hq keys rotate at-rest")
    encrypt_again(folder, store)
    replace_file(path, encryption.text([one for name, one in found.items() if name != chosen]))


def remove_unreadable(folder: Path, store: Store) -> dict[str, int]:
    """Delete what no key decrypts. Return how many rows of each table. Raises BadKey."""
    cipher = encryption.AtRest(folder).current()
    counts = {}
    with store.write("people") as db:
        for table, row_id, value in _VALUES:
            lost = [row for row, name, body in _encrypted(db, table, row_id, value) if not cipher.opens(body, name)]
            for row in lost:
                db.execute(delete(table).where(row_id == row))
            counts[table.name] = len(lost)
        remove_without_worker(db)
        if counts[t.index_keys.name]:
            make_index_again(db, cipher)
    return counts


def _encrypted(
    db: Connection, table: Table, row_id: Column[Any], value: Column[Any]
) -> Iterator[tuple[Any, str, bytes]]:
    """Read row id, name for the cipher, and encrypted value of every row."""
    for row in db.execute(select(row_id, value).where(value.isnot(None))).all():
        yield row[0], f"{table.name}/{row[0]}", row[1]
