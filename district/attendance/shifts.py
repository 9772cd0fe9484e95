"""The shift of a day, as a text for lists and pages."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from district.attendance.rules.shifts import ShiftFound, ShiftTimes, shift_of


def shift_text(day: Any) -> str:
    """Return the shift of a day, and how late somebody came or how early they left; "" without one.

    Lists prefetch `project__shifts`.
    """
    if day.first_in is None:
        return ""
    shifts = [ShiftTimes(one.name, one.starts, one.ends, one.grace_minutes) for one in day.project.shifts.all()]
    left = timezone.localtime(day.last_out) if day.last_out else None
    found = shift_of(timezone.localtime(day.first_in), left, shifts)
    return _text(found) if found else ""


def _text(found: ShiftFound) -> str:
    parts = [found.shift.name]
    if found.late:
        parts.append(_("%(minutes)d min late") % {"minutes": found.late})
    if found.early:
        parts.append(_("%(minutes)d min early") % {"minutes": found.early})
    return ", ".join(parts)
