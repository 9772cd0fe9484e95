"""Encrypts what the database must not show, and finds it again by a keyed index.

A number of an id card is guessable: an unkeyed hash of it is no protection. So the index is an HMAC with a key beside
the database, never in it.
"""

import base64
import hmac
import secrets
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from common.private_files import write_new

FILE_NAME = "fields.key"
KEY_BYTES = 32
_NONCE_BYTES = 12


class FieldKeyError(RuntimeError):
    """The key file is missing or wrong, or a value was encrypted with another key. The text says what to do."""


@dataclass(frozen=True, repr=False)
class FieldCipher:
    """Encrypts single fields (AES-256-GCM, NIST SP 800-38D) and makes their indexes (HMAC-SHA-256)."""

    key: bytes

    def encrypt(self, text: str, place: str) -> bytes:
        """Encrypt a text for one column (`table.column`): a copy in another column does not open."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, text.encode(), place.encode())

    def decrypt(self, sealed: bytes, place: str) -> str:
        """Decrypt what `encrypt` returned for the same column. Raises FieldKeyError."""
        try:
            return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode()).decode()
        except InvalidTag:
            raise FieldKeyError(
                f"{place}: a value does not open with {FILE_NAME}: put the key of this database back"
            ) from None

    def index(self, text: str, place: str) -> str:
        """Return the index of a text, 43 characters. Equal texts of one column have equal indexes."""
        digest = hmac.new(self._index_key, f"{place}\0{text}".encode(), sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def authenticate(self, content: bytes, purpose: bytes) -> str:
        """Return a keyed hash of a content (HMAC-SHA-256), 64 hexadecimal digits; each purpose has its own key."""
        return hmac.new(self._key_for(purpose), content, sha256).hexdigest()

    def _key_for(self, purpose: bytes) -> bytes:
        if purpose not in self._keys:
            self._keys[purpose] = self._derived(purpose)
        return self._keys[purpose]

    @cached_property
    def _keys(self) -> dict[bytes, bytes]:
        return {}

    @cached_property
    def _aead(self) -> AESGCM:
        return AESGCM(self._derived(b"district/field"))

    @cached_property
    def _index_key(self) -> bytes:
        return self._derived(b"district/index")

    def _derived(self, purpose: bytes) -> bytes:
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(self.key)


def make_key(folder: Path) -> None:
    """Make the key file of a new district. Raises FileExistsError, OSError."""
    write_new(folder / FILE_NAME, base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")


def read_key(folder: Path) -> FieldCipher:
    """Read the key file. Raises FieldKeyError."""
    path = folder / FILE_NAME
    try:
        key = base64.b64decode(path.read_bytes(), validate=False)
    except (OSError, ValueError) as error:
        raise FieldKeyError(f"{path} cannot be read ({error}): put it back from the backup of the keys") from error
    if len(key) != KEY_BYTES:
        raise FieldKeyError(f"{path} is not a key of {KEY_BYTES} bytes: put it back from the backup of the keys")
    return FieldCipher(key)
