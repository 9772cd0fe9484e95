"""What the pages share."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from district.permissions import Permission
from district.places.models import Enterprise, Place, Project
from district.places.rules import PlaceRefused
from district.web.refusals import refused

CHANGE = Permission.CHANGE_SITES


def form_page(
    request: HttpRequest,
    form: forms.Form,
    save: Callable[[], Any],
    *,
    done: str,
    to: Callable[[], str],
    context: Mapping[str, object],
) -> HttpResponse:
    """Show a form, and save it if it is sent and right. `done`: the message; `to`: the address afterwards.

    `context` has `title`, `submit`, and perhaps `lead` and `crumbs`: pairs of address and text.
    """
    if request.method == "POST" and form.is_valid():
        try:
            save()
        except PlaceRefused as error:
            form.add_error(None, refused(error))
        else:
            messages.success(request, done)
            return redirect(to())
    status = 422 if form.is_bound else 200
    return render(request, "places/form.html", {"form": form, **context}, status=status)


def tell_refusal(request: HttpRequest, do: Callable[[], Any], done: str) -> None:
    """Do something that a button asks for, and say how it ended."""
    try:
        do()
    except PlaceRefused as error:
        messages.error(request, refused(error).messages[0])
    else:
        messages.success(request, done)


def changeable_places(user: Any) -> "QuerySet[Place]":
    """Return the places that an account may change."""
    found: QuerySet[Place] = Place.objects.visible_to(user, CHANGE)
    return found


def changeable_enterprises(user: Any) -> "QuerySet[Enterprise]":
    """Return the enterprises that an account may change: those with their seat in its part of the tree."""
    found: QuerySet[Enterprise] = Enterprise.objects.visible_to(user, CHANGE)
    return found.filter(place__in=changeable_places(user).order_by().values("pk"))


def changeable_sites(user: Any) -> "QuerySet[Project]":
    """Return the sites that an account may change."""
    found: QuerySet[Project] = Project.objects.visible_to(user, CHANGE)
    return found.filter(place__in=changeable_places(user).order_by().values("pk")).select_related("place")


def parents_of(user: Any, place: Place) -> list[tuple[Place, bool]]:
    """Return the places above a place, from the root, and whether the account may open each. Names are no secret."""
    above = list(Place.objects.filter(path__in=place.ancestor_paths[:-1]).order_by("path"))
    may = set(Place.objects.visible_to(user).filter(pk__in=[one.pk for one in above]).values_list("pk", flat=True))
    return [(one, one.pk in may) for one in above]


def site_links(user: Any, site: Project) -> list[tuple[str, str]]:
    """Return the pages of other apps about a site that the account may open: their addresses and names."""
    pages = (
        (Permission.SEE_PEOPLE, f"{reverse('people:people')}?site={site.pk}", _("People")),
        (Permission.SEE_PRESENCE, f"{reverse('attendance:presence')}?project={site.pk}", _("Inside now")),
        (Permission.SEE_PRESENCE, reverse("attendance:muster", args=[site.site_id]), _("Muster list")),
        (Permission.SEE_UPLOADS, reverse("realname:site", args=[site.pk]), _("Uploads")),
    )
    seen = {permission: _sees(user, site, permission) for permission, _address, _name in pages}
    return [(address, name) for permission, address, name in pages if seen[permission]]


def _sees(user: Any, site: Project, permission: Permission) -> bool:
    return bool(Project.objects.visible_to(user, permission).filter(pk=site.pk).exists())
