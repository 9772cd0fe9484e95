"""Pages of investigations, and the list of calls."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from district.audit.record import READ, record
from district.emergency.pages import measure_page
from district.emergency.rules import MeasureKind
from district.people.listing import present_site_name
from district.people.search import record_search_by_number
from district.permissions import Permission
from district.tracing import registry
from district.tracing.forms import OpenInvestigationForm
from district.tracing.models import Contact, ContactQuerySet, Investigation, waits_for_call
from district.tracing.rules import TraceRefused
from district.tracing.tables import (
    CALLS,
    INVESTIGATIONS,
    CallsFilter,
    ContactsFilter,
    contacts_table,
    investigation_state,
)
from district.web.lists import list_page
from district.web.refusals import refused

_SEE, _TRACE, _KIND = Permission.SEE_TRACING, Permission.TRACE, MeasureKind.TRACING


@measure_page(_SEE, _KIND)
@require_safe
def investigations(request: HttpRequest) -> HttpResponseBase:
    """List the investigations of an account's places."""
    user: Any = request.user
    waiting = waits_for_call("contacts__") & Q(closed=None)
    rows = Investigation.objects.visible_to(user).kept().select_related("person", "place")
    rows = rows.annotate(count=Count("contacts"), waiting=Count("contacts", filter=waiting))
    context = {"may_trace": user.may(_TRACE)}
    return list_page(request, "tracing/investigations.html", INVESTIGATIONS, rows, context=context)


@measure_page(_TRACE, _KIND, fresh=True)
@require_http_methods(["GET", "HEAD", "POST"])
def open_page(request: HttpRequest) -> HttpResponse:
    """Open an investigation, and let its contacts be searched at once."""
    user: Any = request.user
    form = OpenInvestigationForm(user, request.POST if request.method == "POST" else None)
    if form.is_bound:
        record_search_by_number(user, request.POST.get("who", ""))
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            made = registry.open_investigation(
                user, given["found"], given["place"], last_day=given["last_day"], why=given["why"], limits=form.limits
            )
        except TraceRefused as error:
            form.add_error(None, refused(error))
        else:
            return _asked(request, made)
    return render(request, "tracing/open.html", {"form": form}, status=422 if form.is_bound else 200)


@measure_page(_SEE, _KIND)
@require_safe
def investigation(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show one investigation: who is traced, what was looked at, and the contacts with their reasons."""
    user: Any = request.user
    found = _found(request, pk, _SEE)
    record(user, READ, found, fields=("contacts",))
    rows = with_site(Contact.objects.visible_to(user).kept().filter(investigation=found))
    rows = rows.select_related("person").prefetch_related("reasons")
    state, tone = investigation_state(found)
    mine = Investigation.objects.visible_to(user, _TRACE).filter(pk=found.pk)
    context = {
        "investigation": found,
        "problem": refused(problem).messages[0] if (problem := registry.problem_of(found)) else "",
        "state": state,
        "tone": tone,
        "may_trace": found.closed is None and mine.exists(),
        "waiting": Contact.objects.filter(investigation=found).to_call().count(),
    }
    filters = ContactsFilter(request.GET, queryset=rows)
    return list_page(request, "tracing/investigation.html", contacts_table(), rows, filters=filters, context=context)


@measure_page(_TRACE, _KIND)
@require_POST
def search(request: HttpRequest, pk: int) -> HttpResponse:
    """Search for contacts again: more may be declared by now."""
    return _asked(request, _found(request, pk, _TRACE))


@measure_page(_SEE, _KIND)
@require_safe
def searching(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a page wait for the end of a search: it loads itself again then. The answer names nobody."""
    return HttpResponse(status=204) if _found(request, pk, _SEE).searching else HttpResponseClientRefresh()


@measure_page(_TRACE, _KIND)
@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close an investigation."""
    found = _found(request, pk, _TRACE)
    try:
        registry.close_investigation(request.user, found, request.POST.get("reason", ""))
    except TraceRefused as error:
        messages.error(request, refused(error).messages[0])
    else:
        messages.success(request, _("The investigation is closed. Its data go with the measure."))
    return redirect("tracing:investigation", pk)


@measure_page(_SEE, _KIND)
@require_safe
def calls(request: HttpRequest) -> HttpResponseBase:
    """List the contacts whom the account calls, of all investigations. It names neither case nor reason."""
    user: Any = request.user
    rows = with_site(Contact.objects.visible_to(user).kept()).select_related("person")
    if not request.GET.get("state"):
        rows = rows.to_call()
    filters = CallsFilter(request.GET, queryset=rows)
    return list_page(request, "tracing/calls.html", CALLS, rows, filters=filters)


def with_site(rows: ContactQuerySet) -> ContactQuerySet:
    """Add the name of the site where each contact works now."""
    named: ContactQuerySet = rows.annotate(site_name=present_site_name())
    return named


def _found(request: HttpRequest, pk: int, permission: Permission) -> Investigation:
    user: Any = request.user
    rows = Investigation.objects.visible_to(user, permission).kept().select_related("person", "place", "measure")
    found: Investigation = get_object_or_404(rows, pk=pk)
    return found


def _asked(request: HttpRequest, investigation: Investigation) -> HttpResponse:
    """Let the worker search for contacts, or say why not."""
    try:
        registry.ask_search(request.user, investigation)
    except TraceRefused as error:
        messages.error(request, refused(error).messages[0])
    return redirect("tracing:investigation", investigation.pk)
