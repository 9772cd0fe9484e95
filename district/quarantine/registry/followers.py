"""Which accounts may answer for somebody in quarantine."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.accounts.models import Grant, User
from district.emergency.models import EmergencyMeasure
from district.permissions import PERMISSIONS, Permission
from district.places.models import Place
from district.quarantine.rules import QuarantineRefused
from district.scope import Scope

NEEDED = frozenset({Permission.SEE_HEALTH, Permission.WORK_CASES})
"""Who follows a quarantine sees health data, and works."""
_ROLES = sorted(role.value for role, has in PERMISSIONS.items() if has >= NEEDED)


def follows(user: User, place: Place, enterprise: int | None) -> bool:
    """Say whether an account can answer for somebody at a place, or of an enterprise."""
    return _sees(user, place.path, enterprise)


def check_follows(user: User, place: Place, enterprise: int | None) -> None:
    """Refuse an account that would not see the person. Raises QuarantineRefused."""
    if not follows(user, place, enterprise):
        raise QuarantineRefused(
            gettext_noop("This account sees nobody in quarantine at that place: choose another account or place.")
        )


def followers(measure: EmergencyMeasure, enterprise: int | None = None) -> "QuerySet[Any]":
    """Return the accounts that can answer for somebody inside a measure's part of the tree."""
    first, end = measure.place.branch
    where = Q(place__path__gte=first, place__path__lt=end) | Q(place__path__in=measure.place.ancestor_paths)
    if enterprise is not None:
        where |= Q(enterprise=enterprise)
    grants = Grant.objects.filter(where, Grant.in_force(timezone.now()), role__in=_ROLES)
    found: QuerySet[Any] = User.objects.filter(is_active=True, pk__in=grants.values("user")).order_by(
        "name", "username"
    )
    return found


def without_holder(orders: "QuerySet[Any]") -> list[int]:
    """Return the keys of those orders whose account no longer sees them: it was blocked, or its role ended."""
    rows = orders.order_by("pk").values_list("pk", "holder", "place__path", "enterprise")
    found = list(rows)
    holders = User.objects.in_bulk({holder for _pk, holder, _path, _enterprise in found})
    return [pk for pk, holder, path, enterprise in found if not _sees(holders[holder], path, enterprise)]


def _sees(user: User, path: str, enterprise: int | None) -> bool:
    return user.is_active and all(_reaches(user.scope(one), path, enterprise) for one in NEEDED)


def _reaches(scope: Scope, path: str, enterprise: int | None) -> bool:
    return scope.holds(path) or (enterprise is not None and enterprise in scope.enterprises)
