"""Change keys in steps, without a gap: make the next key, hand it out, use it, retire the old one.

The key files are the whole state: a key in a file is held, the first one is in use.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
from hq.keys import encryption, keys
from hq.keys.keys import HqKey


class RotationRefused(RuntimeError):
    """A step that would exclude a gate, or lose data. The text says what prevents it."""


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key in a file."""

    id: str
    in_use: bool


def held(folder: Path, what: str) -> list[HeldKey]:
    """List the keys of "signing", "sealing" or a site, in the order of the file. Raises BadKey."""
    at_gates_only = not keys.private_path(folder, what).exists()  # as a site's may be
    found = sealing_publics(keys.public_path(folder, what)) if at_gates_only else _read(folder, what)
    return [HeldKey(key_id(key), number == 0) for number, key in enumerate(found)]


def add(folder: Path, what: str) -> str:
    """Make one more key, which is not used yet. Return its id. Raises BadKey, RotationRefused."""
    found = _read(folder, what)
    if len(found) == KEYS_MAX:
        raise RotationRefused(f"{what} has {KEYS_MAX} keys already: retire one first")
    new = keys.new_pair(what)
    _write(folder, what, [*found, new])
    return key_id(new)


def use(folder: Path, what: str, key: str) -> None:
    """Sign with this key, or have others seal for it, from now on. Raises BadKey, RotationRefused."""
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
    """Complete the beginning of an id. Raises BadKey, RotationRefused."""
    return key_id(_find(folder, what, key))


def replace_file(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace a file as a whole or not at all; its owner stays."""
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
    """List private keys that others than their owner may read."""
    secret = [*folder.rglob("*.key.pem"), *folder.glob(encryption.NAME)]
    return sorted(path for path in secret if path.stat().st_mode & 0o077)


def _read(folder: Path, what: str) -> Sequence[PrivateKey]:
    path = keys.private_path(folder, what)
    return signing_privates(path) if what == HqKey.SIGNING else sealing_privates(path)


def _write(folder: Path, what: str, found: Sequence[PrivateKey]) -> None:
    # The private half first: without it a public key is of no use.
    replace_file(keys.private_path(folder, what), b"".join(private_pem(key) for key in found))
    replace_file(keys.public_path(folder, what), b"".join(public_pem(key) for key in found), mode=0o644)


def _find(folder: Path, what: str, key: str) -> PrivateKey:
    found = {key_id(one): one for one in _read(folder, what)}
    return found[only_match(key, list(found), what)]


def only_match(key: str, known: Sequence[str], what: str) -> str:
    """Return the only id that begins with `key`. Raises RotationRefused."""
    matching = [one for one in known if key and one.startswith(key)]
    if len(matching) != 1:
        raise RotationRefused(f"{what} has no key {key!r}, or several that begin so; it has {', '.join(known)}")
    return matching[0]


def own_at_rest_file(folder: Path) -> Path:
    """Return the at-rest key file of the folder. Raises RotationRefused if systemd provides it instead."""
    path = encryption.key_file(folder)
    if path.parent != folder:
        raise RotationRefused(f"{path} is a systemd credential, which nobody here can change: see docs/KEYS.md")
    return path
