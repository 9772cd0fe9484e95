"""What cases add to the worker."""

from django.utils import timezone

from district.cases.registry import escalate_due, seed_calendar
from district.exchange.rounds import every


def escalate_cases() -> bool:
    """Move cases up that missed a deadline."""
    return escalate_due()


def take_holidays() -> bool:
    """Take the published holidays; once a day, because a new version of the library may bring a new year."""
    seed_calendar(timezone.localdate().year - 1)
    return False


ROUNDS = (every(20, escalate_cases), every(86_400, take_holidays))
