"""Everybody who can be recognised, searched exactly: the answer is that of comparing every worker, never a guess."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.domain import Candidate, Template, Vector
from edge.matcher.calibrate import Calibration, fuse
from edge.matcher.shortlist import ROWS_MIN, Shortlist


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """Immutable; a new roster makes a new one. `matrix` is (workers, dimension), a calibrated unit vector per row, and
    `worker_ids[i]` owns row i. `templates` is how many templates went into it."""

    matrix: NDArray[np.float32]
    worker_ids: tuple[str, ...]
    templates: int
    calibration: Calibration
    _shortlist: Shortlist | None = field(default=None, repr=False)

    @classmethod
    def build(
        cls,
        templates: Sequence[tuple[str, Template]],
        model_id: str,
        dimension: int,
        calibration: Calibration | None = None,
    ) -> "Gallery":
        """The gallery of the templates that belong to `model_id`; others, and damaged ones, are left out.

        A worker's templates are fused into one: measured, that beats the best of several scores (docs/ACCURACY.md).
        Without a `calibration` the gallery makes its own.
        """
        fitting = [(worker_id, t.vector) for worker_id, t in templates if _fits(t, model_id, dimension)]
        vectors = np.empty((len(fitting), dimension), dtype=np.float32)
        for row, (_, vector) in zip(vectors, fitting, strict=True):
            row[:] = vector
        norms = np.linalg.norm(vectors, axis=1)
        sound = np.isfinite(norms) & (norms > 0)
        vectors, norms = (vectors, norms) if sound.all() else (vectors[sound], norms[sound])
        vectors /= norms[:, np.newaxis]
        owners = [worker_id for (worker_id, _), good in zip(fitting, sound, strict=True) if good]
        matrix, worker_ids = _one_per_worker(vectors, owners)
        calibration = calibration or Calibration.of(matrix)
        matrix = calibration.apply(matrix)
        matrix.setflags(write=False)
        shortlist = Shortlist(matrix) if len(worker_ids) >= ROWS_MIN else None
        return cls(matrix, worker_ids, len(owners), calibration, shortlist)

    @property
    def size(self) -> int:
        """Workers a stranger is compared with."""
        return len(self.worker_ids)

    def search(self, probe: Vector) -> Candidate | None:
        """The worker with the best score; None if the gallery is empty."""
        if self.size == 0:
            return None
        probe = self.calibration.apply(probe)
        if self._shortlist is None:
            scores = self.matrix @ probe
            best = int(np.argmax(scores))
            return Candidate(self.worker_ids[best], float(np.clip(scores[best], -1, 1)))
        rows = self._shortlist.of(probe)
        scores = self.matrix[rows] @ probe
        best = int(np.argmax(scores))
        return Candidate(self.worker_ids[int(rows[best])], float(np.clip(scores[best], -1, 1)))

    def runner_up(self, probe: Vector, worker_id: str) -> float | None:
        """The best score of any other worker than this one; None if there is none."""
        if self.size < 2:
            return None
        scores = self.matrix @ self.calibration.apply(probe)
        scores[self.worker_ids.index(worker_id)] = -1
        return float(np.clip(scores.max(), -1, 1))


def _one_per_worker(vectors: NDArray[np.float32], owners: list[str]) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Unit vectors, one row per worker in order of first appearance."""
    rows_of: dict[str, list[int]] = {}
    for row, worker_id in enumerate(owners):
        rows_of.setdefault(worker_id, []).append(row)
    if len(rows_of) == len(owners):
        return vectors, tuple(owners)
    fused = np.empty((len(rows_of), vectors.shape[1]), dtype=np.float32)
    for out, rows in zip(fused, rows_of.values(), strict=True):
        out[:] = vectors[rows[0]] if len(rows) == 1 else fuse(vectors[rows])
    return fused, tuple(rows_of)


def _fits(template: Template, model_id: str, dimension: int) -> bool:
    return template.model_id == model_id and template.vector.shape == (dimension,)
