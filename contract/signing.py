"""Signatures and sealing.

A signature (Ed25519, RFC 8032) proves that HQ said it; a seal (HPKE base mode, RFC 9180: X25519, HKDF-SHA256,
AES-256-GCM) lets only the addressee read it. Lists are sealed first and signed after, so that whoever carries
them can neither read nor change them. Each use has its own context string, so that one kind of message can
never be passed off as another.
"""

from pathlib import Path

from cryptography.exceptions import InvalidSignature
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
"""Purpose of the seal around an `EnrolmentRecord`. All other purposes are names of channels (`contract.topics`)."""

COMMISSIONING = "commissioning"
"""Purpose of a gate's own signature under a `CommissioningRecord`."""

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

_SIGNATURE_BYTES = 64

PrivateKey = Ed25519PrivateKey | X25519PrivateKey
PublicKey = Ed25519PublicKey | X25519PublicKey


class BadSignature(ValueError):
    """The envelope is broken, or was not signed by the expected key for this purpose."""


class BadSeal(ValueError):
    """The sealed payload is broken, or was sealed for another reader or purpose."""


class BadKey(ValueError):
    """A key file that is missing, unreadable, or of the wrong type."""


class SignedEnvelope(BaseModel):
    """What HQ signed: `signature` (Ed25519, 64 bytes) covers `sitegate/v1/sign/<purpose>`, a zero byte and the payload's bytes."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64")

    version: str = Field(default="1.0", pattern=r"^1\.\d+$")
    purpose: str
    payload: bytes
    signature: bytes


def sign(payload: bytes, purpose: str, key: Ed25519PrivateKey) -> bytes:
    """A signed envelope (JSON bytes) around the payload. `purpose` is the channel's name, e.g. "roster"."""
    signature = key.sign(_to_sign(payload, purpose))
    return SignedEnvelope(purpose=purpose, payload=payload, signature=signature).model_dump_json().encode()


def verify(envelope: bytes, purpose: str, key: Ed25519PublicKey) -> bytes:
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


def verify_detached(signature: bytes, payload: bytes, purpose: str, key: Ed25519PublicKey) -> None:
    """Raises BadSignature unless `key` signed this payload for this purpose."""
    _verify(signature, payload, purpose, key)


def sign_raw(payload: bytes, purpose: str, key: Ed25519PrivateKey) -> bytes:
    """The payload behind its signature, without an envelope: for what is large and not JSON."""
    return key.sign(_to_sign(payload, purpose)) + payload


def verify_raw(signed: bytes, purpose: str, key: Ed25519PublicKey) -> bytes:
    """The payload that `sign_raw` signed. Raises BadSignature."""
    signature, payload = signed[:_SIGNATURE_BYTES], signed[_SIGNATURE_BYTES:]
    _verify(signature, payload, purpose, key)
    return payload


def seal(payload: bytes, purpose: str, reader: X25519PublicKey) -> bytes:
    """The payload, readable only with the reader's private key and for the same purpose."""
    return bytes(_SUITE.encrypt(payload, reader, info=_context(purpose)))


def unseal(sealed: bytes, purpose: str, key: X25519PrivateKey) -> bytes:
    """The payload of a seal made for `key`. Raises BadSeal."""
    try:
        return bytes(_SUITE.decrypt(sealed, key, info=_context(purpose)))
    except Exception as error:
        raise BadSeal(f"the {purpose} is not sealed for this key: check keys.site_private_path") from error


def write_key_pair(key: PrivateKey, private_path: Path, public_path: Path) -> None:
    """Both halves as PEM files; the private one readable by its owner only."""
    private_path.touch(mode=0o600, exist_ok=False)
    private_path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public_path.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def read_signing_private(path: Path) -> Ed25519PrivateKey:
    key = _load(path, private=True)
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey(f"{path} is not an Ed25519 private key")
    return key


def read_signing_public(path: Path) -> Ed25519PublicKey:
    key = _load(path, private=False)
    if not isinstance(key, Ed25519PublicKey):
        raise BadKey(f"{path} is not an Ed25519 public key")
    return key


def read_sealing_private(path: Path) -> X25519PrivateKey:
    key = _load(path, private=True)
    if not isinstance(key, X25519PrivateKey):
        raise BadKey(f"{path} is not an X25519 private key")
    return key


def read_sealing_public(path: Path) -> X25519PublicKey:
    key = _load(path, private=False)
    if not isinstance(key, X25519PublicKey):
        raise BadKey(f"{path} is not an X25519 public key")
    return key


def _load(path: Path, *, private: bool) -> object:
    try:
        data = path.read_bytes()
        return load_pem_private_key(data, password=None) if private else load_pem_public_key(data)
    except OSError as error:
        raise BadKey(f"cannot read the key file {path}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise BadKey(f"{path} is not a PEM key file") from error


def _verify(signature: bytes, payload: bytes, purpose: str, key: Ed25519PublicKey) -> None:
    try:
        key.verify(signature, _to_sign(payload, purpose))
    except InvalidSignature as error:
        signer = "the key it names" if purpose == COMMISSIONING else "HQ's key: check keys.hq_signing_public_path"
        raise BadSignature(f"the {purpose} is not signed by {signer}") from error


def _context(purpose: str) -> bytes:
    return b"sitegate/v1/seal/" + purpose.encode()


def _to_sign(payload: bytes, purpose: str) -> bytes:
    return b"sitegate/v1/sign/" + purpose.encode() + b"\0" + payload
