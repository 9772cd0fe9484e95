"""Find workers whom the face alone cannot tell apart: each needs a second factor.

Whether a recognised worker has a look-alike is computed for that worker alone (`nearest_other`). The list of all
compares everybody with everybody in blocks, which fit between two frames (`LookAlikeSurvey`).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.core.config import FPIR_TARGET, MatcherConfig
from edge.core.domain import Candidate, Template
from edge.matcher.gallery.gallery import Gallery
from edge.matcher.gallery.threshold import choose_threshold, threshold_for
from edge.matcher.weights.manifest import ImpostorTail, find_pack, model_id

LOOK_ALIKE_PART = 0.1
"""Part of the target FPIR. With 0.3 %, 3 in 10,000 ordinary workers have a look-alike by chance.

The gallery's own threshold, reached ten times as often, would call one worker in 300 a look-alike. A limit that kept
chance out of a whole large gallery would miss brothers.
"""
BLOCK_CELLS = 1_000_000
"""Scores of one step of a survey: 4 MB, and about a hundredth of a second on an idle core."""


def look_alike_min(tail: ImpostorTail, gallery_size: int, threshold: float, fpir: float = FPIR_TARGET) -> float:
    """The score from which two workers' templates are look-alikes, never below the gallery's `threshold`.

    `threshold` must follow from the same `tail` for a target of `fpir`.
    """
    return max(threshold, threshold_for(tail, gallery_size, fpir * LOOK_ALIKE_PART))


def nearest_other(gallery: Gallery, worker_id: str) -> Candidate | None:
    """Find the other worker whose templates are nearest to this worker's. None if there is no other, or no such
    worker."""
    own = np.fromiter((owner == worker_id for owner in gallery.worker_ids), dtype=bool, count=gallery.size)
    if own.all() or not own.any():
        return None
    scores = (gallery.matrix @ gallery.matrix[own].T).max(axis=1)
    scores[own] = -np.inf
    best = int(np.argmax(scores))
    return Candidate(gallery.worker_ids[best], float(np.clip(scores[best], -1, 1)))


class LookAlikeSurvey:
    """Compares all pairs of workers, one block of the upper triangle per step. Holds at most one block in memory."""

    def __init__(self, gallery: Gallery, score_min: float) -> None:
        self._matrix, self._score_min = gallery.matrix, score_min
        names, owners = np.unique(np.array(gallery.worker_ids, dtype=str), return_inverse=True)
        self._names, self._owners = names, owners.astype(np.int32)
        self._best = np.full(len(names), -np.inf, dtype=np.float32)
        self._nearest = np.zeros(len(names), dtype=np.int32)
        self._row = 0

    @property
    def done(self) -> bool:
        return self._row >= len(self._owners)

    def step(self) -> None:
        """Compare the next block of templates with all that follow."""
        first, size = self._row, len(self._owners)
        self._row = min(size, first + max(1, BLOCK_CELLS // max(1, size - first)))
        scores = self._matrix[first : self._row] @ self._matrix[first:].T
        rows, columns = np.nonzero(scores >= self._score_min)
        found = scores[rows, columns]
        left, right = self._owners[first + rows], self._owners[first + columns]
        other = left != right
        self._keep(left[other], right[other], found[other])
        self._keep(right[other], left[other], found[other])

    @property
    def marked(self) -> dict[str, Candidate]:
        """The nearest look-alike found so far, by worker id."""
        return {
            str(self._names[i]): Candidate(str(self._names[self._nearest[i]]), min(1.0, float(self._best[i])))
            for i in np.flatnonzero(np.isfinite(self._best))
        }

    def _keep(self, who: NDArray[np.int32], whom: NDArray[np.int32], score: NDArray[np.float32]) -> None:
        """Remember each worker's nearest; of several for one worker the best is written last."""
        better = score > self._best[who]
        who, whom, score = who[better], whom[better], score[better]
        order = np.argsort(score)
        self._best[who[order]] = score[order]
        self._nearest[who[order]] = whom[order]


def look_alikes(gallery: Gallery, score_min: float) -> dict[str, Candidate]:
    """Find every worker with a look-alike, and the nearest one with its score, a cosine."""
    survey = LookAlikeSurvey(gallery, score_min)
    while not survey.done:
        survey.step()
    return survey.marked


def marked(templates: Sequence[tuple[str, Template]], config: MatcherConfig) -> dict[str, Candidate]:
    """Find the look-alikes of a roster as the gate's matcher would. Needs no weights. Raises ModelError."""
    pack = find_pack(config.pack)
    gallery = Gallery.build(templates, model_id(config.pack, pack.embedder), pack.embedder.dimension)
    choice = choose_threshold(pack.impostor_tail, gallery, config.fpir_target)
    threshold = config.threshold or choice.threshold
    return look_alikes(gallery, look_alike_min(choice.tail, gallery.size, threshold, config.fpir_target))
