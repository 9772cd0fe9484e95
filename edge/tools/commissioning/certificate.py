"""Make the certificate: one HTML page to print, with the signed record inside, so that it proves itself."""

import base64
import hashlib
import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jinja2 import Environment, PackageLoader, StrictUndefined

from contract.codec import BadMessage, decode
from contract.messages import CommissioningRecord, CommissioningStep, StepState
from contract.signing import COMMISSIONING, BadSignature, verify

_RECORD = re.compile(
    r'<script type="application/json" id="signed-record" data-key="([0-9a-f]{64})">([A-Za-z0-9+/=]+)</script>'
)


class NotACertificate(ValueError):
    """A page that is not one of our certificates, or one that was changed; the text says which."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """The content of a certificate, its signature checked against the key it names."""

    record: CommissioningRecord
    fingerprint: str


def photo_let_in(step: CommissioningStep) -> bool:
    """True for the step in which a photo of a worker was let in, as the configuration says."""
    return step.name == "photo" and step.state is StepState.NOT_FITTED


def public_bytes(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def fingerprint(public_key: bytes) -> str:
    """SHA-256 of the raw public key, the first 16 hex digits in groups: two people can compare it by eye."""
    digest = hashlib.sha256(public_key).hexdigest()[:16]
    return " ".join(digest[i : i + 4] for i in range(0, 16, 4))


def html(record: CommissioningRecord, envelope: bytes, public_key: bytes) -> str:
    """Render the page. `envelope` is the signed record."""
    environment = Environment(
        loader=PackageLoader("edge.tools.commissioning"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("certificate.html").render(
        record=record,
        photo_let_in=photo_let_in,
        fingerprint=fingerprint(public_key),
        key=public_key.hex(),
        envelope=base64.b64encode(envelope).decode(),
    )


def read(page: str) -> Certificate:
    """Read the record in a page and verify it. Raises NotACertificate."""
    found = _RECORD.search(page)
    if found is None:
        raise NotACertificate("there is no signed record in it: not a certificate of sitegate commission")
    public_key = bytes.fromhex(found[1])
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        record = decode(CommissioningRecord, verify(base64.b64decode(found[2]), COMMISSIONING, key))
    except (BadSignature, BadMessage, ValueError) as error:
        raise NotACertificate(
            "the signature does not fit: the record was changed, or not signed by this key"
        ) from error
    return Certificate(record, fingerprint(public_key))
