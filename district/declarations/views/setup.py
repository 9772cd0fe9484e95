"""Pages that say what is asked, and which tablets there are."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from district.declarations import kiosks as tablets
from district.declarations import registry
from district.declarations.asking import asked_of
from district.declarations.console_forms import KioskForm, PolicyForm
from district.declarations.listing import asking_sites_of, counts_below
from district.declarations.models import DeclarationKiosk
from district.declarations.rules import DeclarationRefused
from district.declarations.views.console import KIND, frame
from district.emergency.models import EmergencyMeasure
from district.emergency.pages import measure_page
from district.emergency.registry import running
from district.permissions import Permission
from district.web.refusals import refused

_SET, _CHANGE = Permission.START_MEASURES, Permission.CHANGE_HEALTH


@measure_page(_SET, KIND)
@require_safe
def policies(request: HttpRequest) -> HttpResponse:
    """List what each measure asks."""
    user: Any = request.user
    rows = _measures(user).select_related("place").order_by("place__path")
    measures = [{"measure": one, "asked": asked_of(one)} for one in rows]
    return render(request, "declarations/policies.html", {"measures": measures, **frame(user, "policies")})


@measure_page(_SET, KIND)
@require_http_methods(["GET", "HEAD", "POST"])
def policy(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what a measure asks. The page shows first whom gates would refuse."""
    user: Any = request.user
    found = get_object_or_404(_measures(user).select_related("place"), pk=pk)
    form = PolicyForm(request.POST or None, initial=PolicyForm.shown(asked_of(found)))
    if form.is_bound and form.is_valid():
        try:
            registry.set_policy(user, found, form.asked(), form.cleaned_data["why"])
        except DeclarationRefused as error:
            form.add_error(None, refused(error))
        else:
            messages.success(request, _("Saved. Gates know it within a minute."))
            return redirect("declarations:policies")
    people, missing = counts_below(found)
    context = {"measure": found, "form": form, "people": people, "missing": missing}
    return render(request, "declarations/policy.html", context, status=422 if form.is_bound else 200)


@measure_page(_CHANGE, KIND)
@require_http_methods(["GET", "HEAD", "POST"])
def kiosks(request: HttpRequest) -> HttpResponse:
    """List the tablets of an account's sites; add one, or close one."""
    user: Any = request.user
    sites = asking_sites_of(user).filter(user.scope(_CHANGE).places("place__path")).select_related("place")
    form = KioskForm(sites.order_by("place__name", "pk"))
    if request.method == "POST":
        if (number := request.POST.get("close", "")).isascii() and number.isdecimal() and len(number) < 18:
            rows = DeclarationKiosk.objects.visible_to(user, _CHANGE)
            tablets.close_kiosk(user, get_object_or_404(rows, pk=int(number), closed=None))
            messages.success(request, _("Closed. Its address opens nothing any more."))
            return redirect("declarations:kiosks")
        form = KioskForm(sites, request.POST)
        if form.is_valid():
            try:
                tablets.add_kiosk(user, form.cleaned_data["project"], form.cleaned_data["name"])
            except DeclarationRefused as error:
                form.add_error(None, refused(error))
            else:
                messages.success(request, _("Added."))
                return redirect("declarations:kiosks")
    rows = DeclarationKiosk.objects.visible_to(user, _CHANGE).filter(closed=None, project__in=sites)
    shown = list(rows.select_related("project__place").order_by("project__place__name", "pk")[:200])
    for one in shown:
        one.link = request.build_absolute_uri(reverse("declarations:kiosk", args=[one.address]))
    context = {"kiosks": shown, "form": form, **frame(user, "kiosks")}
    return render(request, "declarations/kiosks.html", context, status=422 if form.is_bound else 200)


def _measures(user: Any) -> "QuerySet[EmergencyMeasure]":
    """Return the running measures that an account may set: those at its own places."""
    rows: QuerySet[EmergencyMeasure] = running(KIND).filter(user.scope(_SET).places("place__path"))
    return rows
