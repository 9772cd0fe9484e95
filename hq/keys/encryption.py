"""Encrypt what HQ's database holds of people: AES-256-GCM (NIST SP 800-38D), every value bound to its own row.

    value = version 1 (1 byte) + key id (4 bytes) + nonce (12 bytes, random) + ciphertext and tag
    associated data = table, a slash, the row's id: a value that was moved to another row does not decrypt

The key file holds one line per key, base64 of 32 bytes. The first one encrypts; the others still decrypt.
"""

import base64
import binascii
import codecs
import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from contract.keyring import FollowedKeyFile
from contract.signing import KEYS_MAX, BadKey

NAME = "hq-at-rest.key"
_VERSION = b"\x01"
_ID, _NONCE, _KEY = 4, 12, 32
_HEAD = len(_VERSION) + _ID


class AtRestError(RuntimeError):
    """A value that cannot be read. The text says what is lost and what to do."""


class KeyMissing(AtRestError):
    """A value that is encrypted with a key not held here. With that key nothing is lost."""


class Cipher:
    """Encrypts with the first key, decrypts with any."""

    def __init__(self, keys: Sequence[bytes], name: str) -> None:
        self._ciphers = {_id(key): AESGCM(key) for key in keys}
        self._first, self._name = _id(keys[0]), name

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of all keys, in hex; the first one encrypts."""
        return tuple(found.hex() for found in self._ciphers)

    def encrypt(self, plain: bytes, row: str) -> bytes:
        """Encrypt a value. `row`: table, a slash and the row's id, which together name the value."""
        nonce = secrets.token_bytes(_NONCE)
        return _VERSION + self._first + nonce + self._ciphers[self._first].encrypt(nonce, plain, row.encode())

    def decrypt(self, value: bytes, row: str) -> bytes:
        """Decrypt a value. Raises AtRestError, KeyMissing."""
        if value.startswith(_VERSION) and not self.holds_key_of(value):
            raise KeyMissing(
                f"{row} is encrypted with key {key_of(value)}, and {self._name} holds {', '.join(self.ids)}: put the file "
                'with that key back from its backup. If it is lost, see "Lost keys" in docs/KEYS.md'
            )
        try:
            return self._ciphers[value[len(_VERSION) : _HEAD]].decrypt(
                value[_HEAD : _HEAD + _NONCE], value[_HEAD + _NONCE :], row.encode()
            )
        except (InvalidTag, KeyError, ValueError) as error:  # KeyError: it is nothing that was encrypted here
            raise AtRestError(f"{row} was changed in the database, or moved there from another row") from error

    def holds_key_of(self, value: bytes) -> bool:
        """Tell whether the key that encrypted this value is held."""
        return value.startswith(_VERSION) and value[len(_VERSION) : _HEAD] in self._ciphers

    def opens(self, value: bytes, row: str) -> bool:
        """Tell whether a held key decrypts this value."""
        try:
            self.decrypt(value, row)
        except AtRestError:
            return False
        return True


class AtRest(FollowedKeyFile[Cipher]):
    """The key file of a folder, read again when it changes. Raises BadKey."""

    def __init__(self, folder: Path) -> None:
        super().__init__(key_file(folder), lambda path: Cipher(read_keys(path), str(path)))


def key_file(folder: Path) -> Path:
    """Find the file in HQ's folder of keys; without one, the systemd credential of its name."""
    own, given = folder / NAME, Path(os.environ.get("CREDENTIALS_DIRECTORY", folder)) / NAME
    return given if not own.exists() and given.exists() else own


def key_of(value: bytes) -> str:
    """Return the id of the key that a value is encrypted with, in hex."""
    return value[len(_VERSION) : _HEAD].hex()


def new_key() -> bytes:
    """Make a key."""
    return AESGCM.generate_key(8 * _KEY)


def text(keys: Sequence[bytes]) -> bytes:
    """Return the content of a key file."""
    return b"".join(base64.b64encode(key) + b"\n" for key in keys)


def read_keys(path: Path) -> list[bytes]:
    """Read a key file. Raises BadKey."""
    try:
        lines = path.read_bytes().removeprefix(codecs.BOM_UTF8).split()
    except OSError as error:
        raise BadKey(
            f"cannot read the key file {path}: {error.strerror}. It opens what the database holds of people: put it back "
            "from its backup. An HQ that never had one gets it by: sitegate-hq init FOLDER --site SITE"
        ) from error
    try:
        keys = [base64.b64decode(line, validate=True) for line in lines]
    except binascii.Error as error:
        raise BadKey(f"{path} holds something that is no key: one line each, base64 of {_KEY} bytes") from error
    if not keys or any(len(key) != _KEY for key in keys) or len(set(keys)) != len(keys) or len(keys) > KEYS_MAX:
        raise BadKey(f"{path} must hold 1 to {KEYS_MAX} different keys, one line each, base64 of {_KEY} bytes")
    return keys


def id_of(key: bytes) -> str:
    """Return the id of a key, in hex."""
    return _id(key).hex()


def _id(key: bytes) -> bytes:
    return hashlib.sha256(b"sitegate/v1/at-rest/" + key).digest()[:_ID]
