"""Who is inside now: counted, listed, and as a muster list on paper."""

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
from district.people.rules import trade_name
from district.permissions import Permission
from district.places.models import Project
from district.web.lists import list_page

GROUPS_SHOWN = 300
_GROUPS = {
    "site": ("project", "project__place__name"),
    "employer": ("enterprise", "enterprise__name"),
    "team": ("team", "team__name"),
    "trade": ("trade", "trade"),
}


@page(Permission.SEE_PRESENCE)
def presence(request: PageRequest) -> HttpResponseBase:
    """Show who is inside, and how many by site, employer, team or trade."""
    rows = _inside(request.user)
    filters = InsideFilter(request.GET, queryset=rows, request=request)
    by = request.GET.get("by", "site")
    by = by if by in _GROUPS else "site"
    found = filters.qs
    context = {
        "by": by,
        "groups": _counted(found, by),
        "names": [("site", _("Site")), ("employer", _("Employer")), ("team", _("Team")), ("trade", _("Trade"))],
        "inside": found.order_by().count(),
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


def _counted(rows: "QuerySet[Any]", by: str) -> list[dict[str, Any]]:
    key, name = _GROUPS[by]
    found = rows.order_by().values(key, name).annotate(many=Count("pk")).order_by("-many", name)[:GROUPS_SHOWN]
    sites = {}
    if by == "site":
        sites = dict(Project.objects.filter(pk__in=[row[key] for row in found]).values_list("pk", "site_id"))
    return [
        {
            "key": row[key],
            "name": (trade_name(row[name]) if by == "trade" and row[name] else row[name]) or _("without"),
            "many": row["many"],
            "site_id": sites.get(row[key], ""),
        }
        for row in found
    ]


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
