"""The text of a QR code that admits one worker once. HQ makes and signs it; it is short-lived; a gate's camera reads
it.

    "SG1:" + base32(body + signature)         base32: RFC 4648 without padding; all of it is QR's alphanumeric mode
    body, big-endian:
      issued      4 bytes   seconds since 1970-01-01 UTC; not valid before
      valid_s     2 bytes   seconds from `issued` on
      nonce       4 bytes   random
      worker_id   1 byte length, then ASCII
      site_id     1 byte length, then ASCII; length 0: any site
    signature     64 bytes  Ed25519 by HQ's key over "sitegate/v1/sign/code", a zero byte, and the body

If both ids together have 17 characters or fewer, a QR code of 41 x 41 modules holds the text (error correction M).
"""

import base64
import binascii
import hashlib
import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ConfigDict, TypeAdapter, ValidationError

from contract.messages import Id
from contract.signing import BadSignature, Verifier, sign_detached, verify_detached

PREFIX = "SG1:"
PURPOSE = "code"
VALID_MAX = timedelta(hours=12)
TEXT_MAX = 400
"""A longer text is refused unread."""

_HEAD = struct.Struct(">IHI")
_SIGNATURE_BYTES = 64
T = TypeVar("T")
_id = TypeAdapter[str](Id, config=ConfigDict(hide_input_in_errors=True))


class BadCode(ValueError):
    """The text is not a code of HQ: it is broken, or HQ did not sign it."""


@dataclass(frozen=True, slots=True)
class Code:
    """The content of a code. `site_id` is empty for a code that is valid at any site. Times are whole seconds. `ref` is
    unique for ever."""

    worker_id: str
    site_id: str
    issued_utc: datetime
    expires_utc: datetime
    nonce: int = field(default_factory=lambda: secrets.randbits(32), repr=False)

    @property
    def ref(self) -> str:
        """The gate remembers this text when the code was used. It depends on the content only, so another spelling is
        the same code."""
        return f"code-{hashlib.sha256(_body(self)).hexdigest()[:32]}"


def make(code: Code, key: Ed25519PrivateKey) -> str:
    """Return the text of the QR code. Raises ValueError for ids, times or a validity that a code cannot hold."""
    return signed_text(_body(code), PREFIX, PURPOSE, key)


def read(text: str, key: Verifier) -> Code:
    """Check the signature and return the content. The gate decides whether it is valid here and now. Raises BadCode."""
    return opened_text(text, PREFIX, PURPOSE, key, _unpacked)


def signed_text(body: bytes, prefix: str, purpose: str, key: Ed25519PrivateKey) -> str:
    """Sign a body for one purpose, and return the text of its QR code."""
    return prefix + base64.b32encode(body + sign_detached(body, purpose, key)).decode().rstrip("=")


def opened_text(text: str, prefix: str, purpose: str, key: Verifier, unpacked: Callable[[bytes], T]) -> T:
    """Check the signature of a QR code's text, and return what `unpacked` reads in its body. Raises BadCode."""
    if not text.startswith(prefix) or len(text) > TEXT_MAX:
        raise BadCode("not a code of sitegate")
    packed = text.removeprefix(prefix)
    try:
        signed = base64.b32decode(packed + "=" * (-len(packed) % 8))
        body, signature = signed[:-_SIGNATURE_BYTES], signed[-_SIGNATURE_BYTES:]
        code = unpacked(body)
    except (binascii.Error, struct.error, IndexError, UnicodeDecodeError, ValidationError, ValueError) as error:
        raise BadCode("the code is broken") from error
    try:
        verify_detached(signature, body, purpose, key)
    except BadSignature as error:
        raise BadCode("the code is not signed by HQ's key") from error
    return code


def seconds_valid(issued_utc: datetime, expires_utc: datetime) -> int:
    """Return for how long a code is valid. Raises ValueError beyond VALID_MAX."""
    valid = expires_utc - issued_utc
    if not timedelta(0) < valid <= VALID_MAX:
        raise ValueError(f"a code is valid for at most {VALID_MAX.total_seconds() / 3600:g} hours, and not for {valid}")
    return int(valid.total_seconds())


def _body(code: Code) -> bytes:
    valid_s = seconds_valid(code.issued_utc, code.expires_utc)
    head = _HEAD.pack(int(code.issued_utc.timestamp()), valid_s, code.nonce)
    ids = (_id.validate_python(code.worker_id), _id.validate_python(code.site_id) if code.site_id else "")
    return head + b"".join(bytes([len(text)]) + text.encode("ascii") for text in ids)


def _unpacked(body: bytes) -> Code:
    issued_s, valid_s, nonce = _HEAD.unpack_from(body)
    worker_id, rest = take_text(body[_HEAD.size :])
    site_id, rest = take_text(rest)
    if rest:
        raise ValueError("more than a code")
    issued = datetime.fromtimestamp(issued_s, UTC)
    code = Code(worker_id, site_id, issued, issued + timedelta(seconds=valid_s), nonce)
    if _body(code) != body:
        raise ValueError("not as HQ writes it")
    return code


def take_text(data: bytes) -> tuple[str, bytes]:
    """Return the first text of a body, and the rest. Raises ValueError, IndexError."""
    end = 1 + data[0]
    if end > len(data):
        raise ValueError("cut off")
    return data[1:end].decode("ascii"), data[end:]
