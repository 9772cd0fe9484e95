"""Who is inside now: counted, listed, and as a muster list on paper."""

from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from itertools import groupby
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
from district.attendance.signed_in import PageRequest
from district.attendance.tables import INSIDE_NOW
from district.pages import page
from district.people.models import Team
from district.people.rules import trade_name
from district.permissions import Permission
from district.places.models import Enterprise, Project
from district.web.lists import list_page

GROUPS_SHOWN = 300
_GROUPS = {"site": "project", "employer": "enterprise", "team": "team", "trade": "trade"}
_NAMES: dict[str, Callable[[Collection[Any]], Iterable[tuple[Any, ...]]]] = {
    "project": lambda keys: Project.objects.filter(pk__in=keys).values_list("pk", "place__name", "site_id"),
    "enterprise": lambda keys: Enterprise.objects.filter(pk__in=keys).values_list("pk", "name"),
    "team": lambda keys: Team.objects.filter(pk__in=keys).values_list("pk", "name"),
    "trade": lambda keys: [(code, trade_name(code) if code else "") for code in keys],
}
"""Column -> keys and names, and of a site its id in addresses."""


@page(Permission.SEE_PRESENCE)
def presence(request: PageRequest) -> HttpResponseBase:
    """Show who is inside, and how many by site, employer, team or trade."""
    rows = _inside(request.user)
    filters = InsideFilter(request.GET, queryset=rows, request=request)
    by = request.GET.get("by", "site")
    by = by if by in _GROUPS else "site"
    groups, inside = _counted(filters.qs, _GROUPS[by])
    context = {
        "by": by,
        "groups": groups,
        "names": [("site", _("Site")), ("employer", _("Employer")), ("team", _("Team")), ("trade", _("Trade"))],
        "inside": inside,
        "state": feed_state(),
    }
    listed = rows.select_related("person", "project__place", "team", "enterprise")
    listed_filters = InsideFilter(request.GET, queryset=listed, request=request)
    return list_page(request, "attendance/presence.html", INSIDE_NOW, listed, filters=listed_filters, context=context)


@page(Permission.SEE_PRESENCE)
def muster(request: PageRequest, site_id: str) -> HttpResponse:
    """Show the muster list of a site, by team, ready to print. It works with old data too, and says how old."""
    sites = Project.objects.visible_to(request.user, Permission.SEE_PRESENCE).select_related("place")
    site = get_object_or_404(sites, site_id=site_id)
    stays = _inside(request.user).filter(project=site).select_related("person", "team", "enterprise")
    inside = sorted(stays, key=_by_team)
    since = timezone.now() - timedelta(seconds=LONGEST_MAX_S)
    perhaps = Stay.objects.visible_to(request.user, Permission.SEE_PRESENCE)
    perhaps = perhaps.filter(project=site, missing_exit=True, came__gte=since).exclude(
        person__in=[stay.person_id for stay in inside]
    )
    context = {
        "site": site,
        "now": timezone.now(),
        "state": feed_state(site),
        "teams": [(name, list(people)) for name, people in groupby(inside, key=_team_name)],
        "count": len(inside),
        "perhaps": perhaps.select_related("person", "team").order_by("person__pinyin"),
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
    groups = []
    for key, many in found.items():
        name, site_id = (*names.get(key, ("",)), "")[:2]
        groups.append({"key": key, "name": name or _("without"), "many": many, "site_id": site_id})
    return sorted(groups, key=lambda group: (-group["many"], group["name"])), sum(many for _key, many in counted)


def _team_name(stay: Any) -> str:
    return stay.team.name if stay.team else _("Without a team")


def _by_team(stay: Any) -> tuple[str, str]:
    return _team_name(stay), stay.person.pinyin


def _unknown(site: Project, since: Any) -> int:
    """Count the people inside whom nobody knows: those who came less those who left. It is an estimate."""
    rows = Passage.objects.filter(project=site, person=None, granted=True, utc__gte=since).order_by("utc")
    inside = 0
    for direction in rows.values_list("direction", flat=True):
        inside = max(0, inside + (1 if direction == Passage.Direction.IN else -1))
    return inside
