"""What cases add to the worker."""

from django.utils import timezone

from district.cases import broadcasts, figures, forgetting, mails, silent_gates
from district.cases.registry import escalate_due, seed_calendar
from district.exchange.rounds import every


def escalate_cases() -> bool:
    """Move cases up that missed a deadline."""
    return escalate_due()


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


def mail_cases() -> bool:
    """Send mails about cases."""
    return mails.mail_notices()


def publish_cases() -> bool:
    """Publish steps of cases to the broker."""
    return broadcasts.publish_steps()


def forget_cases() -> bool:
    """Erase cases that closed long ago, and notes that nothing needs any more."""
    return forgetting.forget_old()


ROUNDS = (
    every(20, escalate_cases),
    every(86_400, take_holidays),
    every(30, watch_gates),
    every(60, count_cases),
    every(5, mail_cases),
    every(2, publish_cases),
    every(3_600, forget_cases),
)
