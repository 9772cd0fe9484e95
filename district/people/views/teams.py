"""One team: its members, its past, another name or leader, its end."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from district.pages import page
from district.people import registry, rules
from district.people.models import Team
from district.people.site_forms import ChangeTeamForm, EndTeamForm
from district.people.views.base import REFUSED
from district.permissions import Permission


@page(Permission.SEE_PEOPLE)
def team(request: HttpRequest, key: int) -> HttpResponseBase:
    """Show a team: who is in it, who led it when, what it was called."""
    user: Any = request.user
    found = _team(user, key, Permission.SEE_PEOPLE)
    changes = found.retired is None and Team.objects.visible_to(user, Permission.CHANGE_PEOPLE).filter(pk=key).exists()
    context = {"team": found, "rows": _rows(found), "past": found.past.select_related("leader"), "may_change": changes}
    return render(request, "people/team.html", context)


@page(Permission.CHANGE_PEOPLE)
def change_team(request: HttpRequest, key: int) -> HttpResponseBase:
    """Give a team another name or leader."""
    found = _team(request.user, key, Permission.CHANGE_PEOPLE)
    form = ChangeTeamForm(request.POST or None, team=found)
    if request.method == "POST" and form.is_valid():
        try:
            registry.save_team(request.user, found, **form.cleaned_data)
        except REFUSED as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Saved."))
            return redirect("people:team", key)
    context = {"form": form, "team": found}
    return render(request, "people/change_team.html", context, status=422 if form.is_bound else 200)


@page(Permission.CHANGE_PEOPLE)
def end_team(request: HttpRequest, key: int) -> HttpResponseBase:
    """End a team: the page shows all members, then all of it is done or nothing."""
    found = _team(request.user, key, Permission.CHANGE_PEOPLE)
    form = EndTeamForm(request.POST or None, team=found)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            with registry.together(request.user, given["why"]):
                registry.end_team(request.user, found, **given)
        except REFUSED as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The team has ended."))
            return redirect("people:team", key)
    context = {"form": form, "team": found, "rows": _rows(found)}
    return render(request, "people/end_team.html", context, status=422 if form.is_bound else 200)


def _team(user: Any, key: int, permission: Permission) -> Team:
    rows = Team.objects.visible_to(user, permission).select_related("project__place", "enterprise", "leader")
    found: Team = get_object_or_404(rows, pk=key)
    return found


def _rows(team: Team) -> list[tuple[Any, str]]:
    return [(row, rules.trade_name(row.trade)) for row in registry.members(team).select_related("person")]
