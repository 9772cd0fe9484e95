"""Signed lists and changes of lists, as HQ publishes them."""

from datetime import UTC, datetime, timedelta

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.deltas import Base, roster_changes, write_delta
from contract.messages import (
    ListKind,
    SealedTemplate,
    SnapshotHeader,
    WorkerRecord,
)
from contract.parts import read_part, roster_content, write_parts

HQ, SITE = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()


NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)


ROSTER, RISK = ListKind.ROSTER, ListKind.RISK


def delta_header(version: int, site_id: str = "site-1") -> SnapshotHeader:
    return SnapshotHeader(site_id=site_id, list_version=version, issued_utc=NOW + timedelta(hours=version))


def worker_row(worker_id: str) -> WorkerRecord:
    vector = np.random.default_rng(len(worker_id)).normal(size=8).astype("<f2").tobytes()
    templates = (SealedTemplate(model_id="m", vector=vector),)
    return WorkerRecord(worker_id=worker_id, sites=("site-1",), consent_ref="c", templates=templates)


def list_snapshot(version: int, *workers: str) -> list[bytes]:
    """One worker in each part."""
    contents = [roster_content(delta_header(version), [worker_row(who)]) for who in workers]
    return write_parts(contents, ROSTER, SITE.public_key(), HQ)


def base_of(parts: list[bytes], kind: ListKind = ROSTER) -> Base:
    header = read_part(parts[0], kind, HQ.public_key()).header
    return Base(header.list_version, header.digest)


def list_delta(
    version: int,
    parts: list[bytes],
    added: tuple[str, ...] = (),
    removed: tuple[str, ...] = (),
    key: Ed25519PrivateKey = HQ,
    site_id: str = "site-1",
) -> bytes:
    changes = roster_changes(delta_header(version, site_id), [worker_row(who) for who in added], removed)
    return write_delta(changes, ROSTER, base_of(parts), SITE.public_key(), key)
