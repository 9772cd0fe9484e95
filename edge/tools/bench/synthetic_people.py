"""Make workers who do not exist, for the measurements of lists: HQ's keys, and what HQ signs of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.deltas import Base, roster_changes, write_delta
from contract.messages import ListKind, SealedTemplate, SnapshotHeader, WorkerRecord
from contract.parts import roster_content, write_parts

MODEL = "bench/model"
PART_ROWS, TEMPLATES, DIMENSION = 1_000, 2, 128
"""As HQ splits a roster; two templates each, of the size that the shipped weights make."""


class BenchPeople:
    """Makes random workers with unit vectors, HQ's keys, and what HQ signs with them."""

    def __init__(self, count: int, templates: int, dimension: int, site_id: str) -> None:
        self.signing, self.site = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
        self._random, self._shape, self._site_id = np.random.default_rng(1), (templates, dimension), site_id
        self._began = datetime.now(UTC) - timedelta(hours=1)
        self.names = [f"worker-{number:06d}" for number in range(count)]

    def snapshot(self) -> list[bytes]:
        cuts = range(0, len(self.names), PART_ROWS)
        contents = [
            roster_content(self._header(1), [self._worker(who) for who in self.names[cut : cut + PART_ROWS]])
            for cut in cuts
        ]
        return write_parts(contents, ListKind.ROSTER, self.site.public_key(), self.signing)

    def delta(self, version: int, base: Base, names: Sequence[str]) -> tuple[bytes, np.ndarray[Any, Any]]:
        """Make new faces for these workers. Returns the message, and the first one's face."""
        workers = [self._worker(who) for who in names]
        changes = roster_changes(self._header(version), workers, [])
        body = write_delta(changes, ListKind.ROSTER, base, self.site.public_key(), self.signing)
        if not workers:
            return body, np.empty(0, np.float32)
        face = sum(np.frombuffer(t.vector, "<f2").astype(np.float32) for t in workers[0].templates)
        return body, np.asarray(face / np.linalg.norm(face), np.float32)

    def _header(self, version: int) -> SnapshotHeader:
        issued = self._began + timedelta(seconds=version)
        return SnapshotHeader(site_id=self._site_id, list_version=version, issued_utc=issued)

    def _worker(self, worker_id: str) -> WorkerRecord:
        vectors = self._random.standard_normal(self._shape, dtype=np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        own = tuple(SealedTemplate(model_id=MODEL, vector=row.astype("<f2").tobytes()) for row in vectors)
        return WorkerRecord(worker_id=worker_id, sites=(self._site_id,), consent_ref="consent", templates=own)
