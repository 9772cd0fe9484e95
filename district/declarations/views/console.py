"""Pages of the console: who has declared, who has not, one worker's declarations, and declaring on behalf."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from district.audit.record import record_read
from district.declarations import registry
from district.declarations.asking import AskingSite, asking_sites
from district.declarations.console_forms import BehalfForm, RevealForm, TemperatureForm
from district.declarations.filters import DeclarationFilter, DueFilter, MissingFilter
from district.declarations.forms import DeclareForm
from district.declarations.listing import (
    counted_sites,
    declarations_of,
    declaring_person,
    missing_people,
    own_sites,
    temperatures_due,
)
from district.declarations.models import HealthDeclaration, Stopover, TemperatureReading, Trip
from district.declarations.rules import DeclarationRefused
from district.declarations.standing import standing_of
from district.declarations.tables import DECLARATIONS, DUE, MISSING, SITES
from district.declarations.views.phone import form_context, stored
from district.emergency.pages import measure_page
from district.emergency.rules import MeasureKind
from district.people.models import Person
from district.people.registry.base import RecordRefused
from district.permissions import Permission
from district.web.lists import list_page
from district.web.refusals import refused

KIND = MeasureKind.DECLARATIONS
_SEE, _CHANGE = Permission.SEE_HEALTH, Permission.CHANGE_HEALTH
READ_FIELDS = ("symptoms", "temperature", "trips")
_SHOWN = 50


@measure_page(_SEE, KIND)
@require_safe
def sites(request: HttpRequest) -> HttpResponseBase:
    """Show for each site how many people at work have not declared."""
    user: Any = request.user
    rows = counted_sites(user).select_related("place")
    return list_page(request, "declarations/list.html", SITES, rows, context=frame(user, "sites"))


@measure_page(_SEE, KIND)
@require_safe
def missing(request: HttpRequest) -> HttpResponseBase:
    """List who is at work without a valid declaration."""
    user: Any = request.user
    filters = MissingFilter(request.GET, queryset=missing_people(user), request=request)
    rows = filters.qs
    return list_page(request, "declarations/list.html", MISSING, rows, filters=filters, context=frame(user, "missing"))


@measure_page(_SEE, KIND)
@require_safe
def given(request: HttpRequest) -> HttpResponseBase:
    """List declarations, the newest first."""
    user: Any = request.user
    filters = DeclarationFilter(request.GET, queryset=declarations_of(user), request=request)
    return list_page(
        request, "declarations/list.html", DECLARATIONS, filters.qs, filters=filters, context=frame(user, "given")
    )


@measure_page(_SEE, KIND)
@require_safe
def due(request: HttpRequest) -> HttpResponseBase:
    """List people of chosen trades whose temperature is due today."""
    user: Any = request.user
    filters = DueFilter(request.GET, queryset=temperatures_due(user), request=request)
    return list_page(request, "declarations/list.html", DUE, filters.qs, filters=filters, context=frame(user, "due"))


@measure_page(_SEE, KIND)
@require_safe
def person(request: HttpRequest, key: int) -> HttpResponse:
    """Show when a worker declared, and how it stands."""
    found = _person(request, key, _SEE)
    return render(request, "declarations/person.html", _person_page(request, found, RevealForm(), TemperatureForm()))


@measure_page(_SEE, KIND, fresh=True)
@require_POST
def reveal(request: HttpRequest, key: int) -> HttpResponse:
    """Show once what a worker answered, for a reason that is recorded."""
    user: Any = request.user
    found, form = _person(request, key, _SEE), RevealForm(request.POST)
    context = _person_page(request, found, form, TemperatureForm())
    if form.is_valid():
        record_read(request, found, READ_FIELDS, form.cleaned_data["why"])
        for model in (HealthDeclaration, Trip, Stopover, TemperatureReading):
            rows = model.objects.visible_to(user).kept().filter(person=found)
            context[f"shown_{model._meta.model_name}"] = rows.order_by("-made", "-pk")[:_SHOWN]
        context["shown"] = True
    return render(request, "declarations/person.html", context, status=200 if form.is_valid() else 422)


@measure_page(_CHANGE, KIND)
@require_http_methods(["GET", "HEAD", "POST"])
def behalf(request: HttpRequest, key: int) -> HttpResponse:
    """Declare for a worker who cannot, or decide about an abnormal declaration."""
    user: Any = request.user
    found = _person(request, key, _CHANGE)
    own = _sites_of(user, found, _CHANGE)
    site = next((one for one in own if str(one.project.pk) == request.POST.get("project", "")), own[0])
    form, why = DeclareForm(request.POST or None), BehalfForm(request.POST or None)
    if form.is_bound and all([form.is_valid(), why.is_valid()]):
        more = {"by": str(user), "way": HealthDeclaration.Way.CLERK.value, "why": why.cleaned_data["why"]}
        if stored(request, found, site, form, **more):
            messages.success(request, _("Declared. Gates know it within seconds."))
            return redirect("declarations:person", key)
    context = form_context(form) | {
        "person": found,
        "why": why,
        "sites": own,
        "site": site,
        "standing": standing_of(found, site),
    }
    return render(request, "declarations/behalf.html", context, status=422 if form.is_bound else 200)


@measure_page(_CHANGE, KIND)
@require_POST
def temperature(request: HttpRequest, key: int) -> HttpResponse:
    """Store a temperature that a clerk took."""
    user: Any = request.user
    found, form = _person(request, key, _CHANGE), TemperatureForm(request.POST)
    site = _sites_of(user, found, _CHANGE)[0]
    if form.is_valid():
        try:
            made = registry.take_temperature(str(user), found, site.project, form.cleaned_data["degrees"])
        except DeclarationRefused as error:
            form.add_error("degrees", refused(error))
        except RecordRefused as error:
            form.add_error(None, str(error))
        else:
            high = made is not None and made.high
            text = _("Too high: a case was opened.") if high else _("The temperature is stored.")
            (messages.warning if high else messages.success)(request, text)
            return redirect("declarations:person", key)
    return render(request, "declarations/person.html", _person_page(request, found, RevealForm(), form), status=422)


def frame(user: Any, tab: str) -> dict[str, object]:
    """Return what the tabs of all pages need."""
    return {"tab": tab, "may_change": user.may(_CHANGE), "may_set": user.may(Permission.START_MEASURES)}


def _person(request: HttpRequest, key: int, permission: Permission) -> Person:
    user: Any = request.user
    found = declaring_person(user, key, permission)
    if found is None:
        raise Http404
    return found


def _sites_of(user: Any, found: Person, permission: Permission) -> list[AskingSite]:
    """Return the worker's sites that lie in the account's scope, or where its enterprise employs the worker."""
    allowed = own_sites(user, found.pk, permission)
    own = [one for one in asking_sites(found) if one.project.pk in allowed]
    if not own:
        raise Http404
    return own


def _person_page(request: HttpRequest, found: Person, form: RevealForm, degrees: TemperatureForm) -> dict[str, Any]:
    user: Any = request.user
    own = _sites_of(user, found, _SEE)
    rows = declarations_of(user).filter(person=found).order_by("-declared", "-pk")
    return {
        "person": found,
        "site": own[0],
        "standing": standing_of(found, own[0]),
        "rows": rows[:_SHOWN],
        "form": form,
        "degrees": degrees,
        "may_change": declaring_person(user, found.pk, _CHANGE) is not None,
    }
