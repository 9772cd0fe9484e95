"""Who is inside now: counted, listed, and as a muster list on paper."""

from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _

from district.attendance.feed_state import feed_state
from district.attendance.filters import InsideFilter
from district.attendance.models import Passage, Stay
from district.attendance.models.projections import INSIDE
from district.attendance.rules.working_time import LONGEST_MAX_S
from district.attendance.sheets import MusterLine, group_rows, muster_addresses, muster_lines, muster_sections
from district.attendance.signed_in import PageRequest
from district.attendance.tables import INSIDE_NOW
from district.pages import page
from district.people.models import Team
from district.people.rules import trade_name
from district.permissions import Permission
from district.places.models import Enterprise, Project
from district.web.lists import list_page

GROUPS_SHOWN = 300
FIGURES = 5
"""The biggest groups, above the list."""
_GROUPS = {"site": "project", "employer": "enterprise", "team": "team", "trade": "trade"}
_NAMES: dict[str, Callable[[Collection[Any]], Iterable[tuple[Any, ...]]]] = {
    "project": lambda keys: Project.objects.filter(pk__in=keys).values_list("pk", "place__name", "site_id"),
    "enterprise": lambda keys: Enterprise.objects.filter(pk__in=keys).values_list("pk", "name"),
    "team": lambda keys: Team.objects.filter(pk__in=keys).values_list("pk", "name"),
    "trade": lambda keys: [(code, trade_name(code) if code else "") for code in keys],
}
"""Column -> keys and names, and of a site its id in addresses."""

_LISTED = ("came", "trade", "person__name", "person__pinyin", "project__place__name", "team__name", "enterprise__name")
"""What a list shows of a stay: the rest of a person is encrypted, and takes as long again."""
_LINE = ("team__name", "person__pinyin", "person__name")


@page(Permission.SEE_PRESENCE)
def presence(request: PageRequest) -> HttpResponseBase:
    """Show who is inside, and how many by site, employer, team or trade."""
    rows = _inside(request.user).select_related("person", "project__place", "team", "enterprise").only(*_LISTED)
    filters = InsideFilter(request.GET, queryset=rows, request=request)
    by = request.GET.get("by", "site")
    by = by if by in _GROUPS else "site"
    groups, inside = _counted(filters.qs, _GROUPS[by])
    context = {
        "by": by,
        "first": groups[:FIGURES],
        "groups": group_rows(groups) if len(groups) > FIGURES else "",
        "many": len(groups),
        "names": [("site", _("Site")), ("employer", _("Employer")), ("team", _("Team")), ("trade", _("Trade"))],
        "inside": inside,
        "state": feed_state(),
    }
    return list_page(request, "attendance/presence.html", INSIDE_NOW, rows, filters=filters, context=context)


@page(Permission.SEE_PRESENCE)
def muster(request: PageRequest, site_id: str) -> HttpResponse:
    """Show the muster list of a site, by team, ready to print. It works with old data too, and says how old."""
    sites = Project.objects.visible_to(request.user, Permission.SEE_PRESENCE).select_related("place")
    site = get_object_or_404(sites, site_id=site_id)
    here = Stay.objects.visible_to(request.user, Permission.SEE_PRESENCE).filter(project=site).order_by()
    inside = here.filter(INSIDE)
    since = timezone.now() - timedelta(seconds=LONGEST_MAX_S)
    perhaps = here.filter(missing_exit=True, came__gte=since).exclude(person__in=inside.values("person"))
    people = [MusterLine(*row) for row in inside.values_list(*_LINE, "enterprise__name", "came")]
    others = [MusterLine(*row) for row in perhaps.order_by("person__pinyin").values_list(*_LINE, "team__name", "came")]
    context = {
        "site": site,
        "now": timezone.now(),
        "state": feed_state(site),
        "sections": muster_sections(people),
        "count": len(people),
        "perhaps": muster_lines(others, "%m-%d %H:%M") if others else "",
        "unknown": _unknown(site, since),
    }
    return render(request, "attendance/muster.html", context)


def _inside(user: Any) -> "QuerySet[Any]":
    return Stay.objects.visible_to(user, Permission.SEE_PRESENCE).filter(INSIDE)


def _counted(rows: "QuerySet[Any]", by: str) -> tuple[list[dict[str, Any]], int]:
    """Count by one column. Return the biggest groups, and how many people are in all.

    Names are looked up of what is shown: to group by names takes three times as long.
    """
    counted = list(rows.order_by().values_list(by).annotate(many=Count("*")).order_by("-many", by))
    found = dict(counted[:GROUPS_SHOWN])
    names = {row[0]: row[1:] for row in _NAMES[by](found)}
    addresses = muster_addresses(row[1] for row in names.values() if len(row) > 1)
    groups = []
    for key, many in found.items():
        name, site_id = (*names.get(key, ("",)), "")[:2]
        groups.append({"name": name or _("without"), "many": many, "address": addresses.get(site_id, "")})
    return sorted(groups, key=lambda group: (-group["many"], group["name"])), sum(many for _key, many in counted)


def _unknown(site: Project, since: Any) -> int:
    """Count the people inside whom nobody knows: those who came less those who left. It is an estimate."""
    rows = Passage.objects.filter(project=site, person=None, granted=True, utc__gte=since).order_by("utc")
    inside = 0
    for direction in rows.values_list("direction", flat=True):
        inside = max(0, inside + (1 if direction == Passage.Direction.IN else -1))
    return inside
