"""How HQ recognises a gate: signatures inside the messages that go up, and the one-time code that registers its keys.

A gate has two keys. The gate process signs the journal with the *gate key*: a signature under one record covers all
records before it. The network process signs its own messages with the *link key*. So a network process under an
attacker's control cannot invent an event.

Messages that go up are plain JSON since 1.0, and an older HQ must still read them. So the signature is their last
field, and covers all bytes before it. It does not depend on how JSON is written.
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
"""Purpose of the gate's signature under a record of its journal. Other purposes are names of channels."""

ERASURE = "journal erasure"
"""Purpose of the gate's signature under an erased record."""

CODE_SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: it has no letter that looks like a digit."""
CODE_LENGTH = 12
"""60 random bits."""
_READ_AS = str.maketrans("OIL", "011", "- \t")

_FIELD, _PROOF = b',"signature":"', b',"proof":"'
_TAIL = len(_FIELD) + 88 + 2
_PROOF_TAIL = len(_PROOF) + 64 + 2


class Unsigned(BadSignature):
    """The message has no signature. A gate before version 1.3 sent it, or something that is not a gate."""


def head(site_id: Id, gate_id: Id, epoch: Id, seq: int, digest: Sha256) -> bytes:
    """Return the bytes of a record that the gate's key signs: lines, because no id holds a newline. `digest`: the
    record's hash, in hex."""
    return "\n".join((site_id, gate_id, epoch, str(seq), digest)).encode()


def sign_head(head: bytes, key: Ed25519PrivateKey) -> bytes:
    """Return the gate's signature of a head."""
    return sign_detached(head, HEAD, key)


def verify_head(signature: bytes, head: bytes, key: Verifier) -> None:
    """Check the gate's signature of a head. Raises BadSignature."""
    verify_detached(signature, head, HEAD, key)


def erasure(head: bytes, prev_hash: Sha256, body: str) -> bytes:
    """Return the bytes of an erased record that the gate's key signs: `head`, hash before it, and the remaining `body`.

    The hash of an erased record proves neither its body nor its place. Without this signature an attacker in the
    network process could replace any event by an "erased" one, or move it to another chain."""
    return b"\n".join((head, prev_hash.encode(), hashlib.sha256(body.encode()).hexdigest().encode()))


def sign_erasure(erasure: bytes, key: Ed25519PrivateKey) -> bytes:
    """Return the gate's signature of an erasure."""
    return sign_detached(erasure, ERASURE, key)


def verify_erasure(signature: bytes, erasure: bytes, key: Verifier) -> None:
    """Check the gate's signature of an erasure. Raises BadSignature."""
    verify_detached(signature, erasure, ERASURE, key)


def sign_message(payload: bytes, purpose: str, key: Ed25519PrivateKey) -> bytes:
    """Return the JSON object with the signature as its last field. `purpose`: the channel's name."""
    signed = payload.removesuffix(b"}")
    signature = base64.urlsafe_b64encode(sign_detached(signed, purpose, key))
    return signed + _FIELD + signature + b'"}'


def verify_message(payload: bytes, purpose: str, key: Verifier) -> None:
    """Check the signature in the last field. Raises Unsigned if there is none, BadSignature if it is wrong."""
    signed, tail = payload[:-_TAIL], payload[-_TAIL:]
    if not (tail.startswith(_FIELD) and tail.endswith(b'"}')):
        raise Unsigned(f"the {purpose} is not signed")
    try:
        signature = base64.b64decode(tail[len(_FIELD) : -2], altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise BadSignature(f"the {purpose} has no readable signature") from error
    verify_detached(signature, signed, purpose, key)


def new_code() -> str:
    """Return a new one-time code in groups, for reading aloud: "7K2M-9QX4-TBHW"."""
    return grouped("".join(secrets.choice(CODE_SYMBOLS) for _ in range(CODE_LENGTH)))


def grouped(symbols: str) -> str:
    """Return the symbols in groups of four, for people."""
    return "-".join(symbols[at : at + 4] for at in range(0, len(symbols), 4))


def code_key(code: str, site_id: Id, gate_id: Id) -> bytes:
    """Return the key of a code, for this gate alone: 32 bytes, scrypt (n=2^15, r=8, p=1).

    Slow on purpose. Somebody who reads the registration on its way must not find the code in time.
    Raises ValueError if the text is not a code."""
    symbols = code.upper().translate(_READ_AS)
    if len(symbols) != CODE_LENGTH or set(symbols) - set(CODE_SYMBOLS):
        raise ValueError(f"a code has {CODE_LENGTH} letters and digits, such as 7K2M-9QX4-TBHW")
    salt = f"sitegate/v1/register\n{site_id}\n{gate_id}".encode()
    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(symbols.encode())


def prove(payload: bytes, key: bytes) -> bytes:
    """Return the JSON object with its HMAC, by the code's key, as the last field."""
    proven = payload.removesuffix(b"}")
    return proven + _PROOF + hmac.new(key, proven, hashlib.sha256).hexdigest().encode() + b'"}'


def proven(payload: bytes, key: bytes) -> bool:
    """Return True if `prove` made this with the same key."""
    said, tail = payload[:-_PROOF_TAIL], payload[-_PROOF_TAIL:]
    expected = hmac.new(key, said, hashlib.sha256).hexdigest().encode()
    return hmac.compare_digest(tail, _PROOF + expected + b'"}')


def fingerprint(gate_key: bytes, link_key: bytes) -> str:
    """Return the fingerprint of both keys of a gate: 20 symbols in groups, for reading aloud. They are 100 bits of a
    SHA-256."""
    digest = int.from_bytes(hashlib.sha256(b"sitegate/v1/gate\0" + gate_key + link_key).digest())
    return grouped("".join(CODE_SYMBOLS[digest >> 256 - 5 * at & 31] for at in range(1, 21)))


def same_fingerprint(said: str, gate_key: bytes, link_key: bytes) -> bool:
    """Return True if `said` is this fingerprint. Case, spaces, dashes and letters that look like digits do not
    matter."""
    return said.upper().translate(_READ_AS) == fingerprint(gate_key, link_key).replace("-", "")
