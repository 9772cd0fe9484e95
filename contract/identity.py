"""By what HQ knows a gate: signatures inside the messages that go up, and the one-time code that registers its keys.

A gate has two keys. The gate process signs the journal with the *gate key*: a signature under one record covers all before
it. The network process signs what it says itself with the *link key*. So a network process that was taken over can invent no event.

Messages that go up are plain JSON since 1.0, and an older HQ must go on reading them. So a signature is their last field
and covers all bytes before it: no second way to write the same JSON can matter.
"""

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from contract.messages import Id, Sha256
from contract.signing import BadSignature, Verifier, sign_detached, verify_detached

HEAD = "journal head"
"""Purpose of the gate's signature under a record of its journal; the other purposes are names of channels."""

ERASURE = "journal erasure"
"""Purpose of the gate's signature under an erased record."""

CODE_SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is mistaken for a digit."""
CODE_LENGTH = 12
"""60 bits of chance."""
_READ_AS = str.maketrans("OIL", "011", "- \t")

_FIELD, _PROOF = b',"signature":"', b',"proof":"'
_TAIL = len(_FIELD) + 88 + 2
_PROOF_TAIL = len(_PROOF) + 64 + 2


class Unsigned(BadSignature):
    """A message without a signature: of a gate before version 1.3, or not of a gate."""


def head(site_id: Id, gate_id: Id, epoch: Id, seq: int, digest: Sha256) -> bytes:
    """What the gate's key signs of a record: lines, since no id holds a newline. `digest`: the record's hash, in hex."""
    return "\n".join((site_id, gate_id, epoch, str(seq), digest)).encode()


def sign_head(head: bytes, key: Ed25519PrivateKey) -> bytes:
    return sign_detached(head, HEAD, key)


def verify_head(signature: bytes, head: bytes, key: Verifier) -> None:
    """Raises BadSignature."""
    verify_detached(signature, head, HEAD, key)


def erasure(head: bytes, prev_hash: Sha256, body: str) -> bytes:
    """What the gate's key signs of an erased record: that this `body` is what it left of the record with this `head`, which follows
    `prev_hash`. Its hash proves neither any more: without this signature a network process that was taken over could pass any
    event off as an erased one, or have it continue another chain."""
    return b"\n".join((head, prev_hash.encode(), hashlib.sha256(body.encode()).hexdigest().encode()))


def sign_erasure(erasure: bytes, key: Ed25519PrivateKey) -> bytes:
    return sign_detached(erasure, ERASURE, key)


def verify_erasure(signature: bytes, erasure: bytes, key: Verifier) -> None:
    """Raises BadSignature."""
    verify_detached(signature, erasure, ERASURE, key)


def sign_message(payload: bytes, purpose: str, key: Ed25519PrivateKey) -> bytes:
    """The JSON object with the signature as its last field. `purpose`: the channel's name."""
    signed = payload.removesuffix(b"}")
    signature = base64.urlsafe_b64encode(sign_detached(signed, purpose, key))
    return signed + _FIELD + signature + b'"}'


def verify_message(payload: bytes, purpose: str, key: Verifier) -> None:
    """Raises BadSignature; Unsigned if there is none where it must stand."""
    signed, tail = payload[:-_TAIL], payload[-_TAIL:]
    if not (tail.startswith(_FIELD) and tail.endswith(b'"}')):
        raise Unsigned(f"the {purpose} is not signed")
    try:
        signature = base64.b64decode(tail[len(_FIELD) : -2], altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise BadSignature(f"the {purpose} has no readable signature") from error
    verify_detached(signature, signed, purpose, key)


def new_code() -> str:
    """A one-time code in groups, as it is read aloud: "7K2M-9QX4-TBHW"."""
    return grouped("".join(secrets.choice(CODE_SYMBOLS) for _ in range(CODE_LENGTH)))


def grouped(symbols: str) -> str:
    """In groups of four, for people."""
    return "-".join(symbols[at : at + 4] for at in range(0, len(symbols), 4))


def code_key(code: str, site_id: Id, gate_id: Id) -> bytes:
    """The key that a code stands for, at this gate alone (32 bytes, scrypt: n = 2^15, r = 8, p = 1). Slow, so that a message
    seen on the way does not let the code be guessed while it is valid. Raises ValueError if it is no code."""
    symbols = code.upper().translate(_READ_AS)
    if len(symbols) != CODE_LENGTH or set(symbols) - set(CODE_SYMBOLS):
        raise ValueError(f"a code has {CODE_LENGTH} letters and digits, such as 7K2M-9QX4-TBHW")
    salt = f"sitegate/v1/register\n{site_id}\n{gate_id}".encode()
    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(symbols.encode())


def prove(payload: bytes, key: bytes) -> bytes:
    """The JSON object with its HMAC by the code's key as the last field."""
    proven = payload.removesuffix(b"}")
    return proven + _PROOF + hmac.new(key, proven, hashlib.sha256).hexdigest().encode() + b'"}'


def proven(payload: bytes, key: bytes) -> bool:
    """Whether `prove` made this with the same key."""
    said, tail = payload[:-_PROOF_TAIL], payload[-_PROOF_TAIL:]
    expected = hmac.new(key, said, hashlib.sha256).hexdigest().encode()
    return hmac.compare_digest(tail, _PROOF + expected + b'"}')


def fingerprint(gate_key: bytes, link_key: bytes) -> str:
    """Of both keys of a gate, in groups to be read aloud: 20 symbols, 100 bits of their SHA-256."""
    digest = int.from_bytes(hashlib.sha256(b"sitegate/v1/gate\0" + gate_key + link_key).digest())
    return grouped("".join(CODE_SYMBOLS[digest >> 256 - 5 * at & 31] for at in range(1, 21)))


def same_fingerprint(told: str, gate_key: bytes, link_key: bytes) -> bool:
    """Whether somebody read this fingerprint aloud, however it was written down."""
    return told.upper().translate(_READ_AS) == fingerprint(gate_key, link_key).replace("-", "")
