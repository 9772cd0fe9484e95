"""Which step a class is asked for at a moment."""

from datetime import datetime

from district.training.models import ClassSession
from district.training.rules import MOMENT_LASTS, START_LASTS, ClassTimes, Step


def times_of(session: ClassSession) -> ClassTimes:
    """Return a class's times."""
    moments = tuple(session.moments.order_by("at").values_list("at", flat=True))
    return ClassTimes(session.begun, moments, session.ending)


def step_now(session: ClassSession, now: datetime) -> Step | None:
    """Return the step that participants are asked for at this moment; None if none."""
    if session.begun is None or session.over is not None:
        return None
    if session.ending is not None:
        return Step.END
    if any(at <= now < at + MOMENT_LASTS for at in times_of(session).moments):
        return Step.MOMENT
    return Step.START if now < session.begun + START_LASTS else None
