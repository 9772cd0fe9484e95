"""Signatures and sealing.

A signature (Ed25519, RFC 8032) proves who sent a message. A seal (HPKE base mode, RFC 9180: X25519, HKDF-SHA256,
AES-256-GCM) lets only the addressee read it. Lists are sealed first and then signed: who carries them can neither read
nor change them. Each use has its own context string, so that one kind of message cannot be used as another.

A key file holds one or several PEM blocks of one kind. During a rotation it holds two keys, so that there is no gap.
Where only one key can be used, to sign or to seal, it is the first.
"""

import codecs
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
"""Purpose of the seal around an `EnrolmentRecord`. Other purposes are names of channels (`contract.topics`), or kinds
of list
messages: "roster part", "roster delta" (`contract.parts`, `contract.deltas`)."""

COMMISSIONING = "commissioning"
"""Purpose of the gate's signature under a `CommissioningRecord`."""

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

_SIGNATURE_BYTES = 64

KEYS_MAX = 4
"""Maximum number of keys per file. A rotation needs two."""

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)

PrivateKey = Ed25519PrivateKey | X25519PrivateKey
PublicKey = Ed25519PublicKey | X25519PublicKey
K = TypeVar("K", Ed25519PrivateKey, Ed25519PublicKey, X25519PrivateKey, X25519PublicKey)


class BadSignature(ValueError):
    """The envelope is broken, or the expected key did not sign it for this purpose."""


class BadSeal(ValueError):
    """The sealed payload is broken, or sealed for another reader or purpose."""


class BadKey(ValueError):
    """The key file is missing, unreadable, or of the wrong type."""


class Verifier(Protocol):
    """One public key, or all trusted keys (`contract.keyring.TrustedKeys`)."""

    def verify(self, signature: bytes, data: bytes, /) -> None:
        """Check that one of the keys made this signature. Raises cryptography's InvalidSignature."""


class Opener(Protocol):
    """Several private keys; each may open a seal (`contract.keyring.OpeningKeys`)."""

    def current(self) -> tuple[X25519PrivateKey, ...]: ...


class SignedEnvelope(BaseModel):
    """A signed payload. `signature` (Ed25519, 64 bytes) covers `sitegate/v1/sign/<purpose>`, a zero byte and the
    payload's bytes."""

    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64"
    )

    version: str = Field(default="1.0", pattern=r"^1\.\d+$")
    purpose: str
    payload: bytes
    signature: bytes


def sign(payload: bytes, purpose: str, key: Ed25519PrivateKey) -> bytes:
    """Return a signed envelope (JSON bytes) around the payload. `purpose` is the channel's name, for example "ack"."""
    signature = key.sign(_to_sign(payload, purpose))
    return SignedEnvelope(purpose=purpose, payload=payload, signature=signature).model_dump_json().encode()


def verify(envelope: bytes, purpose: str, key: Verifier) -> bytes:
    """Check that `key` signed the envelope for `purpose`, and return its payload. Raises BadSignature."""
    try:
        signed = SignedEnvelope.model_validate_json(envelope)
    except ValidationError as error:
        raise BadSignature(f"not a signed {purpose} envelope ({error.error_count()} problems)") from error
    if signed.purpose != purpose:
        raise BadSignature(f"signed as {signed.purpose[:40]!r}, expected {purpose!r}")
    _verify(signed.signature, signed.payload, purpose, key)
    return signed.payload


def sign_detached(payload: bytes, purpose: str, key: Ed25519PrivateKey) -> bytes:
    """Return the signature alone (64 bytes), where an envelope would be too large: in a QR code."""
    return key.sign(_to_sign(payload, purpose))


def verify_detached(signature: bytes, payload: bytes, purpose: str, key: Verifier) -> None:
    """Check that `key` signed this payload for this purpose. Raises BadSignature."""
    _verify(signature, payload, purpose, key)


def sign_raw(payload: bytes, purpose: str, key: Ed25519PrivateKey) -> bytes:
    """Return signature and payload without an envelope, for large content that is not JSON."""
    return key.sign(_to_sign(payload, purpose)) + payload


def verify_raw(signed: bytes, purpose: str, key: Verifier) -> bytes:
    """Check what `sign_raw` made, and return the payload. Raises BadSignature."""
    signature, payload = signed[:_SIGNATURE_BYTES], signed[_SIGNATURE_BYTES:]
    _verify(signature, payload, purpose, key)
    return payload


def seal(payload: bytes, purpose: str, reader: X25519PublicKey) -> bytes:
    """Encrypt the payload for the reader's private key and this purpose."""
    return bytes(_SUITE.encrypt(payload, reader, info=_context(purpose)))


def unseal(sealed: bytes, purpose: str, key: X25519PrivateKey | Opener) -> bytes:
    """Decrypt a seal made for `key`, or for any of several keys. Raises BadSeal."""
    for one in (key,) if isinstance(key, X25519PrivateKey) else key.current():
        try:
            return bytes(_SUITE.decrypt(sealed, one, info=_context(purpose)))
        except Exception:  # noqa: BLE001 - the library raises many types for a wrong key or a broken seal
            continue
    whose = "screen" if purpose.startswith("directory ") else "site"
    raise BadSeal(f"the {purpose} is not sealed for this key: check keys.{whose}_private_path")


def key_id(key: PrivateKey | PublicKey) -> str:
    """Return the name of a key for people and messages: 16 hex digits of the raw public key's SHA-256."""
    public = key.public_key() if isinstance(key, PrivateKey) else key
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]


def private_pem(key: PrivateKey) -> bytes:
    """Return the PEM block of the private key, without a password."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(key: PrivateKey) -> bytes:
    """Return the PEM block of the public key."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def write_key_pair(key: PrivateKey, private_path: Path, public_path: Path) -> None:
    """Write both keys of the pair as PEM files. Only the owner may read the private one."""
    private_path.touch(mode=0o600, exist_ok=False)
    private_path.write_bytes(private_pem(key))
    public_path.write_bytes(public_pem(key))


def read_signing_private(path: Path) -> Ed25519PrivateKey:
    """Return the first key of the file. Raises BadKey."""
    return signing_privates(path)[0]


def read_signing_public(path: Path) -> Ed25519PublicKey:
    """Return the first key of the file. Raises BadKey."""
    return signing_publics(path)[0]


def read_sealing_private(path: Path) -> X25519PrivateKey:
    """Return the first key of the file. Raises BadKey."""
    return sealing_privates(path)[0]


def read_sealing_public(path: Path) -> X25519PublicKey:
    """Return the first key of the file. Raises BadKey."""
    return sealing_publics(path)[0]


def signing_privates(path: Path) -> tuple[Ed25519PrivateKey, ...]:
    """Return all keys of the file, in its order: 1 to KEYS_MAX. Raises BadKey."""
    return _load(path, Ed25519PrivateKey)  # type: ignore[type-abstract]


def signing_publics(path: Path) -> tuple[Ed25519PublicKey, ...]:
    """Return all keys of the file, in its order: 1 to KEYS_MAX. Raises BadKey."""
    return _load(path, Ed25519PublicKey)  # type: ignore[type-abstract]


def sealing_privates(path: Path) -> tuple[X25519PrivateKey, ...]:
    """Return all keys of the file, in its order: 1 to KEYS_MAX. Raises BadKey."""
    return _load(path, X25519PrivateKey)  # type: ignore[type-abstract]


def sealing_publics(path: Path) -> tuple[X25519PublicKey, ...]:
    """Return all keys of the file, in its order: 1 to KEYS_MAX. Raises BadKey."""
    return _load(path, X25519PublicKey)  # type: ignore[type-abstract]


def _load(path: Path, kind: type[K]) -> tuple[K, ...]:
    words = f"an {kind.__name__.replace('P', ' p', 1).replace('Key', ' key')}"
    try:
        data = path.read_bytes().replace(codecs.BOM_UTF8, b"")  # editors on Windows begin text files with this mark
    except OSError as error:
        raise BadKey(f"cannot read the key file {path}: {error.strerror}") from error
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadKey(f"{path} is saved as UTF-16: save it as UTF-8")
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
