"""The page of required trainings: which site asks for what, and what a new requirement would change."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from district.pages import page
from district.people import registry, tables
from district.people.models import RequiredTraining
from district.people.site_forms import RequirementForm
from district.people.views.base import REFUSED, do_or_say
from district.permissions import Permission
from district.places.models import Place
from district.web.lists import list_page

SHOWN_MAX = 500


@page(Permission.SEE_SITES)
def requirements(request: HttpRequest) -> HttpResponseBase:
    """List which trainings sites ask for."""
    user: Any = request.user
    rows = RequiredTraining.objects.visible_to(user).select_related("place")
    mine = rows.filter(place__in=_changeable(user))[:SHOWN_MAX]
    context = {"may": user.may(Permission.CHANGE_SITES), "mine": mine}
    return list_page(request, "people/requirements.html", tables.REQUIREMENTS, rows, context=context)


@page(Permission.CHANGE_SITES)
def require(request: HttpRequest) -> HttpResponseBase:
    """Ask for a training: first show whom gates would refuse, then do it."""
    user: Any = request.user
    form = RequirementForm(request.POST or None, user=user)
    counts: tuple[int, int] | None = None
    shown = ""
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        counts = registry.lacking(given["place"], given["kind"], given["trade"])
        shown = f"{given['place'].pk} {given['trade']} {given['kind']}"
        if request.POST.get("agreed") == shown:
            try:
                registry.require_training(user, given["place"], given["kind"], given["trade"])
            except REFUSED as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, _("Saved."))
                return redirect("people:requirements")
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "people/require.html", {"form": form, "counts": counts, "shown": shown}, status=status)


@page(Permission.CHANGE_SITES)
@require_POST
def end_requirement(request: HttpRequest, key: int) -> HttpResponseBase:
    """Stop asking for a training."""
    user: Any = request.user
    rows = RequiredTraining.objects.select_related("place").filter(place__in=_changeable(user))
    row: RequiredTraining = get_object_or_404(rows, pk=key)
    do_or_say(request, lambda: registry.end_requirement(user, row, request.POST.get("reason", "")), _("Removed."))
    return redirect("people:requirements")


def _changeable(user: Any) -> Any:
    return Place.objects.visible_to(user, Permission.CHANGE_SITES).order_by().values("pk")
