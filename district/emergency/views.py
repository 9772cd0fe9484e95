"""Pages of emergency measures."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from district.emergency import registry
from district.emergency.forms import ExtendMeasureForm, StartMeasureForm
from district.emergency.models import EmergencyMeasure
from district.emergency.rules import MeasureKind, MeasureRefused
from district.emergency.tables import MEASURES, measure_state
from district.pages import page
from district.permissions import Permission
from district.web.lists import list_page
from district.web.refusals import refused

_SEE, _START = Permission.SEE_MEASURES, Permission.START_MEASURES


@page(_SEE)
@require_safe
def measures(request: HttpRequest) -> HttpResponseBase:
    """Show the measures that concern an account."""
    user: Any = request.user
    rows = EmergencyMeasure.objects.visible_to(user).select_related("place")
    return list_page(request, "emergency/measures.html", MEASURES, rows, context={"may_start": user.may(_START)})


@page(_SEE)
@require_safe
def measure(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a measure: its purpose, its time, and how to extend or end it."""
    return _shown(request, _found(request, pk, _SEE), ExtendMeasureForm())


@page(_START)
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Start a measure."""
    user: Any = request.user
    form = StartMeasureForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = registry.start_measure(user, MeasureKind(given.pop("kind")), given.pop("place"), **given)
        except MeasureRefused as error:
            form.add_error(None, refused(error))
        else:
            messages.success(request, _("The measure holds from now on."))
            return redirect("emergency:measure", made.pk)
    return render(request, "emergency/start.html", {"form": form}, status=422 if form.is_bound else 200)


@page(_START)
@require_POST
def extend(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a measure a later last day."""
    found, form = _found(request, pk, _START), ExtendMeasureForm(request.POST)
    if form.is_valid():
        try:
            registry.extend_measure(request.user, found, form.cleaned_data["ends"], form.cleaned_data["why"])
        except MeasureRefused as error:
            form.add_error(None, refused(error))
        else:
            messages.success(request, _("The measure is extended."))
            return redirect("emergency:measure", pk)
    return _shown(request, found, form)


@page(_START)
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a measure now."""
    found = _found(request, pk, _START)
    try:
        registry.end_measure(request.user, found)
    except MeasureRefused as error:
        messages.error(request, refused(error).messages[0])
    else:
        messages.success(request, _("The measure is over. Its data are erased within minutes."))
    return redirect("emergency:measure", pk)


def _found(request: HttpRequest, pk: int, permission: Permission) -> EmergencyMeasure:
    user: Any = request.user
    rows = EmergencyMeasure.objects.visible_to(user, permission).select_related("place")
    if permission == _START:
        rows = rows.filter(user.scope(_START).places("place__path"))
    found: EmergencyMeasure = get_object_or_404(rows, pk=pk)
    return found


def _shown(request: HttpRequest, found: EmergencyMeasure, form: ExtendMeasureForm) -> HttpResponse:
    user: Any = request.user
    may_change = user.may(_START) and user.scope(_START).places("place__path")
    state, tone = measure_state(found)
    context = {
        "measure": found,
        "state": state,
        "tone": tone,
        "form": form,
        "may_change": tone in ("good", "info")
        and bool(may_change)
        and EmergencyMeasure.objects.filter(may_change, pk=found.pk).exists(),
    }
    return render(request, "emergency/measure.html", context, status=422 if form.is_bound else 200)
