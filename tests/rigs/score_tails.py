"""Runner-up scores drawn from a tail that is known."""

from collections import Counter
from datetime import date, timedelta

import numpy as np

from edge.core.score_counts import DayScores, bin_of

TODAY = date(2026, 11, 30)


def runner_ups(gallery, workers, days=10, shift=0.0, scale=0.0275, seed=1, missed=0):
    """Days on which every worker's runner-up is the best of gallery - 1 draws from an exponential tail; the same ones
    each day.
    `missed`: workers whose runner-up is in truth themselves, enrolled twice."""
    random = np.random.default_rng(seed)
    best = -np.log(-np.log(random.random(workers))) * scale + 0.29 + shift + scale * np.log(0.001 * (gallery - 1))
    best[:missed] = 0.8
    bins = dict(Counter(bin_of(score) for score in best))
    return [
        DayScores(day=TODAY - timedelta(days=n), model_id="m", gallery=gallery, workers=workers, runner_up=bins)
        for n in range(1, days + 1)
    ]
