"""Signatures and sealing.

A signature (Ed25519, RFC 8032) proves that HQ said it; a seal (HPKE base mode, RFC 9180: X25519, HKDF-SHA256,
AES-256-GCM) lets only the addressee read it. Lists are sealed first and signed after, so that whoever carries
them can neither read nor change them. Each use has its own context string, so that one kind of message can
never be passed off as another.

A key file holds one PEM block or several, of one kind. So a key can follow another without a gap: both are held for a
while. Where only one can be used, to sign or to seal, it is the first.
"""

import hashlib
import re
from pathlib import Path
from typing import Protocol, TypeVar

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from pydantic import BaseModel, ConfigDict, Field, ValidationError

ENROLMENT = "enrolment"
"""Purpose of the seal around an `EnrolmentRecord`. Other purposes are names of channels (`contract.topics`), or of what
lists travel in: "roster part", "roster delta" and the like (`contract.parts`, `contract.deltas`)."""

COMMISSIONING = "commissioning"
"""Purpose of a gate's own signature under a `CommissioningRecord`."""

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

_SIGNATURE_BYTES = 64

KEYS_MAX = 4
"""In one file: more are no rotation but a heap."""

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)

PrivateKey = Ed25519PrivateKey | X25519PrivateKey
PublicKey = Ed25519PublicKey | X25519PublicKey
K = TypeVar("K", Ed25519PrivateKey, Ed25519PublicKey, X25519PrivateKey, X25519PublicKey)


class BadSignature(ValueError):
    """The envelope is broken, or was not signed by the expected key for this purpose."""


class BadSeal(ValueError):
    """The sealed payload is broken, or was sealed for another reader or purpose."""


class BadKey(ValueError):
    """A key file that is missing, unreadable, or of the wrong type."""


class Verifier(Protocol):
    """One public key, or all that are trusted (`contract.keyring.TrustedKeys`)."""

    def verify(self, signature: bytes, data: bytes, /) -> None:
        """Raises cryptography's InvalidSignature unless one of the keys made this signature."""


class Opener(Protocol):
    """Several private keys, any of which may open a seal (`contract.keyring.OpeningKeys`)."""

    def current(self) -> tuple[X25519PrivateKey, ...]: ...


class SignedEnvelope(BaseModel):
    """What HQ signed: `signature` (Ed25519, 64 bytes) covers `sitegate/v1/sign/<purpose>`, a zero byte and the payload's bytes."""

    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64"
    )

    version: str = Field(default="1.0", pattern=r"^1\.\d+$")
    purpose: str
    payload: bytes
    signature: bytes


def sign(payload: bytes, purpose: str, key: Ed25519PrivateKey) -> bytes:
    """A signed envelope (JSON bytes) around the payload. `purpose` is the channel's name, e.g. "roster"."""
    signature = key.sign(_to_sign(payload, purpose))
    return SignedEnvelope(purpose=purpose, payload=payload, signature=signature).model_dump_json().encode()


def verify(envelope: bytes, purpose: str, key: Verifier) -> bytes:
    """The payload of an envelope signed by `key` for `purpose`. Raises BadSignature."""
    try:
        signed = SignedEnvelope.model_validate_json(envelope)
    except ValidationError as error:
        raise BadSignature(f"not a signed {purpose} envelope ({error.error_count()} problems)") from error
    if signed.purpose != purpose:
        raise BadSignature(f"signed as {signed.purpose[:40]!r}, expected {purpose!r}")
    _verify(signed.signature, signed.payload, purpose, key)
    return signed.payload


def sign_detached(payload: bytes, purpose: str, key: Ed25519PrivateKey) -> bytes:
    """The bare signature (64 bytes) where an envelope would be too large: in a QR code."""
    return key.sign(_to_sign(payload, purpose))


def verify_detached(signature: bytes, payload: bytes, purpose: str, key: Verifier) -> None:
    """Raises BadSignature unless `key` signed this payload for this purpose."""
    _verify(signature, payload, purpose, key)


def sign_raw(payload: bytes, purpose: str, key: Ed25519PrivateKey) -> bytes:
    """The payload behind its signature, without an envelope: for what is large and not JSON."""
    return key.sign(_to_sign(payload, purpose)) + payload


def verify_raw(signed: bytes, purpose: str, key: Verifier) -> bytes:
    """The payload that `sign_raw` signed. Raises BadSignature."""
    signature, payload = signed[:_SIGNATURE_BYTES], signed[_SIGNATURE_BYTES:]
    _verify(signature, payload, purpose, key)
    return payload


def seal(payload: bytes, purpose: str, reader: X25519PublicKey) -> bytes:
    """The payload, readable only with the reader's private key and for the same purpose."""
    return bytes(_SUITE.encrypt(payload, reader, info=_context(purpose)))


def unseal(sealed: bytes, purpose: str, key: X25519PrivateKey | Opener) -> bytes:
    """The payload of a seal made for `key`, or for any of several. Raises BadSeal."""
    for one in (key,) if isinstance(key, X25519PrivateKey) else key.current():
        try:
            return bytes(_SUITE.decrypt(sealed, one, info=_context(purpose)))
        except Exception:  # noqa: BLE001 - the library tells a wrong key and a broken seal by many types
            continue
    raise BadSeal(f"the {purpose} is not sealed for this key: check keys.site_private_path")


def key_id(key: PrivateKey | PublicKey) -> str:
    """By what people and messages name a key: the first 16 hex digits of the SHA-256 of the raw public key."""
    public = key.public_key() if isinstance(key, PrivateKey) else key
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]


def private_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(key: PrivateKey) -> bytes:
    """Of the public half."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def write_key_pair(key: PrivateKey, private_path: Path, public_path: Path) -> None:
    """Both halves as PEM files; the private one readable by its owner only."""
    private_path.touch(mode=0o600, exist_ok=False)
    private_path.write_bytes(private_pem(key))
    public_path.write_bytes(public_pem(key))


def read_signing_private(path: Path) -> Ed25519PrivateKey:
    """The first key of the file, as of the functions below. Raises BadKey, as they all do."""
    return signing_privates(path)[0]


def read_signing_public(path: Path) -> Ed25519PublicKey:
    return signing_publics(path)[0]


def read_sealing_private(path: Path) -> X25519PrivateKey:
    return sealing_privates(path)[0]


def read_sealing_public(path: Path) -> X25519PublicKey:
    return sealing_publics(path)[0]


def signing_privates(path: Path) -> tuple[Ed25519PrivateKey, ...]:
    """All keys of the file, in its order: one at least, KEYS_MAX at most. Raises BadKey, as all of these do."""
    return _load(path, Ed25519PrivateKey)  # type: ignore[type-abstract]


def signing_publics(path: Path) -> tuple[Ed25519PublicKey, ...]:
    return _load(path, Ed25519PublicKey)  # type: ignore[type-abstract]


def sealing_privates(path: Path) -> tuple[X25519PrivateKey, ...]:
    return _load(path, X25519PrivateKey)  # type: ignore[type-abstract]


def sealing_publics(path: Path) -> tuple[X25519PublicKey, ...]:
    return _load(path, X25519PublicKey)  # type: ignore[type-abstract]


def _load(path: Path, kind: type[K]) -> tuple[K, ...]:
    words = f"an {kind.__name__.replace('P', ' p', 1).replace('Key', ' key')}"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadKey(f"cannot read the key file {path}: {error.strerror}") from error
    blocks = [found.group() for found in _BLOCK.finditer(data)]
    if not blocks or _BLOCK.sub(b"", data).strip():
        raise BadKey(f"{path} is not a PEM key file" + (": something stands outside its blocks" if blocks else ""))
    if len(blocks) > KEYS_MAX:
        raise BadKey(f"{path} holds {len(blocks)} keys, {KEYS_MAX} at most: remove those that are no longer used")
    found: dict[str, K] = {}
    for number, block in enumerate(blocks, start=1):
        where = f"{path}, block {number}," if len(blocks) > 1 else str(path)
        key = _key(block, where)
        if not isinstance(key, kind):
            raise BadKey(f"{where} is not {words}")
        if key_id(key) in found:
            raise BadKey(f"{where} is key {key_id(key)} a second time: remove it")
        found[key_id(key)] = key
    return tuple(found.values())


def _key(block: bytes, where: str) -> object:
    try:
        if b"PRIVATE KEY" in block.partition(b"\n")[0]:
            return load_pem_private_key(block, password=None)
        return load_pem_public_key(block)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey(f"{where} is not a PEM key: it is broken, or has a password") from error


def _verify(signature: bytes, payload: bytes, purpose: str, key: Verifier) -> None:
    try:
        key.verify(signature, _to_sign(payload, purpose))
    except InvalidSignature as error:
        signer = "the key it names" if purpose == COMMISSIONING else "HQ's key: check keys.hq_signing_public_path"
        raise BadSignature(f"the {purpose} is not signed by {signer}") from error


def _context(purpose: str) -> bytes:
    return b"sitegate/v1/seal/" + purpose.encode()


def _to_sign(payload: bytes, purpose: str) -> bytes:
    return b"sitegate/v1/sign/" + purpose.encode() + b"\0" + payload
