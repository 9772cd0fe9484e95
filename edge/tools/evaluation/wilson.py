"""Compute the interval of a counted share."""

import math


def wilson(errors: int, trials: int) -> tuple[float, float]:
    """The 95 % score interval of a proportion (Wilson 1927); (0, 1) for no trial."""
    if not trials:
        return 0.0, 1.0
    z2, p = 1.96**2, errors / trials
    middle = (p + z2 / (2 * trials)) / (1 + z2 / trials)
    half = 1.96 * math.sqrt(p * (1 - p) / trials + z2 / (4 * trials**2)) / (1 + z2 / trials)
    return max(0.0, middle - half), min(1.0, middle + half)
