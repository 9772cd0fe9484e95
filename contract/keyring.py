"""Key files that are followed while they are in use: a key that is added or removed counts at once, without a restart."""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.signing import BadKey, PrivateKey, PublicKey, key_id, sealing_privates, signing_publics

K = TypeVar("K")
log = structlog.get_logger()


class Followed(Generic[K]):
    """What `read` makes of a key file, made again when the file has changed. A file that is gone, unreadable or broken
    meanwhile changes nothing: a copy that is half-way must not shut a gate. That costs one stat() per look.

    Raises:
        BadKey: from the constructor alone.
    """

    def __init__(self, path: Path, read: Callable[[Path], K]) -> None:
        self._path, self._read = path, read
        self._mark = _mark(path)
        self._value = read(path)

    def current(self) -> K:
        mark = _mark(self._path)
        if mark != self._mark:
            self._mark = mark
            try:
                self._value = self._read(self._path)
            except BadKey as error:
                log.warning("keys_not_read", detail=str(error))
        return self._value


class TrustedKeys(Followed[tuple[Ed25519PublicKey, ...]]):
    """All public keys of a file: a signature by any of them counts. A `contract.signing.Verifier`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, signing_publics)

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raises InvalidSignature."""
        for key in self.current():
            try:
                return key.verify(signature, data)
            except InvalidSignature:
                continue
        raise InvalidSignature


class OpeningKeys(Followed[tuple[X25519PrivateKey, ...]]):
    """All private keys of a file: a seal for any of them is opened. A `contract.signing.Opener`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, sealing_privates)


def ids(keys: PublicKey | PrivateKey | TrustedKeys | OpeningKeys) -> tuple[str, ...]:
    """The ids of one key, or of all that a file holds now."""
    return tuple(key_id(key) for key in (keys.current() if isinstance(keys, Followed) else (keys,)))


def _mark(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
