"""Everybody who can be recognised, searched exactly: every template is compared, nothing is approximated."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.domain import Candidate, Template, Vector


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """Immutable; a new roster makes a new one. `matrix` is (templates, dimension), a unit vector per row, and
    `worker_ids[i]` owns row i."""

    matrix: NDArray[np.float32]
    worker_ids: tuple[str, ...]

    @classmethod
    def build(cls, templates: Sequence[tuple[str, Template]], model_id: str, dimension: int) -> "Gallery":
        """The gallery of the templates that belong to `model_id`; others, and damaged ones, are left out."""
        usable = [(worker_id, t.vector) for worker_id, t in templates if _fits(t, model_id, dimension)]
        matrix = np.empty((len(usable), dimension), dtype=np.float32)
        for row, (_, vector) in zip(matrix, usable, strict=True):
            row[:] = vector / np.linalg.norm(vector)
        matrix.setflags(write=False)
        return cls(matrix, tuple(worker_id for worker_id, _ in usable))

    @property
    def size(self) -> int:
        """Templates, not workers."""
        return len(self.worker_ids)

    def search(self, probe: Vector) -> Candidate | None:
        """The worker with the best score over all templates (a worker's score is that of the best template);
        None if the gallery is empty."""
        if self.size == 0:
            return None
        scores = self.matrix @ probe
        best = int(np.argmax(scores))
        return Candidate(self.worker_ids[best], float(np.clip(scores[best], -1, 1)))


def _fits(template: Template, model_id: str, dimension: int) -> bool:
    vector = template.vector
    if template.model_id != model_id or vector.shape != (dimension,):
        return False
    norm = float(np.linalg.norm(vector))
    return bool(np.isfinite(norm)) and norm > 0
