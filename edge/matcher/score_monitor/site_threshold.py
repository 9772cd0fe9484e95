"""Estimate a site's threshold from counts of its own scores alone.

A recognised worker was compared with everybody else too. The runner-up's score is the best of N − 1 comparisons of
different people, on this camera, in this light. Peaks over a threshold (Davison & Smith 1990; Coles 2001, ch. 4): the
highest tenth of these maxima lie over u. Their excess is exponential: P(best ≥ t) = p · exp(−(t − u) / scale). From
grouped counts the scale's maximum-likelihood estimate is width / ln(1 + 1 / k), with k the mean excess in bins. It is
averaged with the pack's, which counts like PRIOR_PEAKS peaks. Scales differ by a few per cent between groups of people,
the start of a tail by much more.

The best scores of unknown people are *not* fitted. A missed worker is among them, so missing workers would raise the
threshold, which misses more.

The correction is the smallest that the evidence demands. It is nothing while the pack's model lies within the
estimate's 95 % interval. Otherwise it goes to the interval's near end, bounded. The interval counts different workers,
not passages: the same worker's runner-up is the same neighbour every morning.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from edge.core.score_counts import BIN, DayScores, added, lower_edge
from edge.matcher.gallery.threshold import threshold_for
from edge.matcher.weights.manifest import ImpostorTail

WINDOW_DAYS = 30
TAIL_PART = 0.1
"""The highest tenth of the runner-ups is the tail."""
WORKERS_MIN = 100
"""Different workers needed on one day, and in the gallery. A tenth of fewer is too few, and the tail begins too low."""
LOWER_WORKERS_MIN = 450
"""Only this many workers may lower the threshold."""
PRIOR_PEAKS = 150
"""The pack's scale is known to about 8 %: the photos' halves and galleries gave 0.0275 to 0.029 (docs/ACCURACY.md)."""
GALLERY_SAME = 0.2
"""Days count as alike when the gallery was within this part of its present size."""
Z = 1.96
RAISE_MAX, LOWER_MAX = 0.05, 0.02
"""No correction is larger."""


@dataclass(frozen=True, slots=True)
class SiteTail:
    """The tail of this site's runner-ups. `workers`: different ones on the best day; `standard_error` of
    `threshold`."""

    tail: ImpostorTail
    workers: int
    threshold: float
    standard_error: float


def site_tail(days: Sequence[DayScores], gallery: int, fpir: float, today: date, pack_scale: float) -> SiteTail | None:
    """Estimate from the last WINDOW_DAYS before `today` for a gallery of this size; None if they are too few."""
    alike = [
        d
        for d in days
        if today - timedelta(days=WINDOW_DAYS) <= d.day < today and abs(d.gallery - gallery) <= GALLERY_SAME * gallery
    ]
    workers = max((d.workers for d in alike), default=0)
    if min(workers, gallery) < WORKERS_MIN:
        return None
    bins = added(d.runner_up for d in alike)
    count = sum(bins.values())
    start, above = _tail_start(bins, count)
    share = above / count
    mean_bins = sum((index - start) * n for index, n in bins.items() if index >= start) / above
    own_scale = BIN / math.log1p(1 / mean_bins) if mean_bins else BIN
    peaks = share * min(workers, count)
    scale = (peaks * own_scale + PRIOR_PEAKS * pack_scale) / (peaks + PRIOR_PEAKS)
    tail = ImpostorTail(
        start=lower_edge(start),
        plain_start=lower_edge(start),
        share=-math.expm1(math.log1p(-min(share, 0.999)) / (gallery - 1)),
        scale=scale,
        comparisons=count * (gallery - 1),
    )
    error = scale * math.sqrt((1 - share) / peaks + math.log(share / fpir) ** 2 / (peaks + PRIOR_PEAKS))
    on_average = error**2 / (2 * scale)  # as in edge/matcher/gallery/threshold.py
    return SiteTail(tail, workers, threshold_for(tail, gallery, fpir) + on_average, error)


def correction(expected: float, found: SiteTail) -> float:
    """The correction of the `expected` threshold; 0 while the site's scores do not contradict it."""
    low, high = found.threshold - Z * found.standard_error, found.threshold + Z * found.standard_error
    if low > expected:
        return min(low - expected, RAISE_MAX)
    if high < expected and found.workers >= LOWER_WORKERS_MIN:
        return max(high - expected, -LOWER_MAX)
    return 0.0


def _tail_start(bins: dict[int, int], count: int) -> tuple[int, int]:
    """The highest bin that a TAIL_PART of all scores reach, and their number."""
    above = 0
    for index in sorted(bins, reverse=True):
        above += bins[index]
        if above >= TAIL_PART * count:
            return index, above
    raise ValueError("there are no scores")
