"""What figures add to the worker."""

from django.utils import timezone

from district.exchange.rounds import every
from district.figures.registry import fill_day, fill_some


def count_today() -> bool:
    """Count today again."""
    fill_day(timezone.localdate())
    return False


def count_past() -> bool:
    """Count past days that are missing or late."""
    return fill_some()


ROUNDS = (every(120, count_today), every(600, count_past))
