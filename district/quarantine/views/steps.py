"""What somebody does to a quarantine: each is one form of its page."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST

from district.emergency.pages import measure_page
from district.quarantine import registry
from district.quarantine.forms import (
    NeedDoneForm,
    QuarantineExtensionForm,
    QuarantineHandOverForm,
    QuarantineNeedForm,
    QuarantineReleaseForm,
    QuarantineVisitForm,
    QuarantineWhyForm,
)
from district.quarantine.models import QuarantineOrder
from district.quarantine.rules import QuarantineRefused
from district.quarantine.views.base import DIRECT, KIND, SEE, WORK, done, order_page, seen_order, tried


@measure_page(SEE, KIND, post=WORK)
@require_POST
def visit(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that somebody met the person."""
    found, form = seen_order(request, pk, WORK), QuarantineVisitForm(request.POST)
    if tried(form, lambda: registry.visit(request.user, found, **visit_of(form))):
        return done(request, pk, _("The visit is recorded."))
    return order_page(request, found, visit_form=form)


def visit_of(form: QuarantineVisitForm) -> dict[str, Any]:
    """Return what a visit's form says, for the registry."""
    return {**form.cleaned_data, "symptoms": tuple(form.cleaned_data["symptoms"])}


@measure_page(SEE, KIND, post=WORK)
@require_POST
def need(request: HttpRequest, pk: int) -> HttpResponse:
    """Note what the person needs."""
    found, form = seen_order(request, pk, WORK), QuarantineNeedForm(request.POST)
    if tried(form, lambda: registry.ask_for(request.user, found, form.cleaned_data["text"])):
        return done(request, pk, _("It is noted, and a case is open until somebody brings it."))
    return order_page(request, found, need_form=form)


@measure_page(SEE, KIND, post=WORK)
@require_POST
def met(request: HttpRequest, pk: int, need: int) -> HttpResponse:
    """Note that somebody brought what was needed."""
    found, form = seen_order(request, pk, WORK), NeedDoneForm(request.POST, auto_id=False)
    row = get_object_or_404(found.needs, pk=need)
    if tried(form, lambda: registry.meet_need(request.user, row, form.cleaned_data["answer"])):
        return done(request, pk, _("It is noted."))
    return order_page(request, found, done_form=form)


@measure_page(SEE, KIND, post=WORK)
@require_POST
def offer(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer the person to another account."""
    found = seen_order(request, pk, WORK)
    form = QuarantineHandOverForm(found, reverse("quarantine:accounts", args=[found.measure_id]), request.POST)
    if tried(form, lambda: _offered(request, found, form.cleaned_data)):
        return done(request, pk, _("Offered. Until it is accepted, the giver answers for the person."))
    return order_page(request, found, hand_form=form)


def _offered(request: HttpRequest, found: QuarantineOrder, given: dict[str, Any]) -> None:
    _check_hands(request, found)
    due = timezone.now() + timedelta(hours=given["hours"])
    registry.offer_hand_over(request.user, found, given["receiver"], due, place=given["place"], means=given["means"])


@measure_page(SEE, KIND, post=WORK)
@require_POST
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the person over; an officer may do it for the receiver, with a reason."""
    found = seen_order(request, pk)
    waiting = registry.open_offer(found)
    is_receiver = waiting is not None and waiting.receiver_id == request.user.pk
    form = QuarantineWhyForm(request.POST, prefix="accept")
    form.fields["why"].required = not is_receiver
    if tried(form, lambda: _accepted(request, found, is_receiver, form.cleaned_data["why"])):
        return done(request, pk, _("You took the person over.") if is_receiver else _("The hand-over is accepted."))
    return order_page(request, found, accept_form=form)


def _accepted(request: HttpRequest, found: QuarantineOrder, is_receiver: bool, why: str) -> None:
    if not is_receiver and not _directs(request, found):
        raise QuarantineRefused(gettext_noop("Only the receiver accepts: call that account, or an officer."))
    registry.accept_hand_over(request.user, found, why)


@measure_page(SEE, KIND, post=WORK)
@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an offer back: the giver keeps the person."""
    found, form = seen_order(request, pk, WORK), QuarantineWhyForm(request.POST, prefix="back")
    if tried(form, lambda: _taken_back(request, found, form.cleaned_data["why"])):
        return done(request, pk, _("The offer is taken back."))
    return order_page(request, found, back_form=form)


def _taken_back(request: HttpRequest, found: QuarantineOrder, why: str) -> None:
    _check_hands(request, found)
    registry.take_back_hand_over(request.user, found, why)


@measure_page(SEE, KIND, post=DIRECT)
@require_POST
def extend(request: HttpRequest, pk: int) -> HttpResponse:
    """Give an order a later last day."""
    found, form = seen_order(request, pk, DIRECT), QuarantineExtensionForm(request.POST, prefix="later")
    if tried(form, lambda: registry.extend(request.user, found, form.cleaned_data["ends"], form.cleaned_data["why"])):
        return done(request, pk, _("The quarantine is extended."))
    return order_page(request, found, extend_form=form)


@measure_page(SEE, KIND, post=DIRECT)
@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """End a quarantine with its outcome."""
    found, form = seen_order(request, pk, DIRECT), QuarantineReleaseForm(request.POST)
    if tried(form, lambda: registry.release(request.user, found, form.cleaned_data["outcome"])):
        return done(request, pk, _("Released. Gates admit the worker again within seconds."))
    return order_page(request, found, release_form=form)


def _check_hands(request: HttpRequest, found: QuarantineOrder) -> None:
    """Refuse who neither has the person nor directs the quarantine. Raises QuarantineRefused."""
    if request.user.pk != found.holder_id and not _directs(request, found):
        raise QuarantineRefused(gettext_noop("Only who has the person hands over: ask that account, or an officer."))


def _directs(request: HttpRequest, found: QuarantineOrder) -> bool:
    user: Any = request.user
    return bool(QuarantineOrder.objects.visible_to(user, DIRECT).filter(pk=found.pk).exists())
