"""How old the data is that pages show."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from district.attendance.models import FeedGap
from district.exchange.models import FeedPosition
from district.places.models import Gate, Project

OLD_AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class FeedState:
    """When HQ last answered, and what is missing."""

    read: datetime | None
    old: bool
    behind: bool
    silent: tuple[Any, ...] = ()
    """Gates of the site that were not heard of for ten minutes."""
    gaps: int = 0


def feed_state(project: Project | None = None, now: datetime | None = None) -> FeedState:
    """Return how old the data is. With a site also say which of its gates are silent, and how many gaps it has.

    A site without a gate has no feed that could be old: its workers record themselves on the phone.
    """
    now, position = now or timezone.now(), FeedPosition.objects.first()
    read = position.read if position else None
    old = read is None or now - read > OLD_AFTER
    behind = bool(position and getattr(position, "behind", 0))
    if project is None:
        return FeedState(read, old, behind)
    gates = Gate.objects.filter(project=project, retired=None)
    silent = gates.filter(Q(last_heard__isnull=True) | Q(last_heard__lt=now - OLD_AFTER)).order_by("gate_id")
    gaps = FeedGap.objects.filter(project=project).count()
    return FeedState(read, old and gates.exists(), behind, tuple(silent), gaps)
