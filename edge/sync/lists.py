"""A part of a signed list, opened in two steps: anyone may check the signature, only the site's key opens the seal."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.codec import BadMessage
from contract.messages import ListKind
from contract.parts import Content, SealedPart, open_part, read_part
from contract.signing import BadSeal, BadSignature

VERSION_MAX = 2**53
"""What every JSON reader and SQLite can count to."""


class ListRefused(ValueError):
    """A list that must not be believed; the text says why."""


def signed_part(body: bytes, kind: ListKind, site_id: str, key: Ed25519PublicKey) -> SealedPart:
    """One part as HQ signed it, still sealed. Raises ListRefused."""
    try:
        part = read_part(body, kind, key)
    except (BadSignature, BadMessage) as error:
        raise ListRefused(str(error)) from error
    if part.header.kind is not kind:
        raise ListRefused(f"a {part.header.kind.value} came on the channel of the {kind.value}")
    if part.header.site_id != site_id:
        raise ListRefused(f"the {kind.value} is for site {part.header.site_id}, this is {site_id}")
    if part.header.list_version > VERSION_MAX:
        raise ListRefused(f"the {kind.value} has a version above {VERSION_MAX}: nothing could ever be newer")
    return part


def content(part: SealedPart, key: X25519PrivateKey) -> Content:
    """What the seal holds. Raises ListRefused."""
    header = part.header
    try:
        found = open_part(part, key)
    except (BadSeal, BadMessage) as error:
        raise ListRefused(str(error)) from error
    inside = (found.snapshot.site_id, found.snapshot.list_version, found.snapshot.issued_utc)
    if inside != (header.site_id, header.list_version, header.issued_utc):
        raise ListRefused(f"the {header.kind.value} inside the seal is another than the header says")
    return found
