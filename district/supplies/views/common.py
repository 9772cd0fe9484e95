"""What the pages of supplies share."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.dateparse import parse_date

from district.emergency.pages import measure_page
from district.emergency.rules import MeasureKind
from district.permissions import Permission
from district.places.models import Project
from district.supplies.asked import sites_asked

SEE, DECLARE, CHECK = Permission.SEE_SUPPLIES, Permission.DECLARE_SUPPLIES, Permission.CHECK_SITES


def supply_page(
    permission: Permission,
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Open a view only while a measure about supplies concerns the account."""
    return measure_page(permission, MeasureKind.SUPPLIES)


def site_of(request: HttpRequest, pk: int, permission: Permission = SEE) -> Project:
    """Return a site that a measure asks and that an account sees, or 404."""
    user: Any = request.user
    found: Project = get_object_or_404(sites_asked(user, permission), pk=pk)
    return found


def day_of(request: HttpRequest) -> date:
    """Return the day that the address or the form names; today without one."""
    text = request.POST.get("day") or request.GET.get("day") or ""
    try:
        return parse_date(text[:10]) or timezone.localdate()
    except ValueError:
        return timezone.localdate()
