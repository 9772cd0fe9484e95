"""Everybody who can be recognised, searched exactly: every worker is compared, nothing is approximated."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.domain import Candidate, Template, Vector
from edge.matcher.calibrate import Calibration, fuse


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """Immutable; a new roster makes a new one. `matrix` is (workers, dimension), a calibrated unit vector per row, and
    `worker_ids[i]` owns row i. `templates` is how many templates went into it."""

    matrix: NDArray[np.float32]
    worker_ids: tuple[str, ...]
    templates: int
    calibration: Calibration

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
        of_worker: dict[str, list[Vector]] = {}
        for worker_id, template in templates:
            if _fits(template, model_id, dimension):
                unit = template.vector / np.linalg.norm(template.vector)
                of_worker.setdefault(worker_id, []).append(unit.astype(np.float32))
        matrix = np.empty((len(of_worker), dimension), dtype=np.float32)
        for row, vectors in zip(matrix, of_worker.values(), strict=True):
            row[:] = vectors[0] if len(vectors) == 1 else fuse(np.stack(vectors))
        calibration = calibration or Calibration.of(matrix)
        matrix = calibration.apply(matrix)
        matrix.setflags(write=False)
        return cls(matrix, tuple(of_worker), sum(map(len, of_worker.values())), calibration)

    @property
    def size(self) -> int:
        """Workers a stranger is compared with."""
        return len(self.worker_ids)

    def search(self, probe: Vector) -> Candidate | None:
        """The worker with the best score; None if the gallery is empty."""
        if self.size == 0:
            return None
        scores = self.matrix @ self.calibration.apply(probe)
        best = int(np.argmax(scores))
        return Candidate(self.worker_ids[best], float(np.clip(scores[best], -1, 1)))


def _fits(template: Template, model_id: str, dimension: int) -> bool:
    vector = template.vector
    if template.model_id != model_id or vector.shape != (dimension,):
        return False
    norm = float(np.linalg.norm(vector))
    return bool(np.isfinite(norm)) and norm > 0
