"""What holds for emergency measures. Pure."""

from datetime import date, timedelta
from enum import StrEnum

from django.utils.translation import gettext_noop

from common.refusals import TranslatableError


class MeasureKind(StrEnum):
    """What a measure allows. Each is started by itself, so that nobody collects more than the purpose needs."""

    DECLARATIONS = "declarations"
    SUPPLIES = "supplies"
    SCREENING = "screening"
    TRACING = "tracing"
    QUARANTINE = "quarantine"


DAYS_MAX = 92
"""A measure ends at most so many days after the day on which somebody starts or extends it."""
KEPT_DAYS = {
    MeasureKind.DECLARATIONS: 30,
    MeasureKind.SUPPLIES: 90,
    MeasureKind.SCREENING: 30,
    MeasureKind.TRACING: 30,
    MeasureKind.QUARANTINE: 60,
}
"""How long each row is kept while a measure runs, if the officer names no shorter time."""


class MeasureRefused(TranslatableError):
    """A measure that cannot be. `text` is an English message id, `values` fill it."""


def check_span(starts: date, ends: date, today: date) -> None:
    """Refuse a span that is over, turned round or too long. Raises MeasureRefused."""
    if starts < today - timedelta(days=DAYS_MAX):
        raise MeasureRefused(gettext_noop("The first day is too long ago: choose a later one."))
    if ends < starts or ends < today:
        raise MeasureRefused(gettext_noop("The last day is over, or before the first: choose a later one."))
    if ends > max(starts, today) + timedelta(days=DAYS_MAX):
        raise MeasureRefused(
            gettext_noop("A measure ends after %(days)s days at most. Extend it later if it is still needed."),
            days=DAYS_MAX,
        )


def check_reason(text: str) -> str:
    """Return a purpose or legal basis in one line. Raises MeasureRefused if it says nothing."""
    line = " ".join(text.replace("\0", "").split())
    if len(line) < 4:
        raise MeasureRefused(
            gettext_noop("Say the purpose and the legal basis: who is asked for data has a right to know.")
        )
    return line[:500]
