"""The text of a QR code that proves at a gate who learned. HQ makes and signs it; it opens nothing.

The text is "SGT1:" and base32 of body and signature, as in `contract.code`. An older gate ignores it.

The body, big-endian:

- issued: 4 bytes, seconds since 1970-01-01 UTC. Not valid before.
- valid_s: 2 bytes, seconds from `issued` on.
- nonce: 4 bytes, random.
- step: 1 byte. 0 proof, 1 start, 2 moment, 3 end.
- session_id: 1 byte length, then ASCII.
- worker_id: the same. Length 0: the code of a class, where the face names the worker.
- site_id: the same. Length 0: any site.

The signature: 64 bytes, Ed25519 by HQ's key over "sitegate/v1/sign/training_code", a zero byte, and the body.
"""

import hashlib
import secrets
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ConfigDict, TypeAdapter

from contract.code import opened_text, seconds_valid, signed_text, take_text
from contract.messages import Id, TrainingStep
from contract.signing import Verifier

TRAINING_PREFIX = "SGT1:"
TRAINING_PURPOSE = "training_code"

_STEPS = (TrainingStep.PROOF, TrainingStep.START, TrainingStep.MOMENT, TrainingStep.END)
_HEAD = struct.Struct(">IHIB")
_id = TypeAdapter[str](Id, config=ConfigDict(hide_input_in_errors=True))


@dataclass(frozen=True, slots=True)
class TrainingCode:
    """The content of a code. `worker_id` is empty in the code of a class, `site_id` where any site counts. Times are
    whole seconds. `ref` is unique for ever."""

    session_id: str
    step: TrainingStep
    worker_id: str
    site_id: str
    issued_utc: datetime
    expires_utc: datetime
    nonce: int = field(default_factory=lambda: secrets.randbits(32), repr=False)

    @property
    def ref(self) -> str:
        """The gate remembers this text when the code was used. It depends on the content only."""
        return f"training-{hashlib.sha256(_body(self)).hexdigest()[:32]}"


def make_training_code(code: TrainingCode, key: Ed25519PrivateKey) -> str:
    """Return the text of the QR code. Raises ValueError for ids, times or a validity that a code cannot hold."""
    return signed_text(_body(code), TRAINING_PREFIX, TRAINING_PURPOSE, key)


def read_training_code(text: str, key: Verifier) -> TrainingCode:
    """Check the signature and return the content. The gate decides whether it is valid here and now. Raises
    BadCode."""
    return opened_text(text, TRAINING_PREFIX, TRAINING_PURPOSE, key, _unpacked)


def _body(code: TrainingCode) -> bytes:
    valid_s = seconds_valid(code.issued_utc, code.expires_utc)
    head = _HEAD.pack(int(code.issued_utc.timestamp()), valid_s, code.nonce, _STEPS.index(code.step))
    optional = (_id.validate_python(text) if text else "" for text in (code.worker_id, code.site_id))
    ids = (_id.validate_python(code.session_id), *optional)
    return head + b"".join(bytes([len(text)]) + text.encode("ascii") for text in ids)


def _unpacked(body: bytes) -> TrainingCode:
    issued_s, valid_s, nonce, step = _HEAD.unpack_from(body)
    session_id, rest = take_text(body[_HEAD.size :])
    worker_id, rest = take_text(rest)
    site_id, rest = take_text(rest)
    if rest:
        raise ValueError("more than a code")
    issued = datetime.fromtimestamp(issued_s, UTC)
    expires = issued + timedelta(seconds=valid_s)
    code = TrainingCode(session_id, _STEPS[step], worker_id, site_id, issued, expires, nonce)
    if _body(code) != body:
        raise ValueError("not as HQ writes it")
    return code
