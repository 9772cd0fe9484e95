"""What the pages share: the order of an address, and its page with one of its forms."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from district.audit.record import READ, record
from district.declarations.rules import SYMPTOMS, DeclarationRefused
from district.emergency.rules import MeasureKind
from district.people.forms import ReasonForm
from district.people.registry import RecordRefused
from district.permissions import Permission
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
from district.quarantine.tables import order_state, shown_orders
from district.web.refusals import refused

KIND = MeasureKind.QUARANTINE
SEE, WORK, DIRECT = Permission.SEE_HEALTH, Permission.WORK_CASES, Permission.ORDER_QUARANTINE
REFUSED = (QuarantineRefused, DeclarationRefused, RecordRefused)
"""What the registry raises for input that is not right."""
SENSITIVE = ("phone", "where", "temperature", "symptoms", "needs")


def seen_order(request: HttpRequest, pk: int, permission: Permission = SEE) -> QuarantineOrder:
    """Return an order that the account sees. Raises Http404."""
    user: Any = request.user
    rows: Any = QuarantineOrder.objects.visible_to(user).kept()
    if permission != SEE:
        rows = rows.visible_to(user, permission)
    rows = shown_orders(rows).select_related("person", "place", "holder", "measure__place", "enterprise")
    found: QuarantineOrder = get_object_or_404(rows, pk=pk)
    return found


def tried(form: Form, do: Callable[[], object]) -> bool:
    """Do what a form says. Return whether it was done; else the form says why not."""
    if not form.is_valid():
        return False
    try:
        do()
    except REFUSED as error:
        form.add_error(None, refused(error))
        return False
    return True


def done(request: HttpRequest, pk: int, text: str) -> HttpResponse:
    """Say what was done, and show the order; or the list, if it now belongs to another place."""
    messages.success(request, text)
    user: Any = request.user
    if QuarantineOrder.objects.visible_to(user).filter(pk=pk).exists():
        return redirect("quarantine:order", pk)
    return redirect("quarantine:orders")


def order_page(
    request: HttpRequest, found: QuarantineOrder, *, open_reads: bool = False, **bound: Form
) -> HttpResponse:
    """Show an order with its forms; `bound` are those that were sent and refused. `open_reads`: the reader gave a
    reason. Who has the person, or shall take the person over, sees address and health at once; it is recorded too.
    """
    user: Any = request.user
    offer = registry.open_offer(found)
    follows = user.pk == found.holder_id or (offer is not None and user.pk == offer.receiver_id)
    shows = open_reads or follows
    if shows and not open_reads:
        record(user, READ, found, fields=SENSITIVE, why="follows the quarantine")
    may = _may(user, found)
    state, tone = order_state(found)
    context: dict[str, Any] = {
        "order": found,
        "state": state,
        "tone": tone,
        "offer": offer,
        "is_receiver": offer is not None and user.pk == offer.receiver_id,
        "overdue_offer": offer is not None and offer.due < timezone.now(),
        "shows": shows,
        "missing": registry.visits_missing(found)[-10:],
        "visits": [_visit(one) for one in found.visits.order_by("-pk")[:60]],
        "needs": found.needs.order_by("done", "-pk")[:40],
        "hand_overs": found.hand_overs.select_related("giver", "receiver", "place").order_by("pk"),
        "extensions": found.extensions.order_by("pk"),
        "may_hand": may["direct"] or (may["work"] and user.pk == found.holder_id),
        "is_open": found.released is None,
        **{f"may_{name}": value for name, value in may.items()},
        **_forms(found),
        **bound,
    }
    context["problems"] = [text for name in bound if not _has_form(context, name) for text in _said(bound[name])]
    return render(request, "quarantine/order.html", context, status=422 if bound else 200)


def _has_form(context: dict[str, Any], name: str) -> bool:
    """Say whether the page shows a form, with what is wrong in it."""
    offer, is_open = context["offer"] is not None, context["is_open"]
    shown = {
        "visit_form": is_open and context["may_work"],
        "need_form": is_open and context["may_work"],
        "done_form": is_open and context["may_work"],
        "hand_form": is_open and context["may_hand"] and not offer,
        "extend_form": is_open and context["may_direct"],
        "release_form": is_open and context["may_direct"] and not offer,
        "accept_form": offer and (context["is_receiver"] or context["may_direct"]),
        "back_form": offer and context["may_hand"],
    }
    return bool(shown.get(name, True))


def _said(form: Form) -> list[str]:
    return [str(text) for texts in form.errors.values() for text in texts]


def _forms(found: QuarantineOrder) -> dict[str, Form]:
    address = reverse("quarantine:accounts", args=[found.measure_id])
    later = found.ends + timedelta(days=3)
    return {
        "reason_form": ReasonForm(),
        "visit_form": QuarantineVisitForm(initial={"client_key": uuid4().hex}),
        "need_form": QuarantineNeedForm(),
        "done_form": NeedDoneForm(auto_id=False),
        "hand_form": QuarantineHandOverForm(found, address),
        "extend_form": QuarantineExtensionForm(initial={"ends": later}, prefix="later"),
        "release_form": QuarantineReleaseForm(),
        "accept_form": QuarantineWhyForm(prefix="accept"),
        "back_form": QuarantineWhyForm(prefix="back"),
    }


def _may(user: Any, found: QuarantineOrder) -> dict[str, bool]:
    rows = QuarantineOrder.objects.filter(pk=found.pk)
    wanted = {"direct": DIRECT, "work": WORK}
    return {name: rows.visible_to(user, one).exists() for name, one in wanted.items()}


def _visit(row: Any) -> dict[str, Any]:
    felt = [_(text) for code, text in SYMPTOMS.items() if code in row.symptoms.split()]
    return {"row": row, "symptoms": ", ".join(felt)}
