"""Splits a list into parts for the wire. Each is sealed for the site and signed by HQ; a digest binds them together.

A part is `signature ‖ PartHeader as JSON ‖ newline ‖ sealed` (`contract.sealed`). Inside the seal: `list as JSON ‖
newline ‖ template vectors`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from contract.codec import MAX_BYTES, BadMessage
from contract.messages import (
    DIMENSION_MAX,
    PARTS_MAX,
    DirectorySnapshot,
    ListKind,
    PartHeader,
    PolicySnapshot,
    PresenceSnapshot,
    RiskSnapshot,
    RosterSnapshot,
    SealedTemplate,
    SnapshotHeader,
    TemplateBlock,
    WorkerEntry,
    WorkerRecord,
)
from contract.sealed import Sealed, pack, read_sealed, unpack
from contract.signing import Opener, Verifier, seal, sign_raw, unseal

Snapshot = RosterSnapshot | RiskSnapshot | PolicySnapshot | DirectorySnapshot | PresenceSnapshot

_KINDS: dict[ListKind, type[Snapshot]] = {
    ListKind.ROSTER: RosterSnapshot,
    ListKind.RISK: RiskSnapshot,
    ListKind.POLICY: PolicySnapshot,
    ListKind.DIRECTORY: DirectorySnapshot,
    ListKind.PRESENCE: PresenceSnapshot,
}


class ListTooLarge(ValueError):
    """No gate would accept this list. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Content:
    """One part before sealing: the list's JSON, and the raw vectors that follow it."""

    snapshot: Snapshot
    vectors: bytes = field(default=b"", repr=False)


SealedPart = Sealed[PartHeader]
"""One part with HQ's signature checked, its seal not opened. Its fingerprint is for `digest_of`."""


def write_parts(
    contents: Sequence[Content], kind: ListKind, reader: X25519PublicKey, key: Ed25519PrivateKey
) -> list[bytes]:
    """Seal and sign all parts of one version; return them in order. Raises ListTooLarge."""
    if len(contents) > PARTS_MAX:
        raise ListTooLarge(f"the {kind.value} needs {len(contents)} parts, a gate takes {PARTS_MAX}: split the site")
    sealed = [seal_part(content, kind, reader) for content in contents]
    digest = digest_of(hashlib.sha256(part).digest() for part in sealed)
    header = SnapshotHeader(**contents[0].snapshot.model_dump(include=set(SnapshotHeader.model_fields)))
    place = (kind, len(sealed), digest)
    return [sign_part(part, header, number, *place, key) for number, part in enumerate(sealed, start=1)]


def seal_part(content: Content, kind: ListKind, reader: X25519PublicKey) -> bytes:
    """Seal one part. `sign_part` needs the digest of all parts, so it comes later."""
    return seal(pack(content.snapshot, content.vectors), _purpose(kind), reader)


def sign_part(
    sealed: bytes, header: SnapshotHeader, part: int, kind: ListKind, parts: int, digest: str, key: Ed25519PrivateKey
) -> bytes:
    """Sign one sealed part of a list with so many parts and this digest. Raises ListTooLarge."""
    head = header.model_dump(include=set(SnapshotHeader.model_fields))
    signed = PartHeader(**head, kind=kind, part=part, parts=parts, digest=digest)
    body = sign_raw(pack(signed, sealed), _purpose(kind), key)
    if len(body) > MAX_BYTES:
        raise ListTooLarge(
            f"part {part} of the {kind.value} has {len(body)} bytes, a gate takes {MAX_BYTES}: "
            "one worker has too many templates"
        )
    return body


def read_part(body: bytes, kind: ListKind, key: Verifier) -> SealedPart:
    """Check the signature of one part and return it. Raises BadSignature, BadMessage."""
    found = read_sealed(PartHeader, body, _purpose(kind), key)
    if found.header.part > found.header.parts:
        raise BadMessage(f"says it is part {found.header.part} of {found.header.parts}")
    return found


def open_part(part: SealedPart, key: X25519PrivateKey | Opener) -> Content:
    """Open the seal and return its content. Raises BadSeal, BadMessage."""
    kind = part.header.kind
    snapshot, vectors = unpack(_KINDS[kind], unseal(part.sealed, _purpose(kind), key))
    return Content(snapshot, vectors)


def digest_of(fingerprints: Iterable[bytes]) -> str:
    """Return the digest that binds the parts with these fingerprints, in order."""
    return hashlib.sha256(b"".join(fingerprints)).hexdigest()


def roster_content(header: SnapshotHeader, workers: Sequence[WorkerRecord]) -> Content:
    """Return one part of a roster. Leaves out vectors that are not 1 to DIMENSION_MAX float16 numbers."""
    rows: dict[tuple[str, int], list[tuple[int, SealedTemplate]]] = {}
    for index, worker in enumerate(workers):
        for template in worker.templates:
            if 0 < len(template.vector) <= 2 * DIMENSION_MAX and len(template.vector) % 2 == 0:
                rows.setdefault((template.model_id, len(template.vector) // 2), []).append((index, template))
    blocks = tuple(
        TemplateBlock(model_id=model_id, dimension=dimension, owners=tuple(owner for owner, _ in found))
        for (model_id, dimension), found in rows.items()
    )
    entries = tuple(
        WorkerEntry.model_validate(worker.model_dump(exclude={"templates", "site_dates"})) for worker in workers
    )
    snapshot = RosterSnapshot(**header.model_dump(), workers=entries, templates=blocks)
    return Content(snapshot, b"".join(t.vector for found in rows.values() for _, t in found))


def _purpose(kind: ListKind) -> str:
    return f"{kind.value} part"
