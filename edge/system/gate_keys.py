"""This gate's own keys: made on the device if they are missing, and never copied from it.

The gate process has the *gate key*, the network process the *link key*. Neither can read the other's. The public halves
lie beside them for `sitegate register` and `sitegate key show`.
"""

import contextlib
import os
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.signing import BadKey, private_pem, public_pem, read_signing_private
from edge.system.atomic_write import owner_of, write_atomically
from edge.system.key_files import PREFIX, credential

log = structlog.get_logger()


def open_key(path: Path, public_path: Path) -> Ed25519PrivateKey:
    """Read the key in `path`, or make it. Write its public half to `public_path`. Raises BadKey."""
    from_systemd = str(path).startswith(PREFIX)
    path = credential(path)
    if not from_systemd and not os.path.lexists(path):
        _make(path)
    key = read_signing_private(path)
    if not _holds(public_path, public_pem(key)):
        _write(public_path, public_pem(key), 0o644)
    return key


def try_open_key(path: Path, public_path: Path, what: str) -> Ed25519PrivateKey | None:
    """Do the same for a process that works on without a key. Its messages then wait, unsigned, until there is a key."""
    try:
        return open_key(path, public_path)
    except BadKey as error:
        log.error("own_key_missing", key=what, detail=str(error))
        return None


def _make(path: Path) -> None:
    """Make a private key that only the folder's owner can read. Another process that makes one first wins."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(part, private_pem(Ed25519PrivateKey.generate()), 0o600)
        with contextlib.suppress(FileExistsError):
            os.link(part, path)  # unlike a rename it never replaces a key
            log.info("own_key_made", path=str(path))
    except OSError as error:
        raise BadKey(f"{path} cannot be made ({error.strerror}): correct the folder's owner") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a file whole or not at all, and on the disk. It belongs to the folder's owner. Raises BadKey."""
    try:
        write_atomically(path, content, mode, owner_of(path.parent))
    except OSError as error:
        raise BadKey(f"{path} cannot be written ({error.strerror}): correct the folder's owner") from error


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False
