"""Pages of officers and liaisons, and of the posts that nobody holds."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from district.pages import page
from district.permissions import Permission
from district.places import registry
from district.places.forms import AppointForm
from district.places.models import Enterprise, Place, Responsibility
from district.places.tables import VACANT_ENTERPRISES, VACANT_PLACES
from district.places.vacancies import vacant_enterprises, vacant_places
from district.places.views.common import CHANGE, changeable_enterprises, changeable_places, form_page, tell_refusal
from district.web.lists import list_page


@page(Permission.SEE_SITES)
@require_safe
def of_enterprises(request: HttpRequest) -> HttpResponseBase:
    """Show the enterprises without an officer or a liaison."""
    user: Any = request.user
    rows = vacant_enterprises(user).select_related("place")
    return list_page(request, "places/vacancies.html", VACANT_ENTERPRISES, rows, context={"tab": "enterprises"})


@page(Permission.SEE_SITES)
@require_safe
def of_places(request: HttpRequest) -> HttpResponseBase:
    """Show the grids and sites without an officer or a liaison."""
    user: Any = request.user
    return list_page(request, "places/vacancies.html", VACANT_PLACES, vacant_places(user), context={"tab": "places"})


@page(CHANGE)
@require_http_methods(["GET", "HEAD", "POST"])
def at_place(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Name who is in charge of a place."""
    one = get_object_or_404(changeable_places(request.user), pk=pk)
    return _appoint(request, kind, one, reverse("places:place", args=[one.pk]))


@page(CHANGE)
@require_http_methods(["GET", "HEAD", "POST"])
def at_enterprise(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Name who is in charge of an enterprise."""
    one = get_object_or_404(changeable_enterprises(request.user), pk=pk)
    return _appoint(request, kind, one, reverse("places:enterprise", args=[one.pk]))


@page(CHANGE)
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End the time of an officer or a liaison today: the post is vacant then."""
    held = Responsibility.objects.visible_to(request.user, CHANGE).filter(ends=None)  # type: ignore[arg-type]
    one = get_object_or_404(held.select_related("place", "enterprise__place", "user"), pk=pk)
    if one.enterprise is not None and not changeable_enterprises(request.user).filter(pk=one.enterprise.pk).exists():
        raise Http404
    done = _("%(name)s is no longer in charge. The post is vacant.") % {"name": one.user.name or one.user.username}
    tell_refusal(request, lambda: registry.end_appointment(request.user, one), done)
    if one.place is not None:
        return redirect("places:place", one.place.pk)
    return redirect("places:enterprise", one.enterprise_id)


def _appoint(request: HttpRequest, kind: str, subject: Place | Enterprise, address: str) -> HttpResponse:
    if kind not in Responsibility.Kind.values:
        raise Http404
    label = Responsibility.Kind(kind).label
    form = AppointForm(request.user, request.POST or None)  # type: ignore[arg-type]
    at = {"place": subject} if isinstance(subject, Place) else {"enterprise": subject}
    return form_page(
        request,
        form,
        lambda: registry.appoint(request.user, kind, form.cleaned_data["who"].pk, **at),
        done=_("The post is filled."),
        to=lambda: address,
        context={
            "title": _("%(post)s of %(name)s") % {"post": label, "name": subject.name},
            "submit": _("Save"),
            "crumbs": [(address, subject.name)],
        },
    )
