"""From which score a candidate counts: the more people in the gallery, the higher.

A stranger is compared with every template, so the chance that one of N scores high enough by accident is
FPIR = 1 − (1 − FMR(t))^N. The pack's manifest carries FMR's measured tail; here it is solved for t.
"""

import math

from edge.matcher.models import ImpostorTail

FPIR_TARGET = 0.003
"""Of 1,000 looks at strangers, 3 may score above the threshold in one frame; the vote over frames comes on top."""


def false_match_rate(tail: ImpostorTail, score: float) -> float:
    """Share of comparisons of two different people that reach `score`, for scores in the tail.

    Below the tail's start its share there is returned (a lower bound).
    """
    excess = max(0.0, score - tail.tail_start) / tail.scale
    if abs(tail.shape) < 1e-9:
        return tail.tail_share * math.exp(-excess)
    base = 1 + tail.shape * excess
    return tail.tail_share * base ** (-1 / tail.shape) if base > 0 else 0.0


def threshold_for(tail: ImpostorTail, gallery_size: int, fpir: float = FPIR_TARGET) -> float:
    """The score that a stranger reaches against any of `gallery_size` templates with probability `fpir`.

    Never below the start of the measured tail, where nothing is known.
    """
    rate = -math.expm1(math.log1p(-fpir) / max(1, gallery_size))
    ratio = tail.tail_share / rate
    if ratio <= 1:
        return tail.tail_start
    if abs(tail.shape) < 1e-9:
        return tail.tail_start + tail.scale * math.log(ratio)
    return tail.tail_start + tail.scale / tail.shape * (ratio**tail.shape - 1)
