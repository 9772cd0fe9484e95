"""Forms for work, employments and teams of people."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from district.pages import page
from district.people import registry, rules
from district.people.forms import ChangeWorkForm, EmploymentForm, EndForm, TeamForm, WorkForm
from district.people.models import Assignment, Employment, Person, Team, in_force
from district.people.views.base import REFUSED, changeable_person, form_page
from district.permissions import Permission

PICKED_MAX = 200
"""People of one bulk action: what somebody can still look through."""


@page(Permission.CHANGE_PEOPLE)
def assign(request: HttpRequest, key: int) -> HttpResponseBase:
    """Let a person work on a site."""
    found = changeable_person(request, key)
    user: Any = request.user
    form = WorkForm(request.POST or None, user=user)

    def do() -> str:
        given = form.cleaned_data
        registry.assign(user, found, given.pop("project"), given.pop("enterprise"), **_with_trade(given))
        messages.success(request, _("Saved."))
        return reverse("people:person", args=[key])

    return form_page(request, form, do, context={"person": found, "heading": _("Work on a site")})


@page(Permission.CHANGE_PEOPLE)
def change_work(request: HttpRequest, key: int) -> HttpResponseBase:
    """Change team, trade or role from today on."""
    row = _changeable_work(request, key)
    user: Any = request.user
    form = ChangeWorkForm(request.POST or None, user=user, assignment=row)

    def do() -> str:
        registry.change_assignment(user, row, **_with_trade(form.cleaned_data))
        messages.success(request, _("Saved."))
        return reverse("people:person", args=[row.person_id])

    return form_page(request, form, do, context={"person": row.person, "heading": _("Team and trade")})


@page(Permission.CHANGE_PEOPLE)
def end_work(request: HttpRequest, key: int) -> HttpResponseBase:
    """End the work on a site."""
    row = _changeable_work(request, key)
    form = EndForm(request.POST or None)

    def do() -> str:
        registry.end_assignment(request.user, row, form.cleaned_data["ends"], form.cleaned_data["why"])
        messages.success(request, _("Saved."))
        return reverse("people:person", args=[row.person_id])

    return form_page(request, form, do, context={"person": row.person, "heading": _("End the work")})


@page(Permission.CHANGE_PEOPLE)
def employ(request: HttpRequest, key: int) -> HttpResponseBase:
    """Record an employer and the contract."""
    found = changeable_person(request, key)
    user: Any = request.user
    form = EmploymentForm(request.POST or None, user=user)

    def do() -> str:
        given = form.cleaned_data
        registry.employ(user, found, given.pop("enterprise"), **given)
        messages.success(request, _("Saved."))
        return reverse("people:person", args=[key])

    return form_page(request, form, do, context={"person": found, "heading": _("Employment")})


@page(Permission.CHANGE_PEOPLE)
def end_employment(request: HttpRequest, key: int) -> HttpResponseBase:
    """End an employment, and with it the work for that employer."""
    user: Any = request.user
    visible = Employment.objects.visible_to(user, Permission.CHANGE_PEOPLE)
    row: Employment = get_object_or_404(visible.select_related("person"), pk=key)
    changeable_person(request, row.person_id)
    elsewhere = _work_elsewhere(user, row)
    form = EndForm(request.POST or None)

    def do() -> str:
        if elsewhere:
            raise registry.RecordRefused(
                _("This person works for this employer on another site too: end the work on your site instead.")
            )
        registry.end_employment(user, row, form.cleaned_data["ends"], form.cleaned_data["why"])
        messages.success(request, _("Saved."))
        return reverse("people:person", args=[row.person_id])

    return form_page(request, form, do, context={"person": row.person, "heading": _("End the employment")})


@page(Permission.CHANGE_PEOPLE)
@require_POST
def end_many(request: HttpRequest) -> HttpResponseBase:
    """End the work of the chosen people: first a preview, then all of it or nothing."""
    user: Any = request.user
    keys = [int(key) for key in request.POST.getlist("pick") if key.isascii() and key.isdigit() and len(key) < 19]
    people = Person.objects.visible_to(user, Permission.CHANGE_PEOPLE).changeable_by(user).living()
    chosen = list(people.filter(pk__in=keys[:PICKED_MAX]))
    form = EndForm(request.POST if "ends" in request.POST else None)
    visible = Assignment.objects.visible_to(user, Permission.CHANGE_PEOPLE)
    rows = list(visible.filter(person__in=chosen, ends__isnull=True).select_related("person", "project__place"))
    if form.is_bound and form.is_valid():
        try:
            with registry.together(user, form.cleaned_data["why"]):
                for row in rows:
                    registry.end_assignment(user, row, form.cleaned_data["ends"])
        except REFUSED as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The work of %(count)s people ends.") % {"count": len(rows)})
            return redirect("people:people")
    context = {"form": form, "rows": rows, "chosen": chosen, "left_out": max(0, len(keys) - len(chosen))}
    return render(request, "people/end_many.html", context)


@page(Permission.CHANGE_PEOPLE)
def add_team(request: HttpRequest) -> HttpResponseBase:
    """Add a team on a site."""
    user: Any = request.user
    form = TeamForm(request.POST or None, user=user)

    def do() -> str:
        given = form.cleaned_data
        team = Team(project=given["project"], enterprise=given["enterprise"])
        registry.save_team(user, team, name=given["name"])
        messages.success(request, _("Saved."))
        return reverse("people:teams")

    return form_page(request, form, do, context={"heading": _("Add a team"), "back": reverse("people:teams")})


@page(Permission.CHANGE_PEOPLE)
@require_POST
def lead_team(request: HttpRequest, key: int) -> HttpResponseBase:
    """Make a person the leader of the team of its present work."""
    row = _changeable_work(request, key)
    if row.team is None:
        raise Http404
    try:
        registry.save_team(request.user, row.team, name=row.team.name, leader=row.person)
    except REFUSED as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Saved."))
    return redirect("people:person", row.person_id)


def _changeable_work(request: HttpRequest, key: int) -> Assignment:
    """Return work in force that the account may change. Raises Http404."""
    user: Any = request.user
    visible = Assignment.objects.visible_to(user, Permission.CHANGE_PEOPLE)
    rows = visible.select_related("person", "team", "project__place", "enterprise")
    row: Assignment = get_object_or_404(rows, pk=key)
    changeable_person(request, row.person_id)
    return row


def _work_elsewhere(user: Any, row: Employment) -> bool:
    """Say whether an employment holds work that the account may not end. Raises Http404: it is not its employer."""
    if row.enterprise_id in user.scope(Permission.CHANGE_PEOPLE).enterprises:
        return False
    work = Assignment.objects.filter(person=row.person_id, enterprise=row.enterprise_id)
    here = work.visible_to(user, Permission.CHANGE_PEOPLE)
    if not here.exists():
        raise Http404
    return bool(work.filter(in_force(timezone.localdate())).exclude(pk__in=here.values("pk")).exists())


def _with_trade(given: dict[str, Any]) -> dict[str, Any]:
    return {**given, "trade": given["trade"] or rules.OTHER_TRADE}
