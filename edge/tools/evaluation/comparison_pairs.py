"""1:1 comparison of all pairs of photos, kept as counts per score: there are too many pairs to keep."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.matcher.gallery.centering import Centering
from edge.matcher.gallery.threshold import fit_pair_tail, fit_tail
from edge.matcher.weights.manifest import ImpostorTail
from edge.tools.evaluation.attempts import Faces

BINS = 20_000
"""Bins of scores from -1 to 1: a ten-thousandth each."""
TAIL_PEOPLE = 4_000
"""The tail is fitted on the pairs of at most this many people, one photo each."""
PARTITIONS = 20
"""Number of partitions for the tail's errors. One partition of some hundred people is right to a factor of two only."""
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class PairCounts:
    """Counts of scores in BINS equal bins from -1 to 1."""

    genuine: Counts
    impostor: Counts

    def threshold_at(self, fmr: float) -> float:
        """The lowest bin edge that at most `fmr` of the impostor pairs reach."""
        above = np.cumsum(self.impostor[::-1])[::-1]
        allowed = np.flatnonzero(above <= fmr * self.impostor.sum())
        return _edge(int(allowed[0])) if len(allowed) else 1.0

    def fnmr(self, threshold: float) -> float:
        """The share of genuine pairs below `threshold`."""
        return float(self.genuine[: _bin(threshold)].sum() / max(1, self.genuine.sum()))


def compare_all(faces: Faces, centering: Centering, block: int = 1024) -> PairCounts:
    """Compare all pairs of photos, centred. Each pair counts once, the first as enrolled, the second as the gate sees
    it."""
    everybody = {**faces.people, **faces.strangers}
    vectors = centering.apply(np.concatenate(list(everybody.values())))
    templates = centering.apply(np.concatenate([*faces.references.values(), *faces.strangers.values()]))
    owner = np.repeat(np.arange(len(everybody)), [len(v) for v in everybody.values()])
    genuine, impostor = np.zeros(BINS, np.int64), np.zeros(BINS, np.int64)
    for start in range(0, len(vectors), block):
        rows = np.arange(start, min(start + block, len(vectors)))
        scores = templates[rows] @ vectors[start:].T
        later = rows[:, np.newaxis] < np.arange(start, len(vectors))[np.newaxis]
        same = owner[rows, np.newaxis] == owner[np.newaxis, start:]
        genuine += _counts(scores[later & same])
        impostor += _counts(scores[later & ~same])
    return PairCounts(genuine, impostor)


def measured_tail(faces: Faces, centering: Centering, seed: int = 1) -> ImpostorTail:
    """Measure the tails of centred and of plain scores of different people, for the pack's manifest entry.

    Raises:
        ValueError: too few people for a tail (about 450 are needed).
    """
    templates = np.stack([vectors[0] for vectors in (*faces.references.values(), *faces.strangers.values())])
    seen = np.stack([vectors[0] for vectors in (*faces.people.values(), *faces.strangers.values())])
    if len(seen) > TAIL_PEOPLE:
        drawn = np.random.default_rng(seed).permutation(len(seen))[:TAIL_PEOPLE]
        templates, seen = templates[drawn], seen[drawn]
    plain_start = fit_tail((templates @ seen.T)[np.triu_indices(len(seen), k=1)]).start
    return fit_pair_tail(centering.apply(templates) @ centering.apply(seen).T, plain_start, PARTITIONS)


def _bin(score: float) -> int:
    return int(np.clip(np.ceil((score + 1) / 2 * BINS - 1e-9), 0, BINS))


def _edge(index: int) -> float:
    return 2 * index / BINS - 1


def _counts(scores: NDArray[np.float32]) -> Counts:
    index = np.clip((scores.astype(np.float64) + 1) / 2 * BINS, 0, BINS - 1).astype(np.intp)
    return np.bincount(index, minlength=BINS)
