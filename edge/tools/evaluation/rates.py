"""Compute error rates with their uncertainty from attempts.

FPIR: share of non-mated attempts in which anybody reaches the threshold. FNIR: share of mated attempts whose own person
is not the best candidate, or does not reach it. Intervals: percentile bootstrap over *people*, because several photos
of one person fail together. The threshold is chosen again in every draw.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edge.tools.evaluation.attempts import Floats, Trials

DRAWS = 500


@dataclass(frozen=True, slots=True)
class Rate:
    """A share 0-1 with its 95 % interval, and the attempts behind it."""

    value: float
    low: float
    high: float
    count: int


def threshold_at(scores: Floats, share: float, weights: Floats | None = None) -> float:
    """The lowest threshold that at most `share` of `scores` reach; below all of them if share is 1."""
    order = np.argsort(-scores)
    weights = np.ones(len(scores)) if weights is None else weights
    reached = np.cumsum(weights[order]) / max(float(weights.sum()), 1e-12)
    first_too_many = int(np.searchsorted(reached, share + 1e-9, side="right"))
    if first_too_many == len(scores):
        return -1.0
    return float(np.nextafter(scores[order][first_too_many], np.inf))


def fnir(trials: Trials, threshold: float, weights: Floats | None = None) -> float:
    """The share of mated attempts that miss at `threshold`; 0 if there is none."""
    missed = ~(trials.right & (trials.mated >= threshold))
    if weights is None:
        return float(missed.mean()) if len(missed) else 0.0
    return float((missed * weights).sum() / max(float(weights.sum()), 1e-12))


def fpir(trials: Trials, threshold: float) -> float:
    """The share of non-mated attempts that reach `threshold`."""
    return float((trials.non_mated >= threshold).mean()) if len(trials.non_mated) else 0.0


def fnir_at(trials: Trials, share: float, draws: int = DRAWS, seed: int = 1) -> Rate:
    """Compute FNIR at the threshold that gives an FPIR of at most `share`, with its interval over people."""
    value = fnir(trials, threshold_at(trials.non_mated, share))
    drawn = []
    for mated, non_mated in _draws(trials, draws, seed):
        drawn.append(fnir(trials, threshold_at(trials.non_mated, share, non_mated), mated))
    low, high = np.percentile(drawn, (2.5, 97.5)) if drawn else (value, value)
    return Rate(value, float(low), float(high), len(trials.mated))


def fpir_at(trials: Trials, threshold: float, draws: int = DRAWS, seed: int = 1) -> Rate:
    """Compute FPIR at a given threshold, with its interval over people."""
    value = fpir(trials, threshold)
    reached = trials.non_mated >= threshold
    drawn = [float((reached * w).sum() / max(w.sum(), 1e-12)) for _, w in _draws(trials, draws, seed)]
    low, high = np.percentile(drawn, (2.5, 97.5)) if drawn else (value, value)
    return Rate(value, float(low), float(high), len(trials.non_mated))


def det(trials: Trials, points: int = 200) -> list[tuple[float, float]]:
    """Compute (FPIR, FNIR) from strict to lax, at most `points` of them, evenly spread over log FPIR."""
    least = 1 / max(1, len(trials.non_mated))
    shares = np.unique(np.round(np.geomspace(least, 1, points) / least)) * least
    return [(float(share), fnir(trials, threshold_at(trials.non_mated, float(share)))) for share in shares]


def _draws(trials: Trials, draws: int, seed: int) -> Iterator[tuple[Floats, Floats]]:
    """Draw people with replacement. Yields the weights of the mated and the non-mated attempts."""
    everybody, index = np.unique(np.concatenate((trials.mated_person, trials.non_mated_person)), return_inverse=True)
    mated, non_mated = index[: len(trials.mated)], index[len(trials.mated) :]
    random = np.random.default_rng(seed)
    for _ in range(draws):
        drawn = random.integers(0, len(everybody), len(everybody))
        counts = np.bincount(drawn, minlength=len(everybody)).astype(float)
        yield counts[mated], counts[non_mated]
