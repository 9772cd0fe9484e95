"""Changing keys without a gap, a step at a time: the next key is made, handed out, used; the old one is retired.

The files are the whole state: a key that stands in a file is held, the first one is in use.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Table, bindparam, delete, select, update

from contract.messages import ListKind
from contract.signing import (
    KEYS_MAX,
    PrivateKey,
    key_id,
    private_pem,
    public_pem,
    sealing_privates,
    sealing_publics,
    signing_privates,
)
from hq.database import tables as t
from hq.database.store import Store
from hq.keys import encryption, keys
from hq.reports.report import GateOverview

_VALUES: tuple[tuple[Table, Column[Any], Column[Any]], ...] = (
    (t.workers, t.workers.c.worker_id, t.workers.c.record),
    (t.templates, t.templates.c.digest, t.templates.c.sealed_record),
    (t.risk_list, t.risk_list.c.id, t.risk_list.c.body),
    (t.commands, t.commands.c.command_id, t.commands.c.envelope),
    (t.invitations, t.invitations.c.gate_id, t.invitations.c.code_key),
    (t.enrolments, t.enrolments.c.digest, t.enrolments.c.record),
    (t.erased_events, t.erased_events.c.name, t.erased_events.c.proof),
)
"""Everything that is encrypted at rest: table, the row's id, the value."""


class RotationRefused(RuntimeError):
    """A step that would leave a gate behind, or lose something; the text says what is in the way."""


@dataclass(frozen=True, slots=True)
class HeldKey:
    id: str
    in_use: bool


def held(folder: Path, what: str) -> list[HeldKey]:
    """The keys of "signing", "sealing" or a site, in the order of the file. Raises BadKey."""
    at_gates_only = not keys.private_path(folder, what).exists()  # as a site's may be
    found = sealing_publics(keys.public_path(folder, what)) if at_gates_only else _read(folder, what)
    return [HeldKey(key_id(key), number == 0) for number, key in enumerate(found)]


def add(folder: Path, what: str) -> str:
    """Make one more key, which stands by; its id. Raises BadKey, RotationRefused."""
    found = _read(folder, what)
    if len(found) == KEYS_MAX:
        raise RotationRefused(f"{what} has {KEYS_MAX} keys already: retire one first")
    new = keys.new_pair(what)
    _write(folder, what, [*found, new])
    return key_id(new)


def use(folder: Path, what: str, key: str) -> None:
    """From now on this key signs, or is sealed for. Raises BadKey, RotationRefused."""
    chosen = _find(folder, what, key)
    _write(folder, what, [chosen, *(other for other in _read(folder, what) if key_id(other) != key_id(chosen))])


def retire(folder: Path, what: str, key: str) -> None:
    """Forget a key that is no longer in use. Raises BadKey, RotationRefused."""
    chosen, found = _find(folder, what, key), _read(folder, what)
    if key_id(chosen) == key_id(found[0]):
        raise RotationRefused(
            f"{key_id(chosen)} is in use: switch to another one first (sitegate-hq keys use {what} ID)"
        )
    _write(folder, what, [other for other in found if key_id(other) != key_id(chosen)])


def full_id(folder: Path, what: str, key: str) -> str:
    """The id that begins like this. Raises BadKey, RotationRefused."""
    return key_id(_find(folder, what, key))


def lacking(gates: Iterable[GateOverview], what: str, key: str) -> list[str]:
    """Gates that have not told that they hold this key: of HQ's signing keys all gates, of a site's those of the site."""
    if what == "signing":
        return [row.gate_id for row in gates if row.status is None or key not in row.status.trusts]
    return [row.gate_id for row in gates if row.site_id == what and (row.status is None or key not in row.status.opens)]


def behind(
    gates: Iterable[GateOverview], what: str, newest: Mapping[tuple[str, ListKind], tuple[int, datetime]]
) -> list[str]:
    """Gates whose lists in force are not the newest, and so may be under a key that is no longer in use."""
    found = []
    for row in gates:
        if what in ("signing", row.site_id):
            status = row.status
            versions = {kind: getattr(status, f"{kind.value}_version", 0) for kind in ListKind}
            if any(versions[kind] < newest.get((row.site_id, kind), (0, None))[0] for kind in ListKind):
                found.append(row.gate_id)
    return found


def undelivered(gates: Iterable[GateOverview]) -> list[str]:
    """Gates that may still hold an enrolment sealed with an earlier key of HQ's."""
    return [row.gate_id for row in gates if row.health is None or row.health.unsent_events]


def rotate_at_rest(folder: Path, store: Store) -> dict[str, int]:
    """A new key, and everything encrypted anew with it in one transaction; how many values of each table. The old key stays
    in the file until it is retired: a process that is just writing may use it once more. Raises BadKey, RotationRefused."""
    path = _own_at_rest(folder)
    found = encryption.read_keys(path)
    if len(found) == KEYS_MAX:
        raise RotationRefused(f"{path} holds {KEYS_MAX} keys already: sitegate-hq keys retire at-rest ID")
    replace_file(path, encryption.text([encryption.new_key(), *found]))
    return encrypt_anew(folder, store)


def encrypt_anew(folder: Path, store: Store) -> dict[str, int]:
    """Everything that is not encrypted with the key in use, in one transaction; how many values of each table."""
    cipher = encryption.AtRest(folder).current()
    counts = {}
    with store.write("people") as db:
        for table, row_id, value in _VALUES:
            stale = []
            for row in db.execute(select(row_id, value).where(value.isnot(None))):
                if encryption.key_of(row[1]) != cipher.ids[0]:
                    name = f"{table.name}/{row[0]}"
                    stale.append({"row": row[0], "anew": cipher.encrypt(cipher.decrypt(row[1], name), name)})
            if stale:
                db.execute(update(table).where(row_id == bindparam("row")).values({value: bindparam("anew")}), stale)
            counts[table.name] = len(stale)
    return counts


def retire_at_rest(folder: Path, store: Store, key: str) -> None:
    """Forget an at-rest key that nothing is encrypted with any more. Raises BadKey, RotationRefused."""
    path = _own_at_rest(folder)
    found = {encryption.id_of(one): one for one in encryption.read_keys(path)}
    chosen = _one(key, list(found), str(path))
    if chosen == next(iter(found)):
        raise RotationRefused(f"{chosen} is in use: sitegate-hq keys rotate at-rest")
    encrypt_anew(folder, store)
    replace_file(path, encryption.text([one for name, one in found.items() if name != chosen]))


def forget_unreadable(folder: Path, store: Store) -> dict[str, int]:
    """Delete what no key opens; how many rows of each table. Raises BadKey."""
    cipher = encryption.AtRest(folder).current()
    counts = {}
    with store.write("people") as db:
        for table, row_id, value in _VALUES:
            lost = [
                r[0]
                for r in db.execute(select(row_id, value).where(value.isnot(None)))
                if not cipher.opens(r[1], f"{table.name}/{r[0]}")
            ]
            for row in lost:
                db.execute(delete(table).where(row_id == row))
            counts[table.name] = len(lost)
    return counts


def replace_file(path: Path, data: bytes, mode: int = 0o600) -> None:
    """All of it or nothing; the owner stays."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(handle)
    if path.exists() and os.geteuid() == 0:
        os.chown(new, path.stat().st_uid, path.stat().st_gid)
    new.replace(path)


def readable_by_others(folder: Path) -> list[Path]:
    """Private keys that more than their owner may read."""
    secret = [*folder.rglob("*.key.pem"), *folder.glob(encryption.NAME)]
    return sorted(path for path in secret if path.stat().st_mode & 0o077)


def _read(folder: Path, what: str) -> Sequence[PrivateKey]:
    path = keys.private_path(folder, what)
    return signing_privates(path) if what == "signing" else sealing_privates(path)


def _write(folder: Path, what: str, found: Sequence[PrivateKey]) -> None:
    # The private half first: without it a public key is of no use to anybody.
    replace_file(keys.private_path(folder, what), b"".join(private_pem(key) for key in found))
    replace_file(keys.public_path(folder, what), b"".join(public_pem(key) for key in found), mode=0o644)


def _find(folder: Path, what: str, key: str) -> PrivateKey:
    found = {key_id(one): one for one in _read(folder, what)}
    return found[_one(key, list(found), what)]


def _one(key: str, known: Sequence[str], what: str) -> str:
    matching = [one for one in known if key and one.startswith(key)]
    if len(matching) != 1:
        raise RotationRefused(f"{what} has no key {key!r}, or several that begin so; it has {', '.join(known)}")
    return matching[0]


def _own_at_rest(folder: Path) -> Path:
    path = encryption.key_file(folder)
    if path.parent != folder:
        raise RotationRefused(f"{path} is a systemd credential, which nobody here can change: see docs/KEYS.md")
    return path
