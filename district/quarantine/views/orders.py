"""The list of quarantines, a new order, and the page of one."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from district.audit.record import READ, record
from district.emergency.models import EmergencyMeasure
from district.emergency.pages import measure_page
from district.emergency.registry import running
from district.people.forms import ReasonForm
from district.people.models import Person
from district.people.search import record_search_by_number
from district.quarantine import registry
from district.quarantine.filters import QuarantineFilter, orders_in_state
from district.quarantine.forms import QuarantineOrderForm, account_text
from district.quarantine.models import QuarantineOrder
from district.quarantine.tables import QUARANTINES, shown_orders
from district.quarantine.views.base import DIRECT, KIND, SEE, SENSITIVE, done, order_page, seen_order, tried
from district.web.lists import list_page

SUGGESTED = 12


@measure_page(SEE, KIND)
@require_safe
def orders(request: HttpRequest) -> HttpResponseBase:
    """Show who is in quarantine, and what is due or overdue."""
    user: Any = request.user
    rows = QuarantineOrder.objects.visible_to(user).kept()
    record_search_by_number(user, request.GET.get("q", ""))
    filters = QuarantineFilter(request.GET, shown_orders(rows), request=request)
    context = {"figures": _figures(user, rows.filter(released=None)), "may_order": user.may(DIRECT)}
    return list_page(
        request, "quarantine/orders.html", QUARANTINES, shown_orders(rows), filters=filters, context=context
    )


def _figures(user: Any, rows: Any) -> list[tuple[str, int, str, str]]:
    """Return label, number, colour and the list's filter of each figure."""
    states = ("overdue", "due", "needs", "moving", "to_me")
    late, due, asks, moving, to_me = (orders_in_state(rows, state, user.pk).count() for state in states)
    return [
        (_("in quarantine"), rows.count(), "", ""),
        (_("overdue"), late, "bad" if late else "good", "overdue"),
        (_("visit due today"), due, "care" if due else "good", "due"),
        (_("needs something"), asks, "care" if asks else "good", "needs"),
        (_("between two hands"), moving, "", "moving"),
        (_("offered to me"), to_me, "care" if to_me else "", "to_me"),
    ]


@measure_page(DIRECT, KIND)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Order a quarantine. `?person=` names the worker, as other pages link it."""
    user: Any = request.user
    measure = running(KIND).filter(EmergencyMeasure.visible_q(user.scope(DIRECT))).order_by("place__path").first()
    address = reverse("quarantine:accounts", args=[measure.pk if measure else 0])
    first = {"holder": account_text(user), "worker": _named(user, request.GET.get("person", ""))}
    form = QuarantineOrderForm(user, address, request.POST or None, initial=first)
    made: list[QuarantineOrder] = []
    if request.method == "POST" and tried(form, lambda: made.append(_ordered(user, form))):
        return done(request, made[0].pk, _("The quarantine is ordered. Gates hold the worker within seconds."))
    return render(request, "quarantine/add.html", {"form": form}, status=422 if form.is_bound else 200)


def _named(user: Any, text: str) -> str:
    if not text.isdecimal() or len(text) > 18:
        return ""
    found = Person.objects.visible_to(user).filter(pk=int(text)).first()
    return found.worker_id if found else ""


def _ordered(user: Any, form: QuarantineOrderForm) -> QuarantineOrder:
    given = dict(form.cleaned_data)
    who = given.pop("worker") or given.pop("name")
    given.pop("name", None)
    assert form.measure is not None  # a valid form found one
    place, starts, ends, why = (given.pop(name) for name in ("place", "starts", "ends", "why"))
    return registry.order(user, who, form.measure, place, starts, ends, why, **given)


@measure_page(SEE, KIND)
@require_safe
def order(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an order: days, visits, needs, hands, and what to do now."""
    return order_page(request, seen_order(request, pk))


@measure_page(SEE, KIND)
@require_POST
def reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """Show address, phone and health once, for a reason that is recorded."""
    found, form = seen_order(request, pk), ReasonForm(request.POST)
    if not form.is_valid():
        return order_page(request, found, reason_form=form)
    record(request.user, READ, found, fields=SENSITIVE, why=form.cleaned_data["why"])
    return order_page(request, found, open_reads=True)


@measure_page(SEE, KIND)
@require_safe
def accounts(request: HttpRequest, pk: int) -> HttpResponse:
    """Return options for a field that chooses who answers for somebody."""
    user: Any = request.user
    rows = running(KIND).filter(EmergencyMeasure.visible_q(user.scope(SEE)))
    measure = get_object_or_404(rows.select_related("place"), pk=pk)
    text = next((value.strip() for value in request.GET.values() if isinstance(value, str)), "")[:80].replace("\0", "")
    found = registry.followers(measure)
    if text:
        found = found.filter(Q(name__icontains=text) | Q(username__istartswith=text))
    return render(request, "places/options.html", {"options": [account_text(one) for one in found[:SUGGESTED]]})
