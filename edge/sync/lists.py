"""A signed list, opened in two steps: anyone may check the signature, only the site's key opens the seal."""

from collections.abc import Iterable

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.codec import BadMessage, decode
from contract.messages import (
    ListKind,
    PolicySnapshot,
    RiskEntry,
    RiskSnapshot,
    RosterSnapshot,
    SealedList,
    WorkerRecord,
)
from contract.signing import BadSeal, BadSignature, unseal, verify
from edge.domain import Template, Vector, Worker

Snapshot = RosterSnapshot | RiskSnapshot | PolicySnapshot

_LENGTH_MIN = 1e-3
"""A shorter vector has no direction that means anything."""

_KINDS: dict[ListKind, type[Snapshot]] = {
    ListKind.ROSTER: RosterSnapshot,
    ListKind.RISK: RiskSnapshot,
    ListKind.POLICY: PolicySnapshot,
}


class ListRefused(ValueError):
    """A list that must not be believed; the text says why."""


def header(envelope: bytes, kind: ListKind, site_id: str, key: Ed25519PublicKey) -> SealedList:
    """The list as HQ signed it, still sealed. Raises ListRefused."""
    try:
        sealed = decode(SealedList, verify(envelope, kind.value, key))
    except (BadSignature, BadMessage) as error:
        raise ListRefused(str(error)) from error
    if sealed.kind is not kind:
        raise ListRefused(f"a {sealed.kind.value} came on the channel of the {kind.value}")
    if sealed.site_id != site_id:
        raise ListRefused(f"the {kind.value} is for site {sealed.site_id}, this is {site_id}")
    return sealed


def content(sealed: SealedList, key: X25519PrivateKey) -> Snapshot:
    """What the seal holds. Raises ListRefused."""
    kind = sealed.kind
    try:
        snapshot = decode(_KINDS[kind], unseal(sealed.sealed, kind.value, key))
    except (BadSeal, BadMessage) as error:
        raise ListRefused(str(error)) from error
    inside = (snapshot.site_id, snapshot.list_version, snapshot.issued_utc)
    if inside != (sealed.site_id, sealed.list_version, sealed.issued_utc):
        raise ListRefused(f"the {kind.value} inside the seal is another than the header says")
    return snapshot


def worker(record: WorkerRecord) -> Worker:
    return Worker(
        worker_id=record.worker_id,
        sites=frozenset(record.sites),
        active=record.active,
        valid_from=record.valid_from,
        valid_until=record.valid_until,
        training_valid_until=record.training_valid_until,
        employer=record.employer,
        trade=record.trade,
        declared_utc=record.declared_utc,
        slow=record.slow,
        cards=record.cards,
        pin=record.pin,
    )


def risks(entries: Iterable[RiskEntry]) -> dict[str, tuple[RiskEntry, ...]]:
    """All entries by worker id: whoever is on two lists is on both."""
    found: dict[str, tuple[RiskEntry, ...]] = {}
    for entry in entries:
        found[entry.worker_id] = (*found.get(entry.worker_id, ()), entry)
    return found


def templates(roster: RosterSnapshot) -> tuple[tuple[tuple[str, Template], ...], int]:
    """(worker_id, template) of every worker who consented, and how many templates could not be read.

    No template is loaded without a consent reference, whatever HQ sends.
    """
    stored = [(r.worker_id, template) for r in roster.workers if r.consent_ref for template in r.templates]
    vectors = _vectors([template.vector for _, template in stored])
    found = tuple(
        (worker_id, Template(vector, template.model_id))
        for (worker_id, template), vector in zip(stored, vectors, strict=True)
        if vector is not None
    )
    return found, len(stored) - len(found)


def _vectors(raw: list[bytes]) -> list[Vector | None]:
    """Unit vectors out of float16 bytes, all of one length at a time; None for those that are none."""
    found: list[Vector | None] = [None] * len(raw)
    by_length: dict[int, list[int]] = {}
    for index, data in enumerate(raw):
        by_length.setdefault(len(data), []).append(index)
    for length, rows in by_length.items():
        if not length or length % 2:
            continue
        matrix = np.frombuffer(b"".join(raw[i] for i in rows), "<f2").reshape(len(rows), -1).astype(np.float32)
        norms = np.linalg.norm(matrix, axis=1)
        sound = np.isfinite(norms) & (norms >= _LENGTH_MIN)
        matrix /= np.where(sound, norms, 1)[:, np.newaxis]
        for index, vector, good in zip(rows, matrix, sound, strict=True):
            found[index] = vector if good else None
    return found
