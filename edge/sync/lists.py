"""A signed list, opened in two steps: anyone may check the signature, only the site's key opens the seal."""

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.codec import BadMessage, decode
from contract.messages import (
    ListKind,
    PolicySnapshot,
    RiskSnapshot,
    RosterSnapshot,
    SealedList,
    SealedTemplate,
    WorkerRecord,
)
from contract.signing import BadSeal, BadSignature, unseal, verify
from edge.domain import Template, Worker

Snapshot = RosterSnapshot | RiskSnapshot | PolicySnapshot

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
    )


def templates(roster: RosterSnapshot) -> tuple[tuple[tuple[str, Template], ...], int]:
    """(worker_id, template) of every worker who consented, and how many templates could not be read.

    No template is loaded without a consent reference, whatever HQ sends.
    """
    found, bad = [], 0
    for record in roster.workers:
        for stored in record.templates if record.consent_ref else ():
            template = _template(stored)
            if template is None:
                bad += 1
            else:
                found.append((record.worker_id, template))
    return tuple(found), bad


def _template(stored: SealedTemplate) -> Template | None:
    if not stored.vector or len(stored.vector) % 2:
        return None
    vector = np.frombuffer(stored.vector, dtype="<f2").astype(np.float32)
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length < 1e-3:
        return None
    return Template(vector=vector / np.float32(length), model_id=stored.model_id)
