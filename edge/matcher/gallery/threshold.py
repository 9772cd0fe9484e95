"""Choose the score from which a candidate counts: the more people in the gallery, the higher.

A stranger is compared with every template. The chance that one of N scores high enough by accident is FPIR = 1 − (1 −
FMR(t))^N. High scores of different people fall off exponentially (measured: the shape of a generalised Pareto fit is
0.00 ± 0.03). So FMR(t) = share · exp(−(t − start) / scale), and t follows in closed form.

The tail is estimated from some hundred people, and t lies far beyond them. An error of t by e multiplies FPIR by exp(−e
/ scale). Errors downwards do more harm than errors upwards do good. On average over errors of standard deviation σ, the
factor is exp(σ² / (2 · scale²)). So t is raised by σ² / (2 · scale), which keeps the target on average over other
sites.

The tail comes with the pack, measured on centred scores (edge/matcher/gallery/centering.py). A small gallery is centred
only in part, so the common direction still raises its scores. A large one has enough pairs of workers to measure its
own people's tail. People of one region resemble each other more than the public of the photos. This tail is no better
known than the pack's. It counts only where it surely asks for more, and only up to the near end of its 95 % interval.
edge/matcher/score_monitor/site_threshold.py does the same. `sitegate evaluate` measures the numbers on a folder of
photos.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge.core.config import FPIR_TARGET
from edge.matcher.gallery.centering import centering_weight
from edge.matcher.gallery.gallery import Gallery
from edge.matcher.weights.manifest import ImpostorTail

TAIL_SHARE = 0.001
"""The tail is the highest thousandth of the scores of different people."""
OWN_TAIL_WORKERS = 450
"""From this many workers on there are 100,000 pairs of them."""
OWN_TAIL_SAMPLE = 1_200
"""Of a larger gallery, this many workers are drawn evenly: 700,000 pairs, read eleven times."""
GROUPS = 10
"""People are left out in this many groups, one after another, to see how much the tail depends on them.

Delete-a-group jackknife (Kott 2001). Pairs of the same person are not independent, so counting pairs would claim too
much precision.
"""
Z = 1.96


def false_match_rate(tail: ImpostorTail, score: float) -> float:
    """The share of comparisons of two different people that reach `score`; below the tail, the tail's share."""
    return tail.share * math.exp(-max(0.0, score - tail.start) / tail.scale)


def threshold_for(tail: ImpostorTail, gallery_size: int, fpir: float = FPIR_TARGET) -> float:
    """Compute the score that a stranger reaches against any of `gallery_size` templates with probability `fpir`.

    On average over the uncertainty of the tail. Never below the start of the measured tail.
    """
    depth = _depth(tail, gallery_size, fpir)
    return tail.start + tail.scale * depth + _variance(tail, depth) / (2 * tail.scale)


def _depth(tail: ImpostorTail, gallery_size: int, fpir: float) -> float:
    """How many scales beyond its start the threshold lies."""
    rate = -math.expm1(math.log1p(-fpir) / max(1, gallery_size))
    return max(0.0, math.log(tail.share / rate))


def _variance(tail: ImpostorTail, depth: float) -> float:
    return tail.start_error**2 + (depth * tail.scale_error) ** 2


def early_exit_min(tail: ImpostorTail, threshold: float, rarity: int) -> float:
    """Compute the score that strangers reach `rarity` times more rarely than `threshold`; infinite if `rarity` is 0.

    In the tail FMR falls by e for every `scale`, and so does small FPIR: t + scale · ln(rarity).
    """
    return threshold + tail.scale * math.log(rarity) if rarity else math.inf


def partly_centred(tail: ImpostorTail, weight: float) -> ImpostorTail:
    """The tail of scores from which only `weight` (0-1) of the common direction was removed.

    The rest adds its square to every score: start(w) = start + (plain_start − start) · (1 − w)².
    """
    start = tail.start + (tail.plain_start - tail.start) * (1 - weight) ** 2
    return tail.model_copy(update={"start": start})


@dataclass(frozen=True, slots=True)
class ThresholdChoice:
    """The threshold of one gallery, and its tail. `source`: the configuration, the model pack, or the gallery's own
    scores."""

    threshold: float
    tail: ImpostorTail
    source: Literal["config", "pack", "gallery"]


def choose_threshold(tail: ImpostorTail, gallery: Gallery, fpir: float = FPIR_TARGET) -> ThresholdChoice:
    """Choose this gallery's threshold: by the pack's tail, or the gallery's own if that surely asks for more."""
    partly = partly_centred(tail, gallery.centering.weight)
    expected = threshold_for(partly, gallery.size, fpir)
    own = gallery_tail(gallery)
    if own is not None:
        surely = lower_bound(own, gallery.size, fpir)
        asked = threshold_for(surely, gallery.size, fpir)
        if asked > expected:
            return ThresholdChoice(asked, surely, "gallery")
    return ThresholdChoice(expected, partly, "pack")


def lower_bound(tail: ImpostorTail, gallery_size: int, fpir: float) -> ImpostorTail:
    """The tail at the near end of its threshold's 95 % interval: it asks for what this tail surely does."""
    error = math.sqrt(_variance(tail, _depth(tail, gallery_size, fpir)))
    start = max(-1.0, tail.start - Z * error)
    return tail.model_copy(update={"start": start, "start_error": 0.0, "scale_error": 0.0})


def gallery_threshold(tail: ImpostorTail, gallery: Gallery, fpir: float = FPIR_TARGET) -> float:
    """The threshold chosen for this gallery; see `choose_threshold`."""
    return choose_threshold(tail, gallery, fpir).threshold


def threshold_at_size(tail: ImpostorTail, choice: ThresholdChoice, size: int, fpir: float) -> float:
    """The threshold that `size` workers like the present ones would need.

    By the pack's `tail`, or the gallery's own where that was chosen.
    """
    by_pack = threshold_for(partly_centred(tail, centering_weight(size)), size, fpir)
    return max(by_pack, threshold_for(choice.tail, size, fpir)) if choice.source == "gallery" else by_pack


def gallery_tail(gallery: Gallery) -> ImpostorTail | None:
    """Fit the tail of a gallery's workers with each other; None below OWN_TAIL_WORKERS, too few for a tail."""
    if gallery.size < OWN_TAIL_WORKERS:
        return None
    rows = gallery.matrix
    if gallery.size > OWN_TAIL_SAMPLE:
        rows = rows[np.linspace(0, gallery.size - 1, OWN_TAIL_SAMPLE).astype(np.intp)]
    return fit_pair_tail(rows @ rows.T)


def fit_pair_tail(scores: NDArray[np.float32], plain_start: float | None = None, partitions: int = 1) -> ImpostorTail:
    """Fit the tail of a square matrix of scores with its standard errors. Each row and column is one person.

    Only scores above the diagonal count. The errors are means over `partitions` ways to group the people. Raises
    ValueError: see `fit_tail`.
    """
    above = np.triu(np.ones(scores.shape, np.bool_), k=1)
    tail = fit_tail(scores[above], plain_start)
    random = np.random.default_rng(1)
    variances = []
    for _ in range(partitions):
        group = random.permutation(len(scores)) % GROUPS
        others = [_start_and_scale(scores[k][:, k][above[k][:, k]]) for k in (group != g for g in range(GROUPS))]
        variances.append((GROUPS - 1) * np.var(others, axis=0))
    start_error, scale_error = np.sqrt(np.mean(variances, axis=0))
    return tail.model_copy(update={"start_error": float(start_error), "scale_error": float(scale_error)})


def fit_tail(scores: NDArray[np.float32], plain_start: float | None = None) -> ImpostorTail:
    """Fit the tail of the scores of different people: where it starts, and the exponential's scale.

    The scale is the median excess over ln 2: a person enrolled twice, or a mislabelled photo, hardly changes it.

    Raises:
        ValueError: fewer than 100,000 scores, too few for a tail.
    """
    if scores.size < 100_000:
        raise ValueError(f"{scores.size} comparisons of different people are too few; at least 100,000 are needed")
    start, scale = _start_and_scale(scores)
    return ImpostorTail(
        start=start,
        plain_start=start if plain_start is None else plain_start,
        share=TAIL_SHARE,
        scale=scale,
        comparisons=int(scores.size),
    )


def _start_and_scale(scores: NDArray[np.float32]) -> tuple[float, float]:
    start = min(float(np.quantile(scores, 1 - TAIL_SHARE)), 1.0)  # rounding may leave a cosine just above 1
    excess = scores[scores > start] - start
    # Equal scores have no excess; then any positive scale means the same.
    return start, max(float(np.median(excess)) / math.log(2), 1e-6) if excess.size else 1e-6
