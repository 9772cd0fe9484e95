"""What another maker's HQ or gate needs to check, written from docs/MESSAGES.md alone: nothing of this project is
imported."""

import base64
import hashlib
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite


def examples(page: str) -> dict[str, dict[str, str]]:
    """Title -> name -> value of every worked example on the page."""
    found = {}
    for section in page.partition("## Examples")[2].split("\n### ")[1:]:
        block = section.partition("```text\n")[2].partition("\n```")[0]
        found[section.splitlines()[0]] = dict(line.split(": ", 1) for line in block.splitlines())
    return found


def read_signed(received: str, purpose: str, hq_public_key: bytes) -> dict[str, object]:
    """The message in a signed envelope; raises InvalidSignature."""
    envelope = json.loads(received)
    payload, signature = (base64.urlsafe_b64decode(envelope[name]) for name in ("payload", "signature"))
    signed = b"sitegate/v1/sign/" + purpose.encode() + b"\0" + payload
    Ed25519PublicKey.from_public_bytes(hq_public_key).verify(signature, signed)
    return dict(json.loads(payload))


def chain_hash(previous: str, body: str) -> str:
    """What the `hash` of a record must be."""
    return hashlib.sha256(bytes.fromhex(previous) + body.encode()).hexdigest()


def open_part(received: bytes, kind: str, hq_public_key: bytes, site_key: bytes) -> tuple[object, object, bytes]:
    """(header, list, vectors) of one part of a list; raises InvalidSignature, InvalidTag."""
    purpose = f"{kind} part".encode()
    signature, signed = received[:64], received[64:]
    Ed25519PublicKey.from_public_bytes(hq_public_key).verify(signature, b"sitegate/v1/sign/" + purpose + b"\0" + signed)
    header, _, sealed = signed.partition(b"\n")
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    key = X25519PrivateKey.from_private_bytes(site_key)
    content, _, vectors = suite.decrypt(sealed, key, info=b"sitegate/v1/seal/" + purpose).partition(b"\n")
    return json.loads(header), json.loads(content), vectors


def verify_message(received: bytes, purpose: str, public_key: bytes) -> None:
    """A gate's status, health or request, whose last field signs all before it; raises InvalidSignature."""
    signed, _, signature = received.rpartition(b',"signature":"')
    to_verify = b"sitegate/v1/sign/" + purpose.encode() + b"\0" + signed
    Ed25519PublicKey.from_public_bytes(public_key).verify(base64.urlsafe_b64decode(signature[:-2]), to_verify)


def verify_head(head: str, signature: bytes, gate_key: bytes) -> None:
    """The gate's signature under a record of its journal; raises InvalidSignature."""
    Ed25519PublicKey.from_public_bytes(gate_key).verify(signature, b"sitegate/v1/sign/journal head\0" + head.encode())
