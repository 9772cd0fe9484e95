"""Notice a clock that was wrong. What it left behind is put right, and nothing is removed on the word of one jump.

An app with times of its own has `clock_set_back.py` with `repair(now)`. It must bear being called twice.
"""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from district.web.models import ClockMark
from district.web.registry import modules_of_apps

log = structlog.get_logger()

SET_BACK = timedelta(minutes=1)
JUMP = timedelta(days=2)
"""A step forward by more is a wrong clock, or a worker that was off for days."""
PROVEN = timedelta(days=1)
"""So long the clock must go on after a jump before anything is removed by its age."""


def follow_clock() -> bool:
    """Compare the clock with what it showed before: the worker's round."""
    now = timezone.now()
    mark, _ = ClockMark.objects.get_or_create(pk=1, defaults={"seen": now})
    back, jumped = now < mark.seen - SET_BACK, now > mark.seen + JUMP
    with transaction.atomic():
        if back:
            log.warning("clock_set_back", was=mark.seen.isoformat())
            _repair(now)
        elif jumped:
            log.warning("clock_jumped", was=mark.seen.isoformat(), detail="nothing is removed by its age for a day")
        since = now if jumped else None if back else mark.jumped
        ClockMark.objects.filter(pk=1).update(seen=now, jumped=since)
    return False


def is_proven(now: datetime) -> bool:
    """Tell whether the clock may decide that something is old enough to be removed."""
    mark = ClockMark.objects.filter(pk=1).first()
    if mark is None:
        return True
    return now <= mark.seen + JUMP and (mark.jumped is None or now - mark.jumped >= PROVEN)


def _repair(now: datetime) -> None:
    for _app, module in modules_of_apps("clock_set_back"):
        module.repair(now)
