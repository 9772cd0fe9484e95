"""What a worker in quarantine sees on the own phone."""

from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from district.people.models import Person
from district.phones.pages import PhoneRequest, phone_page
from district.quarantine import registry
from district.quarantine.forms import QuarantineVisitForm
from district.quarantine.models import QuarantineOrder
from district.quarantine.views.base import tried
from district.quarantine.views.steps import visit_of

OWN_PHONE = "own phone"
"""Who answered, in the audit record: it outlives the measure, so that it names no person."""


def order_of(person: Person) -> QuarantineOrder | None:
    """Return the open order of a worker."""
    found: QuarantineOrder | None = _open_of(person).select_related("holder", "place", "person", "measure").first()
    return found


def is_in_quarantine(person: Person) -> bool:
    """Say whether a worker has an open order."""
    return bool(_open_of(person).exists())


def _open_of(person: Person) -> Any:
    return QuarantineOrder.objects.kept().filter(person=person, released=None)


@phone_page
@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: PhoneRequest) -> HttpResponse:
    """Show a worker the own quarantine, whom to call, and take the answers of the day."""
    found = order_of(request.worker)
    if found is None:
        return render(request, "quarantine/phone/none.html", status=404)
    form = QuarantineVisitForm(request.POST or None, initial={"client_key": uuid4().hex})
    if request.method == "POST" and tried(form, lambda: _answered(request, found, form)):
        return redirect("quarantine:mine")
    today = timezone.localdate()
    answers = found.visits.filter(met=False, by=OWN_PHONE)
    context = {
        "order": found,
        "form": form,
        "days": (found.ends - today).days,
        "answered": answers.filter(day=today).order_by("-pk").first(),
        "needs": found.needs.order_by("done", "-pk")[:10],
        "begun": found.starts <= today,
    }
    return render(request, "quarantine/phone/mine.html", context, status=422 if form.is_bound else 200)


def _answered(request: HttpRequest, found: QuarantineOrder, form: QuarantineVisitForm) -> None:
    registry.visit(OWN_PHONE, found, met=False, **visit_of(form))
