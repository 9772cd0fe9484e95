"""The shifts of days, as texts for lists and pages."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from district.attendance.models import Shift
from district.attendance.rules.shifts import ShiftFound, ShiftTimes, shift_of


def shift_texts(days: Iterable[Any]) -> dict[int, str]:
    """Return the shift of each day that has one, with how late somebody came or how early they left."""
    rows = list(days)
    shifts: defaultdict[int, list[ShiftTimes]] = defaultdict(list)
    for shift in Shift.objects.filter(project__in={row.project_id for row in rows}):
        shifts[shift.project_id].append(ShiftTimes(shift.name, shift.starts, shift.ends, shift.grace_minutes))
    texts = {}
    for row in rows:
        if row.first_in is not None and (here := shifts.get(row.project_id)):
            left = timezone.localtime(row.last_out) if row.last_out else None
            if found := shift_of(timezone.localtime(row.first_in), left, here):
                texts[row.pk] = _text(found)
    return texts


def _text(found: ShiftFound) -> str:
    parts = [found.shift.name]
    if found.late:
        parts.append(_("%(minutes)d min late") % {"minutes": found.late})
    if found.early:
        parts.append(_("%(minutes)d min early") % {"minutes": found.early})
    return ", ".join(parts)
