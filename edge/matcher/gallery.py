"""Everybody who can be recognised, searched exactly: the answer is that of comparing every template, never a guess."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.domain import Candidate, Template, Vector
from edge.matcher.shortlist import ROWS_MIN, Shortlist


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """Immutable; a new roster makes a new one. `matrix` is (templates, dimension), a unit vector per row, and
    `worker_ids[i]` owns row i."""

    matrix: NDArray[np.float32]
    worker_ids: tuple[str, ...]
    _shortlist: Shortlist | None = field(default=None, repr=False)

    @classmethod
    def build(cls, templates: Sequence[tuple[str, Template]], model_id: str, dimension: int) -> "Gallery":
        """The gallery of the templates that belong to `model_id`; others, and damaged ones, are left out."""
        fitting = [(worker_id, t.vector) for worker_id, t in templates if _fits(t, model_id, dimension)]
        matrix = np.empty((len(fitting), dimension), dtype=np.float32)
        for row, (_, vector) in enumerate(fitting):
            matrix[row] = vector
        norms = np.linalg.norm(matrix, axis=1)
        sound = np.isfinite(norms) & (norms > 0)
        matrix, norms = (matrix, norms) if sound.all() else (matrix[sound], norms[sound])
        matrix /= norms[:, np.newaxis]
        matrix.setflags(write=False)
        worker_ids = tuple(worker_id for (worker_id, _), good in zip(fitting, sound, strict=True) if good)
        return cls(matrix, worker_ids, Shortlist(matrix) if len(worker_ids) >= ROWS_MIN else None)

    @property
    def size(self) -> int:
        """Templates, not workers."""
        return len(self.worker_ids)

    def search(self, probe: Vector) -> Candidate | None:
        """The worker with the best score over all templates (a worker's score is that of the best template);
        None if the gallery is empty."""
        if self.size == 0:
            return None
        if self._shortlist is None:
            scores = self.matrix @ probe
            best = int(np.argmax(scores))
            return Candidate(self.worker_ids[best], float(np.clip(scores[best], -1, 1)))
        rows = self._shortlist.of(probe)
        scores = self.matrix[rows] @ probe
        best = int(np.argmax(scores))
        return Candidate(self.worker_ids[int(rows[best])], float(np.clip(scores[best], -1, 1)))


def _fits(template: Template, model_id: str, dimension: int) -> bool:
    return template.model_id == model_id and template.vector.shape == (dimension,)
