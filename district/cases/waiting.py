"""Which cases wait for an account."""

from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from district.accounts.models import Grant
from district.cases.models import Case, ResponseStep
from district.cases.registry.telling import WORKING
from district.cases.rules import WITH_DESK_OR_OWNER, CaseState
from district.permissions import Permission
from district.places.models import Place


def waiting_for(user: Any) -> Any:
    """Return the open cases whose next step is an account's, what is due first first.

    It owns them, is to confirm what it reported, or works at their desk. A site's accounts have its open tasks too.
    """
    granted = Grant.objects.filter(Grant.in_force(timezone.now()), user=user, role__in=WORKING, place__isnull=False)
    mine = list(granted.values_list("place", "place__kind"))
    desks = [place for place, kind in mine if kind != Place.Kind.SITE]
    sites = [place for place, kind in mine if kind == Place.Kind.SITE]
    owned = [CaseState.ASSIGNED.value, CaseState.IN_PROGRESS.value, CaseState.CONFIRMED.value]
    asked = Q(reporter=user) | Q(reporter=None, reporter_person=None, reporter_place__in=desks)
    wanted = Q(owner=user, state__in=owned) | (asked & ~Q(resolved_by=user) & Q(state=CaseState.RESOLVED.value))
    wanted |= Q(desk__in=desks, state=CaseState.REPORTED.value)
    if sites:
        undone = Exists(ResponseStep.objects.filter(case=OuterRef("pk"), done=None))
        wanted |= Q(undone, place__in=sites, state__in=[state.value for state in WITH_DESK_OR_OWNER])
    rows = Case.objects.visible_to(user, Permission.WORK_CASES).kept().still_open()
    return rows.filter(wanted).select_related("place", "desk", "owner").order_by("solution_due", "pk")
