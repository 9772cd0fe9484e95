"""The clerk hands out cards to workers who chose one on the phone."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from district.pages import page
from district.people import registry
from district.people.forms import CardForm
from district.people.models import Assignment, Person, in_force
from district.people.registry import RecordRefused
from district.people.rules import WrongNumber
from district.permissions import Permission
from district.places.models import Project


@page(Permission.CHANGE_PEOPLE)
def give_card(request: HttpRequest, project: int, person: int) -> HttpResponseBase:
    """Give a worker of a site a card. What is refused stands in the form, with what was typed."""
    user: Any = request.user
    site = Project.objects.visible_to(user).select_related("place").filter(pk=project).first()
    if site is None:
        raise Http404
    people = Person.objects.visible_to(user, Permission.CHANGE_PEOPLE).changeable_by(user).living()
    there = Assignment.objects.visible_to(user, Permission.INVITE).filter(in_force(timezone.localdate()), project=site)
    found: Person = get_object_or_404(people.filter(pk__in=there.order_by().values("person")), pk=person)
    form = CardForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            registry.add_card(user, found, form.cleaned_data["number"])
        except (RecordRefused, WrongNumber) as refused:
            form.add_error("number", str(refused))
        else:
            messages.success(request, _("%(name)s has a card. Gates know it within seconds.") % {"name": found.name})
            return redirect("enrolment:people", project=project)
    context = {"site": site, "person": found, "form": form}
    return render(request, "enrolment/card.html", context, status=422 if form.errors else 200)
