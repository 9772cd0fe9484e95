"""What is held about a person: shown with a reason, given as a file, erased. And the table of what is kept why."""

import json
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from district.audit.record import record, record_read
from district.pages import page
from district.people import registry
from district.people.forms import ReasonForm
from district.people.held import as_file, counts_of, readings_of
from district.people.holds import holds_of
from district.people.models import AccessCard, BankAccount, IdDocument, Person
from district.people.rules.retention import KEPT
from district.people.views.base import do_or_say, form_page, seen_person
from district.permissions import PERMISSIONS, ROLE_NAMES, Permission, Role

SENSITIVE = ("id number", "bank account", "phone", "address", "emergency contact", "cards")


@page(Permission.SEE_DOCUMENTS, fresh=True)
def reveal(request: HttpRequest, key: int) -> HttpResponseBase:
    """Show the sensitive fields once, for a reason that is recorded."""
    found = seen_person(request, key, Permission.SEE_DOCUMENTS)
    user: Any = request.user
    form = ReasonForm(request.POST or None)
    context: dict[str, Any] = {"person": found, "form": form}
    if form.is_bound and form.is_valid():
        record_read(request, found, SENSITIVE, form.cleaned_data["why"])
        context |= {
            "shown": True,
            "documents": IdDocument.objects.visible_to(user).filter(person=found),
            "accounts": BankAccount.objects.visible_to(user).filter(person=found),
            "cards": AccessCard.objects.visible_to(user).filter(person=found, ended__isnull=True),
        }
    return render(request, "people/reveal.html", context)


@page(Permission.SEE_DOCUMENTS)
def held(request: HttpRequest, key: int) -> HttpResponseBase:
    """Show what is held about a person, why, until when, and who saw it."""
    found = seen_person(request, key, Permission.SEE_DOCUMENTS)
    user: Any = request.user
    may_erase = Person.objects.visible_to(user, Permission.ERASE_PEOPLE).filter(pk=found.pk).exists()
    context = {
        "person": found,
        "counts": [(kept, count, _readers(kept.readers)) for kept, count in counts_of(found)],
        "holds": holds_of(found),
        "readings": readings_of(found)[:50],
        "may_erase": may_erase and found.erased is None,
    }
    return render(request, "people/held.html", context)


@page(Permission.SEE_DOCUMENTS, fresh=True, again=True)
def take(request: HttpRequest, key: int) -> HttpResponseBase:
    """Give all that is held about a person as a file, for the person. The reason is recorded."""
    found = seen_person(request, key, Permission.SEE_DOCUMENTS)
    why = request.POST.get("reason", "").strip()
    if request.method != "POST" or not why:
        messages.error(request, _("Type why the file is made: it is recorded."))
        return redirect("people:held", key)
    record(request.user, "export", found, fields=SENSITIVE, why=why)
    text = json.dumps(as_file(found), ensure_ascii=False, indent=2)
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.worker_id}.json"'
    return response


@page(Permission.ERASE_PEOPLE)
def erase(request: HttpRequest, key: int) -> HttpResponseBase:
    """Erase a person: what no law holds at once, the rest on the day after the last hold."""
    user: Any = request.user
    visible = Person.objects.visible_to(user, Permission.ERASE_PEOPLE).living()
    found: Person = get_object_or_404(visible, pk=key)
    form = ReasonForm(request.POST or None)

    def do() -> str:
        with transaction.atomic():
            after = registry.erase(user, found, form.cleaned_data["why"])
        if after.erased is not None:
            messages.success(request, _("Erased. Gates and HQ follow."))
            return reverse("people:people")
        text = _("Phone, address, cards and face are erased. The rest is held by law until %(day)s, then erased.")
        messages.success(request, text % {"day": after.erase_on})
        return reverse("people:held", args=[key])

    context = {"person": found, "heading": _("Erase"), "holds": holds_of(found), "danger": True}
    return form_page(request, form, do, template="people/erase.html", context=context)


@page(Permission.ERASE_PEOPLE)
@require_POST
def keep(request: HttpRequest, key: int) -> HttpResponseBase:
    """Take an erasure back that waits for a hold: the person works again."""
    user: Any = request.user
    found: Person = get_object_or_404(Person.objects.visible_to(user, Permission.ERASE_PEOPLE).living(), pk=key)
    why = request.POST.get("reason", "")
    do_or_say(request, lambda: registry.cancel_erasure(user, found, why), _("The erasure was taken back."))
    return redirect("people:held", key)


@page(None)
def kept(request: HttpRequest) -> HttpResponseBase:
    """Show which data are kept of people, why, how long, and who reads them."""
    return render(request, "people/kept.html", {"rows": [(one, _readers(one.readers)) for one in KEPT]})


def _readers(permission: Permission) -> str:
    return ", ".join(str(ROLE_NAMES[role]) for role in Role if permission in PERMISSIONS[role])
