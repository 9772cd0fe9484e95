"""The pages of surplus that one site gives to another."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from district.places.models import Project
from district.supplies import registry
from district.supplies.forms import OfferForm, StepForm
from district.supplies.latest import proposals
from district.supplies.models import SupplyOffer
from district.supplies.names import ITEM_NAMES, OFFER_TONES, STEP_NAMES
from district.supplies.rules.items import SupplyItem
from district.supplies.rules.offers import NEEDS_WORDS, OfferState, OfferStep, steps_of_offer
from district.supplies.rules.refusals import SuppliesRefused
from district.supplies.tables import OFFERS
from district.supplies.views.common import CHECK, SEE, supply_page
from district.web.lists import list_page
from district.web.refusals import refused

PROPOSALS = 20
"""Of these the page shows the first."""


@supply_page(SEE)
@require_safe
def offers(request: HttpRequest) -> HttpResponseBase:
    """List the offers, and propose who could give what to whom."""
    return _listed(request, None)


@supply_page(CHECK)
@require_POST
def add_offer(request: HttpRequest) -> HttpResponseBase:
    """Ask a site to give its surplus to another."""
    user: Any = request.user
    form = OfferForm(user, request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            made = registry.offer_surplus(user, said["giver"], said["taker"], SupplyItem(said["item"]), said["amount"])
        except SuppliesRefused as error:
            form.add_error(None, refused(error))
        else:
            messages.success(request, _("The site is asked. It sees the task on its page."))
            return redirect("supplies:offer", made.pk)
    return _listed(request, form)


@supply_page(SEE)
@require_safe
def offer(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an offer, and whose step is next."""
    return _shown(request, _found(request, pk), StepForm())


@supply_page(SEE)
@require_POST
def offer_step(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an offer one step on."""
    user: Any = request.user
    found, form = _found(request, pk), StepForm(request.POST)
    if not form.is_valid():
        return _shown(request, found, form)
    try:
        step = OfferStep(request.POST.get("step", ""))
    except ValueError:
        return redirect("supplies:offer", pk)
    try:
        registry.take_step(user, found, step, why=form.cleaned_data["why"], received=form.cleaned_data["received"])
    except SuppliesRefused as error:
        form.add_error(None, refused(error))
        return _shown(request, found, form)
    messages.success(request, _("The offer is one step further."))
    return redirect("supplies:offer", pk)


def _found(request: HttpRequest, pk: int) -> SupplyOffer:
    user: Any = request.user
    rows = SupplyOffer.objects.visible_to(user).kept().select_related("giver__place", "taker__place", "case")
    found: SupplyOffer = get_object_or_404(rows, pk=pk)
    return found


def _shown(request: HttpRequest, found: SupplyOffer, form: StepForm) -> HttpResponse:
    user: Any = request.user
    steps = steps_of_offer(OfferState(found.state), registry.sides_of_offer(user, found))
    context = {
        "offer": found,
        "tone": OFFER_TONES[OfferState(found.state)],
        "steps": [(step.value, STEP_NAMES[step], step in NEEDS_WORDS) for step in steps],
        "receives": OfferStep.RECEIVE in steps,
        "explains": bool(NEEDS_WORDS & set(steps)),
        "form": form,
    }
    return render(request, "supplies/offer.html", context, status=422 if form.errors else 200)


def _listed(request: HttpRequest, form: OfferForm | None) -> HttpResponseBase:
    user: Any = request.user
    may_ask = user.may(CHECK)
    rows = SupplyOffer.objects.visible_to(user).kept().select_related("giver__place", "taker__place")
    found = proposals(user)[:PROPOSALS] if may_ask else []
    keys = {key for _item, one in found for key in (one.giver, one.taker)}
    names = dict(Project.objects.filter(pk__in=keys).values_list("pk", "place__name"))
    context = {
        "form": form or (OfferForm(user) if may_ask else None),
        "proposals": [
            (item.value, ITEM_NAMES[item], one, names.get(one.giver), names.get(one.taker)) for item, one in found
        ],
        "may_ask": may_ask,
    }
    return list_page(request, "supplies/offers.html", OFFERS, rows, context=context)
