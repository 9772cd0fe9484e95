"""The page of one contact: what a caller may say, the calls, quarantine, and why, for who may know it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from district.audit.record import READ, record
from district.emergency.pages import measure_page
from district.emergency.rules import MeasureKind
from district.people.models import Person
from district.people.registry import RecordRefused
from district.permissions import Permission
from district.quarantine.models import QuarantineOrder
from district.quarantine.rules import QuarantineRefused
from district.tracing import registry
from district.tracing.explaining import ReasonNames, reason_text
from district.tracing.forms import CallForm, ContactQuarantineForm
from district.tracing.models import CERTAINTY_NAMES, CallOutcome, Contact, ContactReason, Investigation
from district.tracing.rules import Certainty, TraceRefused
from district.tracing.tables import certainty_tone, contact_state
from district.web.refusals import refused

_SEE, _TRACE, _KIND = Permission.SEE_TRACING, Permission.TRACE, MeasureKind.TRACING
_REFUSED = (TraceRefused, QuarantineRefused, RecordRefused)
"""What the registries raise for a step that cannot be."""


@measure_page(_SEE, _KIND)
@require_safe
def contact(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one contact."""
    return _shown(request, _found(request, pk, _SEE))


@measure_page(_TRACE, _KIND, fresh=True)
@require_POST
def number(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the phone number and what to say. The look is recorded."""
    found = _found(request, pk, _TRACE)
    try:
        sheet = registry.call_sheet(request.user, found)
    except TraceRefused as error:
        messages.error(request, refused(error).messages[0])
        return redirect("tracing:contact", pk)
    return _shown(request, found, sheet=sheet)


@measure_page(_TRACE, _KIND)
@require_POST
def call(request: HttpRequest, pk: int) -> HttpResponse:
    """Record what a call brought."""
    found, form = _found(request, pk, _TRACE), CallForm(request.POST)

    def do() -> object:
        given = form.cleaned_data
        return registry.record_call(request.user, found, given["outcome"], given["note"], given["again"])

    return _done(request, found, form, do, _("The call is recorded."), call_form=form)


@measure_page(_TRACE, _KIND)
@require_POST
def quarantine(request: HttpRequest, pk: int) -> HttpResponse:
    """Order the quarantine of a contact."""
    user: Any = request.user
    found, form = _found(request, pk, _TRACE), ContactQuarantineForm(user, request.POST)

    def do() -> object:
        given = form.cleaned_data
        return registry.order_quarantine(
            user,
            found,
            given["place"],
            given["starts"],
            given["ends"],
            where=given["where"],
            at_home=given["at_home"],
        )

    return _done(request, found, form, do, _("The quarantine is ordered. You answer for the person."), order_form=form)


@measure_page(_TRACE, _KIND)
@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """End the follow-up of a contact."""
    found = _found(request, pk, _TRACE)
    try:
        registry.release_contact(request.user, found, request.POST.get("reason", ""))
    except TraceRefused as error:
        messages.error(request, refused(error).messages[0])
    else:
        messages.success(request, _("The follow-up is over."))
    return redirect("tracing:contact", pk)


def _found(request: HttpRequest, pk: int, permission: Permission) -> Contact:
    user: Any = request.user
    rows = Contact.objects.visible_to(user, permission).kept().select_related("person", "investigation")
    found: Contact = get_object_or_404(rows, pk=pk)
    return found


def _done(
    request: HttpRequest, found: Contact, form: forms.Form, do: Callable[[], object], text: str, **forms_shown: Any
) -> HttpResponse:
    """Do what a form says and lead back, or show it again with what was typed."""
    if form.is_valid():
        try:
            do()
        except _REFUSED as error:
            form.add_error(None, refused(error))
        else:
            messages.success(request, text)
            return redirect("tracing:contact", found.pk)
    return _shown(request, found, status=422, **forms_shown)


def _shown(
    request: HttpRequest,
    found: Contact,
    *,
    sheet: registry.CallSheet | None = None,
    call_form: CallForm | None = None,
    order_form: ContactQuarantineForm | None = None,
    status: int = 200,
) -> HttpResponse:
    user: Any = request.user
    state, tone = contact_state(found)
    followed = found.released is None and found.investigation.closed is None
    may_trace = followed and Contact.objects.visible_to(user, _TRACE).filter(pk=found.pk).exists()
    orders = QuarantineOrder.objects.visible_to(user).kept().filter(person=found.person).order_by("-starts", "-pk")
    context = {
        "contact": found,
        "state": state,
        "tone": tone,
        "sheet": sheet,
        "may_trace": may_trace,
        "sees_person": Person.objects.visible_to(user).filter(pk=found.person_id).exists(),
        "calls": CallOutcome.objects.visible_to(user).filter(contact=found),
        "call_form": call_form or CallForm(),
        "orders": orders,
        "order_form": (order_form or ContactQuarantineForm(user))
        if may_trace and not orders.filter(released=None)
        else None,
        **_why(request, found),
    }
    return render(request, "tracing/contact.html", context, status=status)


def _why(request: HttpRequest, found: Contact) -> dict[str, Any]:
    """Return the reasons and the investigation, for its officers alone. The look is recorded."""
    user: Any = request.user
    mine = Investigation.objects.visible_to(user).kept().filter(pk=found.investigation_id)
    if not mine.exists():
        return {}
    names = ReasonNames()
    rows = ContactReason.objects.visible_to(user).filter(contact=found)
    reasons = [
        (reason_text(row, names), CERTAINTY_NAMES[Certainty(row.certainty)], certainty_tone(row)) for row in rows
    ]
    record(user, READ, found, fields=("reasons",), place_path=found.investigation.place.path)
    return {"reasons": reasons, "investigation": found.investigation}
