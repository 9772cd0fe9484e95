"""The states of a hit, and the steps between them."""

from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from django.utils.translation import gettext_noop

from district.screening.rules.refusals import ScreeningRefused


class HitState(StrEnum):
    """How far a hit is. Only `in_force` stops somebody at a gate, and only until the hit's end."""

    CANDIDATE = "candidate"
    DISMISSED = "dismissed"
    IN_FORCE = "in_force"
    LIFTED = "lifted"
    OVER = "over"
    """Its end has come. Nobody lifted it."""


class HitBasis(StrEnum):
    """What the row or rule and the person have in common."""

    NUMBER = "number"
    PHONE = "phone"
    NAME = "name"
    PLACE = "place"


STEPS = {
    HitState.CANDIDATE: {HitState.IN_FORCE, HitState.DISMISSED},
    HitState.DISMISSED: {HitState.IN_FORCE},
    HitState.IN_FORCE: {HitState.LIFTED, HitState.OVER},
    HitState.LIFTED: {HitState.IN_FORCE},
    HitState.OVER: {HitState.IN_FORCE},
}
"""A wrong decision can be put right: by another one, which is recorded too."""
REASON_MIN = 4


def check_step(old: HitState, new: HitState) -> None:
    """Refuse a step that there is not: somebody else decided meanwhile. Raises ScreeningRefused."""
    if new not in STEPS[old]:
        raise ScreeningRefused(gettext_noop("This hit was decided meanwhile: look at it again."))


def said(text: str) -> str:
    """Return a reason in one line. Raises ScreeningRefused if it says nothing."""
    line = " ".join(text.replace("\0", "").split())
    if len(line) < REASON_MIN:
        raise ScreeningRefused(gettext_noop("Say why: who is stopped at a gate has a right to know."))
    return line[:500]


def end_of_hit(
    made: datetime, list_ends: date, measure_ends: date, kept_days: int, zone: tzinfo, wished: datetime | None = None
) -> datetime:
    """Return when a hit ends: with its list, its measure or its erasure, or earlier if somebody wishes so."""
    last = min(list_ends, measure_ends)
    ends = [datetime.combine(last + timedelta(days=1), time(), zone), made + timedelta(days=kept_days)]
    return min([*ends, wished] if wished else ends)
