"""One person: what is known, and the forms that change it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from district.pages import page
from district.people import registry, rules
from district.people.asked_numbers import count_asked
from district.people.forms import ChangePersonForm, DocumentForm, PersonForm, WorkForm
from district.people.models import (
    AccessCard,
    Assignment,
    Certificate,
    Consent,
    Employment,
    IdDocument,
    Insurance,
    Merge,
    Person,
)
from district.people.requirements import deciding
from district.people.tables import day_tone
from district.people.views.base import changeable_person, form_page, may_change, seen_person
from district.permissions import Permission


@page(Permission.SEE_PEOPLE)
def person(request: HttpRequest, key: int) -> HttpResponseBase:
    """Show a person. A merged record leads to the one that stays."""
    found = seen_person(request, key)
    if found.merged_into_id is not None:
        return redirect("people:person", found.merged_into_id)
    user: Any = request.user
    today = timezone.localdate()
    work = (
        Assignment.objects.visible_to(user).filter(person=found).select_related("project__place", "enterprise", "team")
    )
    papers = Certificate.objects.visible_to(user).filter(person=found).order_by("expires", "kind")
    context = {
        "person": found,
        "nation": rules.nation_name(found.nation),
        "origin": rules.province_name(found.province),
        "work": [(row, rules.trade_name(row.trade), _state(row, today)) for row in work.order_by("-starts", "-pk")],
        "employments": Employment.objects.visible_to(user)
        .filter(person=found)
        .select_related("enterprise")
        .order_by("-starts", "-pk"),
        "deciding": [(row.project, one, day_tone(one.until) or "bad") for row, one in deciding(work)],
        "papers": [(row, day_tone(row.expires)) for row in papers],
        "insurances": [(row, day_tone(row.expires)) for row in Insurance.objects.visible_to(user).filter(person=found)],
        "cards": AccessCard.objects.visible_to(user).filter(person=found, ended__isnull=True).count(),
        "consents": Consent.objects.visible_to(user).filter(person=found).order_by("-given"),
        "documents": IdDocument.objects.visible_to(user).filter(person=found),
        "merges": Merge.objects.visible_to(user).filter(person=found, undone__isnull=True).select_related("absorbed"),
        "may_change": may_change(request, found),
        "may_reveal": Person.objects.visible_to(user, Permission.SEE_DOCUMENTS).filter(pk=found.pk).exists(),
        "may_see_records": Person.objects.visible_to(user, Permission.SEE_RECORDS).filter(pk=found.pk).exists(),
        "may_erase": Person.objects.visible_to(user, Permission.ERASE_PEOPLE).filter(pk=found.pk).exists(),
        "today": today,
    }
    return render(request, "people/person.html", context)


@page(Permission.CHANGE_PEOPLE)
def add(request: HttpRequest) -> HttpResponseBase:
    """Add a person with the first work. Who is known by the id number is not added twice."""
    user: Any = request.user
    form, document, work = _adding_forms(request, user)
    if request.method == "POST" and all([form.is_valid(), document.is_valid(), work.is_valid()]):
        try:
            count_asked(user, document.cleaned_data["kind"], document.cleaned_data["number"])
            added = _added(user, form.cleaned_data, document.cleaned_data, work.cleaned_data)
        except (registry.RecordRefused, rules.WrongName, rules.WrongNumber) as refused:
            form.add_error(None, str(refused))
        else:
            said = _("This person was known by the id number: the new work was added.") if added.known else _("Added.")
            messages.success(request, said)
            return redirect("people:person", added.person.pk)
    status = 422 if any(one.errors for one in (form, document, work) if one.is_bound) else 200
    return render(request, "people/add.html", {"form": form, "document": document, "work": work}, status=status)


def _adding_forms(request: HttpRequest, user: Any) -> tuple[PersonForm, DocumentForm, WorkForm]:
    data = request.POST if request.method == "POST" else None
    document = DocumentForm(data)
    document.fields["number"].required = False
    document.fields["number"].help_text = _("A record without a number waits for it: ask for the document.")
    return PersonForm(data), document, WorkForm(data, user=user)


def _added(user: Any, who: dict[str, Any], document: dict[str, Any], work: dict[str, Any]) -> registry.Added:
    draft = registry.PersonDraft(
        **who,
        id_kind=document["kind"],
        id_number=document["number"],
        id_expires=document["expires"],
        id_issuer=document["issuer"],
    )
    with registry.together(user):
        added = registry.add_person(user, draft)
        registry.assign(
            user,
            added.person,
            work["project"],
            work["enterprise"],
            starts=work["starts"],
            ends=work["ends"],
            team=work["team"],
            trade=work["trade"] or rules.OTHER_TRADE,
            role=work["role"],
        )
    return added


@page(Permission.CHANGE_PEOPLE)
def change(request: HttpRequest, key: int) -> HttpResponseBase:
    """Change who somebody is."""
    found = changeable_person(request, key)
    form = ChangePersonForm(request.POST) if request.method == "POST" else ChangePersonForm.of(found)

    def do() -> str:
        if form.cleaned_data["seen"] not in {"", found.changed.isoformat()}:
            raise registry.RecordRefused(
                _("Somebody changed this record meanwhile: open it again, compare, and save what is still right.")
            )
        registry.change_person(request.user, found, form.changes())
        messages.success(request, _("Saved."))
        return reverse("people:person", args=[key])

    return form_page(request, form, do, context={"person": found, "heading": _("Change the record")})


@page(Permission.CHANGE_PEOPLE)
def document(request: HttpRequest, key: int) -> HttpResponseBase:
    """Add an id document, or put another number in its place."""
    found = changeable_person(request, key)
    form = DocumentForm(request.POST or None)

    def do() -> str:
        given = form.cleaned_data
        count_asked(request.user, given["kind"], given["number"])
        stays = registry.set_document(
            request.user, found, given["kind"], given["number"], given["expires"], given["issuer"]
        )
        if stays.pk != found.pk:
            messages.warning(request, _("This number belongs to another record of the same person: both were merged."))
        else:
            messages.success(request, _("Saved."))
        return reverse("people:person", args=[stays.pk])

    return form_page(request, form, do, context={"person": found, "heading": _("Id document")})


def _state(row: Assignment, today: Any) -> str:
    if row.starts > today:
        return "later"
    return "now" if row.ends is None or row.ends >= today else "past"
