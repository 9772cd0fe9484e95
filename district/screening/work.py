"""Where people work inside the place of a measure: there alone a hit of its lists holds."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from district.emergency.models import EmergencyMeasure
from district.people.models import Assignment, in_force
from district.scope import Scope


def work_inside(measure: EmergencyMeasure) -> "QuerySet[Any]":
    """Return the work in a measure's place that goes on, or that begins later."""
    inside = Scope(ranges=(measure.place.branch,)).places("project__place__path")
    return Assignment.objects.filter(in_force(timezone.localdate()), inside)
