"""Forms for what a person holds: certificates, insurances, bank account, cards."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from district.pages import page
from district.people import registry
from district.people.forms import BankForm, CardForm, CertificateForm, InsuranceForm
from district.people.models import AccessCard, Certificate, Insurance
from district.people.views.base import changeable_person, do_or_say, form_page
from district.permissions import Permission

_TABLES: dict[str, type[Any]] = {"certificate": Certificate, "insurance": Insurance}


@page(Permission.CHANGE_PEOPLE)
def certificate(request: HttpRequest, key: int, row_key: int | None = None) -> HttpResponseBase:
    """Add a certificate or training, or change one."""
    found = changeable_person(request, key)
    row = get_object_or_404(Certificate, pk=row_key, person=found) if row_key else None
    form = CertificateForm(request.POST or None, initial=_shown(row, CertificateForm))

    def do() -> str:
        registry.save_certificate(request.user, found, certificate=row, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return reverse("people:person", args=[key])

    return form_page(request, form, do, context={"person": found, "heading": _("Certificate or training")})


@page(Permission.CHANGE_PEOPLE)
def insurance(request: HttpRequest, key: int, row_key: int | None = None) -> HttpResponseBase:
    """Add an insurance, or change one."""
    found = changeable_person(request, key)
    row = get_object_or_404(Insurance, pk=row_key, person=found) if row_key else None
    form = InsuranceForm(request.POST or None, initial=_shown(row, InsuranceForm))

    def do() -> str:
        registry.save_insurance(request.user, found, insurance=row, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return reverse("people:person", args=[key])

    return form_page(request, form, do, context={"person": found, "heading": _("Insurance")})


@page(Permission.CHANGE_PEOPLE)
@require_POST
def remove(request: HttpRequest, key: int, table: str, row_key: int) -> HttpResponseBase:
    """Remove a certificate or insurance that was entered by mistake."""
    found = changeable_person(request, key)
    if table not in _TABLES:
        raise Http404
    row = get_object_or_404(_TABLES[table], pk=row_key, person=found)
    why = request.POST.get("reason", "")
    do_or_say(request, lambda: registry.remove_possession(request.user, row, why), _("Removed."))
    return redirect("people:person", key)


@page(Permission.CHANGE_PEOPLE, fresh=True)
def bank(request: HttpRequest, key: int) -> HttpResponseBase:
    """Store where wages go."""
    found = changeable_person(request, key)
    form = BankForm(request.POST or None)

    def do() -> str:
        registry.set_bank_account(request.user, found, form.cleaned_data["bank"], form.cleaned_data["number"])
        messages.success(request, _("Saved."))
        return reverse("people:person", args=[key])

    return form_page(request, form, do, context={"person": found, "heading": _("Bank account")})


@page(Permission.CHANGE_PEOPLE)
def card(request: HttpRequest, key: int) -> HttpResponseBase:
    """Give a person an access card."""
    found = changeable_person(request, key)
    form = CardForm(request.POST or None)

    def do() -> str:
        registry.add_card(request.user, found, form.cleaned_data["number"])
        messages.success(request, _("Saved."))
        return reverse("people:person", args=[key])

    return form_page(request, form, do, context={"person": found, "heading": _("Access card")})


@page(Permission.CHANGE_PEOPLE)
@require_POST
def end_cards(request: HttpRequest, key: int) -> HttpResponseBase:
    """End all cards of a person: lost, broken or returned."""
    found = changeable_person(request, key)
    why = request.POST.get("reason", "")
    with registry.together(request.user, why):
        for row in AccessCard.objects.filter(person=found, ended__isnull=True):
            registry.end_card(request.user, row, why)
    messages.success(request, _("The cards open no gate any more."))
    return redirect("people:person", key)


def _shown(row: Any, form: type[Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in form.base_fields} if row is not None else {}
