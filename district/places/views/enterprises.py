"""Pages of enterprises."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from district.pages import page
from district.permissions import Permission
from district.places import registry
from district.places.choices import enterprise_text
from district.places.filters import EnterpriseFilter
from district.places.forms import EnterpriseForm
from district.places.models import Enterprise, Project, Subcontract
from district.places.tables import ENTERPRISES
from district.places.vacancies import posts_of
from district.places.views.common import CHANGE, changeable_enterprises, form_page, parents_of, tell_refusal
from district.web.lists import list_page

_FORM = ["GET", "HEAD", "POST"]
_FIELDS = ("name", "uscc", "kind", "place", "contact", "phone")
SUGGESTED = 20


@page(Permission.SEE_SITES)
@require_safe
def enterprises(request: HttpRequest) -> HttpResponseBase:
    """Show the list."""
    user: Any = request.user
    rows = Enterprise.objects.visible_to(user).select_related("place")
    filters = EnterpriseFilter(request.GET, rows, request=request)
    context = {"may_change": user.may(CHANGE)}
    return list_page(request, "places/enterprises.html", ENTERPRISES, rows, filters=filters, context=context)


@page(Permission.SEE_SITES)
@require_safe
def enterprise(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one enterprise: its seat, its sites and who is in charge."""
    user: Any = request.user
    one = get_object_or_404(Enterprise.objects.visible_to(user).select_related("place"), pk=pk)
    visible = Project.objects.visible_to(user).order_by().values("pk")
    contracts = Subcontract.objects.filter(enterprise=one, project__in=visible).select_related("project__place")
    context = {
        "enterprise": one,
        "parents": [*parents_of(user, one.place), (one.place, False)],
        "contracts": contracts.order_by("-starts", "pk"),
        "posts": posts_of(one),
        "today": timezone.localdate(),
        "may_change": changeable_enterprises(user).filter(pk=one.pk).exists(),
    }
    return render(request, "places/enterprise.html", context)


@page(CHANGE)
@require_http_methods(_FORM)
def add(request: HttpRequest) -> HttpResponse:
    """Add an enterprise."""
    made: list[Enterprise] = []
    form = EnterpriseForm(request.user, request.POST or None)  # type: ignore[arg-type]
    return form_page(
        request,
        form,
        lambda: made.append(registry.add_enterprise(request.user, form.cleaned_data)),
        done=_("The enterprise is added."),
        to=lambda: reverse("places:enterprise", args=[made[0].pk]),
        context={"title": _("Add enterprise"), "submit": _("Add"), "crumbs": [_list()]},
    )


@page(CHANGE)
@require_http_methods(_FORM)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an enterprise."""
    one = get_object_or_404(changeable_enterprises(request.user), pk=pk)
    initial = {key: getattr(one, key) for key in _FIELDS}
    form = EnterpriseForm(request.user, request.POST or None, initial=initial)  # type: ignore[arg-type]
    return form_page(
        request,
        form,
        lambda: registry.change_enterprise(request.user, one, form.cleaned_data),
        done=_("The changes are saved."),
        to=lambda: reverse("places:enterprise", args=[one.pk]),
        context={
            "title": _("Change %(name)s") % {"name": one.name},
            "submit": _("Save"),
            "crumbs": [_list(), _own(one)],
        },
    )


@page(CHANGE)
@require_POST
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Retire an enterprise, or bring it back."""
    one = get_object_or_404(changeable_enterprises(request.user), pk=pk)
    day = timezone.localdate() if one.retired is None else None
    done = _("%(name)s is retired.") if day else _("%(name)s is in use again.")
    tell_refusal(request, lambda: registry.retire_enterprise(request.user, one, day), done % {"name": one.name})
    return redirect("places:enterprise", one.pk)


@page(Permission.SEE_SITES)
@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """Return options for a field that chooses an enterprise."""
    user: Any = request.user
    text = next((value.strip() for value in request.GET.values() if isinstance(value, str)), "")[:120]
    found: list[str] = []
    if text:
        rows = Enterprise.objects.visible_to(user).filter(retired=None)
        rows = rows.filter(Q(name__icontains=text) | Q(uscc__startswith=text.upper()))
        found = [enterprise_text(one) for one in rows[:SUGGESTED]]
    return render(request, "places/options.html", {"options": found})


def _list() -> tuple[str, str]:
    return reverse("places:enterprises"), _("Enterprises")


def _own(one: Enterprise) -> tuple[str, str]:
    return reverse("places:enterprise", args=[one.pk]), one.name
