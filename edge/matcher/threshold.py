"""From which score a candidate counts: the more people in the gallery, the higher.

A stranger is compared with every template, so the chance that one of N scores high enough by accident is
FPIR = 1 − (1 − FMR(t))^N. High scores of different people fall off exponentially (measured: the shape of a
generalised Pareto fit is 0.00 ± 0.03), so FMR(t) = share · exp(−(t − start) / scale), and t follows in closed form.
`sitegate models evaluate` measures the three numbers on a folder of photos.
"""

import math

import numpy as np
from numpy.typing import NDArray

from edge.matcher.models import ImpostorTail

FPIR_TARGET = 0.003
"""Of 1,000 looks at strangers 3 may reach the threshold in one frame; the vote over frames comes on top."""
TAIL_SHARE = 0.001
"""The tail is the highest thousandth of the scores of different people."""


def false_match_rate(tail: ImpostorTail, score: float) -> float:
    """Share of comparisons of two different people that reach `score`; below the tail, the tail's share."""
    return tail.share * math.exp(-max(0.0, score - tail.start) / tail.scale)


def threshold_for(tail: ImpostorTail, gallery_size: int, fpir: float = FPIR_TARGET) -> float:
    """The score that a stranger reaches against any of `gallery_size` templates with probability `fpir`.

    Never below the start of the measured tail.
    """
    rate = -math.expm1(math.log1p(-fpir) / max(1, gallery_size))
    return tail.start + tail.scale * max(0.0, math.log(tail.share / rate))


def fit_tail(scores: NDArray[np.float32]) -> ImpostorTail:
    """The tail of the scores of different people: where it starts, and its mean excess (the exponential's
    maximum-likelihood scale).

    Raises:
        ValueError: fewer than 100,000 scores, too few for a tail.
    """
    if scores.size < 100_000:
        raise ValueError(f"{scores.size} comparisons of different people are too few; at least 100,000 are needed")
    start = float(np.quantile(scores, 1 - TAIL_SHARE))
    excess = scores[scores > start] - start
    return ImpostorTail(start=start, share=TAIL_SHARE, scale=float(excess.mean()), comparisons=int(scores.size))
