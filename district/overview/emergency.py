"""What measures add to the first page: sites that have not declared, stocks that are short, tasks of supplies."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from district.emergency.registry import concerns
from district.emergency.rules import MeasureKind
from district.overview.links import address_of
from district.overview.panels import SHOWN, HomeFigure, HomeTask
from district.permissions import PERMISSIONS, Permission, Role
from district.supplies.asked import missing, short_today, sites_asked
from district.supplies.tasks import waiting_offers

_P = Permission


def emergency_figures(user: Any, role: Role) -> list[HomeFigure]:
    """Return the figures of measures that concern the role; without a measure there are none."""
    if not _supplies_concern(user, role):
        return []
    today = timezone.localdate()
    late, short = missing(user, today).count(), short_today(user, today).count()
    sites = address_of("supplies:sites")
    return [
        HomeFigure(
            _("not declared today"),
            late,
            note=_("of %(count)s sites") % {"count": sites_asked(user).count()},
            tone="bad" if late else "good",
            address=f"{sites}?state=missing",
        ),
        HomeFigure(
            _("stocks are short"),
            short,
            tone="care" if short else "good",
            address=f"{address_of('supplies:stocks')}?state=short",
        ),
    ]


def emergency_tasks(user: Any, role: Role) -> list[HomeTask]:
    """Return what the account should do for measures, with one action each."""
    if not _supplies_concern(user, role) or _P.DECLARE_SUPPLIES not in PERMISSIONS[role]:
        return []
    offers = [
        HomeTask(str(one), str(one.get_state_display()), "care", address_of("supplies:offer", one.pk), _("Open"))
        for one in waiting_offers(user)[:SHOWN]
    ]
    if role is Role.OFFICER:
        return offers
    late = missing(user, timezone.localdate()).order_by("place__name", "pk")
    text, action = _("People and supplies are not declared today."), _("Declare")
    return offers + [
        HomeTask(str(one), text, "bad", address_of("supplies:declare", one.pk), action)
        for one in late[: SHOWN - len(offers)]
    ]


def _supplies_concern(user: Any, role: Role) -> bool:
    return _P.SEE_SUPPLIES in PERMISSIONS[role] and concerns(user, _P.SEE_SUPPLIES, MeasureKind.SUPPLIES)
