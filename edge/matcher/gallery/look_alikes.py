"""Workers who look so much alike that a face is not enough to tell them apart: each needs a second factor.

Whether the worker who was just recognised has a look-alike is asked for that one worker, at once (`nearest_other`). The
list of all of them compares everybody with everybody, in blocks, so that a gate can do it between two frames (`LookAlikeSurvey`).
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
"""Of the target FPIR: with 0.3 %, 3 in 10,000 ordinary workers have by chance somebody as near as a look-alike in the gallery. The
gallery's threshold, reached by ten times as many, would call one worker in 300 a look-alike; a limit that kept chance
out of a whole large gallery would miss brothers."""
BLOCK_CELLS = 1_000_000
"""Scores of one step of a survey: 4 MB, and about a hundredth of a second on an idle core."""


def look_alike_min(tail: ImpostorTail, gallery_size: int, threshold: float, fpir: float = FPIR_TARGET) -> float:
    """From which score two workers' templates are look-alikes: never below the `threshold` the gallery is searched with, which
    follows from the same `tail` for a target of `fpir`."""
    return max(threshold, threshold_for(tail, gallery_size, fpir * LOOK_ALIKE_PART))


def nearest_other(gallery: Gallery, worker_id: str) -> Candidate | None:
    """The other worker whose templates come nearest to this worker's; None if there is none, or no such worker."""
    own = np.fromiter((owner == worker_id for owner in gallery.worker_ids), dtype=bool, count=gallery.size)
    if own.all() or not own.any():
        return None
    scores = (gallery.matrix @ gallery.matrix[own].T).max(axis=1)
    scores[own] = -np.inf
    best = int(np.argmax(scores))
    return Candidate(gallery.worker_ids[best], float(np.clip(scores[best], -1, 1)))


class LookAlikeSurvey:
    """All pairs of different workers, one block of the upper triangle per step; never more than a block in memory."""

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
        """By worker id, the nearest look-alike found so far."""
        return {
            str(self._names[i]): Candidate(str(self._names[self._nearest[i]]), min(1.0, float(self._best[i])))
            for i in np.flatnonzero(np.isfinite(self._best))
        }

    def _keep(self, who: NDArray[np.int32], whom: NDArray[np.int32], score: NDArray[np.float32]) -> None:
        """Remember whom each looks like most; of several for one worker the last written is the best."""
        better = score > self._best[who]
        who, whom, score = who[better], whom[better], score[better]
        order = np.argsort(score)
        self._best[who[order]] = score[order]
        self._nearest[who[order]] = whom[order]


def look_alikes(gallery: Gallery, score_min: float) -> dict[str, Candidate]:
    """Every worker with a look-alike, and the nearest one with its score, a cosine."""
    survey = LookAlikeSurvey(gallery, score_min)
    while not survey.done:
        survey.step()
    return survey.marked


def marked(templates: Sequence[tuple[str, Template]], config: MatcherConfig) -> dict[str, Candidate]:
    """`look_alikes` of a roster as the gate's matcher would mark them; needs no weights. Raises ModelError."""
    pack = find_pack(config.pack)
    gallery = Gallery.build(templates, model_id(config.pack, pack.embedder), pack.embedder.dimension)
    choice = choose_threshold(pack.impostor_tail, gallery, config.fpir_target)
    threshold = config.threshold or choice.threshold
    return look_alikes(gallery, look_alike_min(choice.tail, gallery.size, threshold, config.fpir_target))
