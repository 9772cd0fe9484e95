"""The envelope of a list: `signature ‖ header as JSON ‖ newline ‖ sealed`. Compact JSON holds no newline, so the first
newline ends the header. Nothing is base64: templates travel as they are stored.
"""

import hashlib
from dataclasses import dataclass
from typing import Generic, TypeVar

from contract.codec import MAX_BYTES, BadMessage, decode, encode
from contract.messages import Message, SnapshotHeader
from contract.signing import Verifier, verify_raw

SIGNATURE_BYTES = 64
M = TypeVar("M", bound=Message)
H = TypeVar("H", bound=SnapshotHeader)


@dataclass(frozen=True)
class Sealed(Generic[H]):
    """One message with HQ's signature checked, its seal not opened. `fingerprint`: SHA-256 of the seal; it differs for
    each sealing."""

    header: H
    sealed: bytes

    @property
    def fingerprint(self) -> bytes:
        return hashlib.sha256(self.sealed).digest()


def fingerprint(body: bytes) -> bytes:
    """Return the fingerprint of a message that HQ made itself, with its signature not checked."""
    return hashlib.sha256(body[SIGNATURE_BYTES:].partition(b"\n")[2]).digest()


def read_sealed(kind: type[H], body: bytes, purpose: str, key: Verifier) -> Sealed[H]:
    """Check size and signature, and return the message. Raises BadSignature, BadMessage."""
    if len(body) > MAX_BYTES:
        raise BadMessage(f"{len(body)} bytes is over the limit of {MAX_BYTES}")
    return Sealed(*unpack(kind, verify_raw(body, purpose, key)))


def pack(head: Message, tail: bytes) -> bytes:
    """Return JSON, a newline and the raw bytes."""
    return encode(head) + b"\n" + tail


def unpack(kind: type[M], data: bytes) -> tuple[M, bytes]:
    """Return head and raw bytes. Raises BadMessage."""
    head, newline, tail = data.partition(b"\n")
    if not newline:
        raise BadMessage(f"{kind.__name__}: not a JSON head and a newline")
    return decode(kind, head), tail
