"""The changes of a list since one snapshot, in one message. It is sealed for the list's reader, signed by HQ, and valid
for that snapshot only.

It travels like a part of a list (`contract.sealed`): `signature ‖ DeltaHeader as JSON ‖ newline ‖ sealed`. Inside the
seal: `the delta as JSON ‖ newline ‖ template vectors`. Signature and seal have a purpose of their own.
So a delta cannot be used as a part, and a part not as a delta.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from contract.codec import BadMessage
from contract.messages import (
    DeltaHeader,
    DirectoryDelta,
    ListKind,
    PresenceDelta,
    RiskDelta,
    RosterDelta,
    RosterSnapshot,
    SnapshotHeader,
    WorkerRecord,
)
from contract.parts import roster_content
from contract.sealed import Sealed, pack, read_sealed, unpack
from contract.signing import Opener, Verifier, seal, sign_raw, unseal

Delta = RosterDelta | RiskDelta | DirectoryDelta | PresenceDelta

_KINDS: dict[ListKind, type[Delta]] = {
    ListKind.ROSTER: RosterDelta,
    ListKind.RISK: RiskDelta,
    ListKind.DIRECTORY: DirectoryDelta,
    ListKind.PRESENCE: PresenceDelta,
}


@dataclass(frozen=True, slots=True)
class Base:
    """The snapshot that the changes belong to: its version, and the digest of its parts."""

    version: int
    digest: str


@dataclass(frozen=True, slots=True)
class Changes:
    """A delta before sealing: its JSON, and the raw vectors that follow it."""

    delta: Delta
    vectors: bytes = field(default=b"", repr=False)


SealedDelta = Sealed[DeltaHeader]
"""A delta with HQ's signature checked, its seal not opened."""


def roster_changes(header: SnapshotHeader, workers: Sequence[WorkerRecord], removed: Sequence[str]) -> Changes:
    """Return the delta for the workers that were added or changed, each whole, and the ids that were removed."""
    content = roster_content(header, workers)
    assert isinstance(content.snapshot, RosterSnapshot)
    entries, blocks = content.snapshot.workers, content.snapshot.templates
    delta = RosterDelta(**header.model_dump(), workers=entries, templates=blocks, removed=tuple(removed))
    return Changes(delta, content.vectors)


def write_delta(changes: Changes, kind: ListKind, base: Base, reader: X25519PublicKey, key: Ed25519PrivateKey) -> bytes:
    """Seal and sign the changes. The caller checks the size: a gate takes MAX_BYTES."""
    head = changes.delta.model_dump(include=set(SnapshotHeader.model_fields))
    header = DeltaHeader(**head, kind=kind, base_version=base.version, base_digest=base.digest)
    sealed = seal(pack(changes.delta, changes.vectors), _purpose(kind), reader)
    return sign_raw(pack(header, sealed), _purpose(kind), key)


def read_delta(body: bytes, kind: ListKind, key: Verifier) -> SealedDelta:
    """Check the signature of a delta and return it. Raises BadSignature, BadMessage."""
    return read_sealed(DeltaHeader, body, _purpose(kind), key)


def open_delta(delta: SealedDelta, key: X25519PrivateKey | Opener) -> Changes:
    """Open the seal and return its content. Raises BadSeal, BadMessage."""
    kind = delta.header.kind
    if kind not in _KINDS:
        raise BadMessage(f"a {kind.value} is always sent whole")
    found, vectors = unpack(_KINDS[kind], unseal(delta.sealed, _purpose(kind), key))
    return Changes(found, vectors)


def _purpose(kind: ListKind) -> str:
    return f"{kind.value} delta"
