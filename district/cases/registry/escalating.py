"""Cases that missed a deadline go one place up."""

from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from district.cases.models import Case
from district.cases.registry.steps import PROGRAM, escalation_of, write_step
from district.cases.registry.telling import tell
from district.cases.rules import CaseAction
from district.places.models import Place

AT_ONCE = 100


def escalate_due(now: datetime | None = None) -> bool:
    """Move a bounded number of cases one place up. Return whether there may be more."""
    at = now or timezone.now()
    due = Case.objects.kept().owed().filter(escalate_at__lte=at).order_by("escalate_at", "pk")
    numbers = list(due.values_list("pk", flat=True)[:AT_ONCE])
    for number in numbers:
        _escalate(number, at)
    return len(numbers) == AT_ONCE


@transaction.atomic
def _escalate(number: int, now: datetime) -> None:
    """Move one case up, if it still is due: its owner may have answered meanwhile."""
    skip = connection.features.has_select_for_update_skip_locked
    rows = Case.objects.owed().select_for_update(skip_locked=skip)
    case: Case | None = rows.filter(pk=number, escalate_at__lte=now).first()
    if case is None:
        return
    above: Place | None = Place.objects.get_parent(case.desk)
    if above is not None:
        case.desk = above
        case.escalated += 1
    case.escalate_at = escalation_of(case, now)
    case.save()
    if above is not None:
        tell(case, write_step(PROGRAM, case, CaseAction.ESCALATE, "", now), now)
