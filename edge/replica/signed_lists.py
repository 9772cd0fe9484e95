"""Opens parts and changes of signed lists in two steps: any process checks the signature, only the site's key opens
the seal."""

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.codec import BadMessage
from contract.deltas import Changes, SealedDelta, open_delta, read_delta
from contract.messages import DeltaHeader, ListKind, PartHeader, SnapshotHeader
from contract.parts import Content, SealedPart, open_part, read_part
from contract.signing import BadSeal, BadSignature, Opener, Verifier

VERSION_MAX = 2**53
"""The highest number that every JSON reader and SQLite can count to."""


class ListRefused(ValueError):
    """A list that must not be trusted. The text says why."""


class RolledBack(ValueError):
    """A list that is older than the one held, or another one with the same version."""


def signed_part(body: bytes, kind: ListKind, site_id: str, key: Verifier) -> SealedPart:
    """Read one part as HQ signed it, still sealed. Raises ListRefused."""
    try:
        part = read_part(body, kind, key)
    except (BadSignature, BadMessage) as error:
        raise ListRefused(str(error)) from error
    _check(part.header, kind, site_id)
    return part


def signed_delta(body: bytes, kind: ListKind, site_id: str, key: Verifier) -> SealedDelta:
    """Read the changes of a list as HQ signed them, still sealed. Raises ListRefused."""
    try:
        delta = read_delta(body, kind, key)
    except (BadSignature, BadMessage) as error:
        raise ListRefused(str(error)) from error
    _check(delta.header, kind, site_id)
    return delta


def open_content(part: SealedPart, key: X25519PrivateKey | Opener) -> Content:
    """Open the seal of a part. Raises ListRefused."""
    try:
        found = open_part(part, key)
    except (BadSeal, BadMessage) as error:
        raise ListRefused(str(error)) from error
    _check_inside(part.header, found.snapshot)
    return found


def open_changes(delta: SealedDelta, key: X25519PrivateKey | Opener) -> Changes:
    """Open the seal of changes. Raises ListRefused."""
    try:
        found = open_delta(delta, key)
    except (BadSeal, BadMessage) as error:
        raise ListRefused(str(error)) from error
    _check_inside(delta.header, found.delta)
    return found


def _check(header: PartHeader | DeltaHeader, kind: ListKind, site_id: str) -> None:
    if header.kind is not kind:
        raise ListRefused(f"a {header.kind.value} came on the channel of the {kind.value}")
    if header.site_id != site_id:
        raise ListRefused(f"the {kind.value} is for site {header.site_id}, this is {site_id}")
    if header.list_version > VERSION_MAX:
        raise ListRefused(f"the {kind.value} has a version above {VERSION_MAX}: nothing could ever be newer")


def _check_inside(header: PartHeader | DeltaHeader, inside: SnapshotHeader) -> None:
    found = (inside.site_id, inside.list_version, inside.issued_utc)
    if found != (header.site_id, header.list_version, header.issued_utc):
        raise ListRefused(f"the {header.kind.value} inside the seal is another than the header says")


def refuse_old(kind: ListKind, list_version: int, newest: int) -> None:
    """Raises RolledBack unless the version is above the newest held."""
    if list_version < newest:
        raise RolledBack(f"{kind.value} version {list_version} is older than version {newest} held here")
    if list_version == newest:
        raise RolledBack(f"{kind.value} version {list_version} came a second time with other content")
