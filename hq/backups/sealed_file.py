"""The encrypted file of a backup: a key from a passphrase by scrypt (RFC 7914), then AES-256-GCM in chunks.

The file is `"sitegate backup 1\\n" + head as JSON + "\\n" + check (32 bytes) + chunks`. The head is
`{"n": 65536, "r": 8, "p": 1, "salt": base64 of 16 bytes}`. scrypt gives 64 bytes: key of the chunks, key of the check.
The check is the HMAC-SHA256 of everything before it. A chunk is AES-256-GCM of at most 65536 bytes. Its nonce is the
chunk's number (11 bytes), then 1 for the last chunk, else 0.

Each file has its own salt, so no nonce is used twice with one key. The last chunk is marked: a file that was cut is
found.
"""

import base64
import hashlib
import hmac
import io
import json
import secrets
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"sitegate backup 1\n"
CHUNK = 64 * 1024
PASSPHRASE_MIN = 12
_TAG, _CHECK, _HEAD_MAX = 16, 32, 1000
_COST, _COST_MAX = 2**16, 2**18
"""64 MiB of memory, and at most 256 MiB for what a file asks."""


class BackupError(RuntimeError):
    """A backup that cannot be written, read or restored. The text says why and what to do."""


class SealedWriter(io.RawIOBase):
    """Encrypts what is written to it into `file`. `finish` ends the file; without it the file cannot be read."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        salt = secrets.token_bytes(16)
        head = {"n": _COST, "r": 8, "p": 1, "salt": base64.b64encode(salt).decode()}
        begin = MAGIC + json.dumps(head).encode() + b"\n"
        key, check = _keys(passphrase, salt, _COST)
        file.write(begin + hmac.digest(check, begin, hashlib.sha256))
        self._file, self._cipher, self._waiting, self._number = file, AESGCM(key), bytearray(), 0

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:  # type: ignore[no-untyped-def]
        """Encrypt every whole chunk."""
        self._waiting += data
        while len(self._waiting) > CHUNK:
            self._chunk(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def finish(self) -> None:
        """Write the last chunk."""
        self._chunk(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _chunk(self, plain: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last=last), plain, None))
        self._number += 1


class SealedReader(io.RawIOBase):
    """Decrypts a file. Reading raises BackupError where it was changed or cut."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        self._file = file
        begin, salt, cost = _begin(file)
        key, check = _keys(passphrase, salt, cost)
        if not hmac.compare_digest(file.read(_CHECK), hmac.digest(check, begin, hashlib.sha256)):
            raise BackupError("the passphrase is wrong, or the beginning of the file was changed")
        self._cipher, self._number, self._plain, self._ended = AESGCM(key), 0, b"", False
        self._next = file.read(CHUNK + _TAG)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        """Read what the next chunk holds."""
        while not self._plain and not self._ended:
            self._plain = self._chunk()
        count = min(len(buffer), len(self._plain))
        buffer[:count] = self._plain[:count]
        self._plain = self._plain[count:]
        return count

    def _chunk(self) -> bytes:
        sealed, self._next = self._next, self._file.read(CHUNK + _TAG)
        self._ended = not self._next
        try:
            plain = self._cipher.decrypt(_nonce(self._number, last=self._ended), sealed, None)
        except (InvalidTag, ValueError) as error:
            where = (
                "ends too early, or its end was changed" if self._ended else f"was changed in its chunk {self._number}"
            )
            raise BackupError(f"the backup {where}: take another copy of it") from error
        self._number += 1
        return plain


def _begin(file: IO[bytes]) -> tuple[bytes, bytes, int]:
    """Read the beginning: all of it, salt and cost. Raises BackupError."""
    magic = file.read(len(MAGIC))
    if magic != MAGIC:
        raise BackupError("this is no backup of sitegate-hq, or of a newer version")
    line = file.readline(_HEAD_MAX)
    try:
        head = json.loads(line)
        salt, cost = base64.b64decode(head["salt"], validate=True), int(head["n"])
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError("the beginning of the backup was changed: take another copy of it") from error
    if not (1024 <= cost <= _COST_MAX and cost & (cost - 1) == 0) or (head.get("r"), head.get("p")) != (8, 1):
        raise BackupError("the beginning of the backup asks for too much memory: take another copy of it")
    return magic + line, salt, cost


def _keys(passphrase: str, salt: bytes, cost: int) -> tuple[bytes, bytes]:
    found = hashlib.scrypt(passphrase.encode(), salt=salt, n=cost, r=8, p=1, maxmem=256 * cost * 8, dklen=64)
    return found[:32], found[32:]


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
