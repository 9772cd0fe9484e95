"""Key files that are read again when they change. An added or removed key counts at once, without a restart."""

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


class FollowedKeyFile(Generic[K]):
    """The keys of a file. `read` reads them again when the file has changed; each call of `current` costs one stat().

    A file that is missing, unreadable or broken changes nothing: a half-finished copy must not stop a gate.

    Raises:
        BadKey: only from the constructor.
    """

    def __init__(self, path: Path, read: Callable[[Path], K]) -> None:
        self._path, self._read = path, read
        self._mark = _mark(path)
        self._value = read(path)

    def current(self) -> K:
        """Return the keys that the file holds now."""
        mark = _mark(self._path)
        if mark != self._mark:
            self._mark = mark
            try:
                self._value = self._read(self._path)
            except BadKey as error:
                log.warning("keys_not_read", detail=str(error))
        return self._value


class TrustedKeys(FollowedKeyFile[tuple[Ed25519PublicKey, ...]]):
    """All public keys of a file. A signature by any of them is valid. Is a `contract.signing.Verifier`."""

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


class OpeningKeys(FollowedKeyFile[tuple[X25519PrivateKey, ...]]):
    """All private keys of a file. Each opens the seals made for it. Is a `contract.signing.Opener`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, sealing_privates)


def ids(keys: PublicKey | PrivateKey | TrustedKeys | OpeningKeys) -> tuple[str, ...]:
    """Return the ids of one key, or of all keys that a file holds now."""
    return tuple(key_id(key) for key in (keys.current() if isinstance(keys, FollowedKeyFile) else (keys,)))


def _mark(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
