"""The ages of key lists. They are few, so that they are read themselves."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q
from django.utils import timezone

from district.figures.sources import end_of
from district.places.models import Place
from district.screening.models import KeyList


@dataclass(frozen=True)
class KeyListAge:
    """One key list on a day."""

    name: str
    source: str
    days: int
    """Since it was loaded."""
    ends: date
    expired: bool


def list_ages(user: Any, place: Place, day: date) -> list[KeyListAge]:
    """Return the lists whose measure holds at a place, above it or below it, the oldest first."""
    first, end = place.branch
    at = Q(measure__place__path__gte=first, measure__place__path__lt=end)
    at |= Q(measure__place__path__in=place.ancestor_paths)
    rows = KeyList.objects.visible_to(user).kept().filter(at, loaded__lt=end_of(day))
    rows = rows.filter(Q(withdrawn=None) | Q(withdrawn__gte=end_of(day))).order_by("loaded", "pk")
    return [
        KeyListAge(one.name, one.source, (day - timezone.localdate(one.loaded)).days, one.ends, one.ends < day)
        for one in rows
    ]
