"""What cases add to the worker."""

from django.utils import timezone

from district.cases import figures, silent_gates
from district.cases.broadcasts import publish_steps
from district.cases.forgetting import forget_old
from district.cases.mails import mail_notices
from district.cases.registry import escalate_due, seed_calendar
from district.exchange.rounds import every


def take_holidays() -> bool:
    """Take the published holidays; once a day, because a new version of the library may bring a new year."""
    seed_calendar(timezone.localdate().year - 1)
    return False


def watch_gates() -> bool:
    """Open cases for gates that fell silent."""
    silent_gates.watch_gates()
    return False


def count_cases() -> bool:
    """Count the cases of today and yesterday for the figures."""
    figures.count_days()
    return False


ROUNDS = (
    every(20, escalate_due),
    every(86_400, take_holidays),
    every(30, watch_gates),
    every(60, count_cases),
    every(5, mail_notices),
    every(2, publish_steps),
    every(3_600, forget_old),
)
