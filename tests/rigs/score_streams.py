"""Streams of comparison scores whose truth is known."""

from collections import Counter
from datetime import date, timedelta

import numpy as np

from edge.core.score_counts import DayScores, bin_of

TODAY = date(2026, 11, 30)


def day(ago, workers=200, mean=0.62, unknown=0.05, unusable=0.05, seed=0):
    """One day: every worker passes twice; scores are normal; shares of the approaches as given."""
    random = np.random.default_rng((seed, ago))
    accepted = np.clip(random.normal(mean, 0.1, workers * 2), 0.45, 0.99)
    count = len(accepted)
    return DayScores(
        day=TODAY - timedelta(days=ago),
        model_id="m",
        workers=workers,
        accepted=Counter(bin_of(score) for score in accepted),
        unknown={60: round(count * unknown)},
        unusable=round(count * unusable),
    )
