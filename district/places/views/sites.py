"""Pages of building sites."""

from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from district.pages import page
from district.permissions import Permission
from district.places import registry
from district.places.filters import SiteFilter
from district.places.forms import DayForm, SiteForm, SubcontractForm
from district.places.models import Gate, Project, Subcontract
from district.places.tables import SITES, site_state
from district.places.vacancies import posts_of
from district.places.views.common import CHANGE, changeable_sites, form_page, parents_of, site_links, tell_refusal
from district.web.lists import list_page

_FORM = ["GET", "HEAD", "POST"]
_ONCE = ("name", "parent", "site_id")


@page(Permission.SEE_SITES)
@require_safe
def sites(request: HttpRequest) -> HttpResponseBase:
    """Show the list."""
    user: Any = request.user
    rows = Project.objects.visible_to(user).select_related("place", "general_contractor")
    rows = rows.annotate(gate_count=Count("gates", filter=Q(gates__retired=None)))
    filters = SiteFilter(request.GET, rows, request=request)
    context = {"may_change": user.may(CHANGE)}
    return list_page(request, "places/sites.html", SITES, rows, filters=filters, context=context)


@page(Permission.SEE_SITES)
@require_safe
def site(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one site: permit, dates, contractors, gates, teams, and who is in charge."""
    user: Any = request.user
    one = get_object_or_404(Project.objects.visible_to(user).select_related("place", "general_contractor"), pk=pk)
    teams: Any = getattr(one, "teams", None)  # the teams of people, who stand above places
    may_see_people = user.may(Permission.SEE_PEOPLE)
    state, tone = site_state(one)
    context = {
        "site": one,
        "state": state,
        "tone": tone,
        "parents": parents_of(user, one.place),
        "contracts": Subcontract.objects.visible_to(user)
        .filter(project=one)
        .select_related("enterprise")
        .order_by("ends", "starts", "pk"),
        "gates": Gate.objects.visible_to(user).filter(project=one).order_by("gate_id"),
        "teams": teams.model.objects.visible_to(user).filter(project=one).select_related("enterprise").order_by("name")
        if teams is not None and may_see_people
        else (),
        "posts": posts_of(one.place),
        "links": site_links(user, one),
        "today": timezone.localdate(),
        "may_change": changeable_sites(user).filter(pk=one.pk).exists(),
        "end_form": DayForm(),
    }
    return render(request, "places/site.html", context)


@page(CHANGE)
@require_http_methods(_FORM)
def add(request: HttpRequest) -> HttpResponse:
    """Add a site."""
    made: list[Project] = []
    initial = {"parent": request.GET.get("below")}
    form = SiteForm(request.user, None, request.POST or None, initial=initial)  # type: ignore[arg-type]

    def save() -> None:
        said = form.cleaned_data
        fields = {key: value for key, value in said.items() if key not in _ONCE}
        made.append(registry.add_site(request.user, said["parent"], said["name"], fields, said["site_id"]))

    return form_page(
        request,
        form,
        save,
        done=_("The site is added. HQ hears of it within seconds."),
        to=lambda: reverse("places:site", args=[made[0].pk]),
        context={"title": _("Add site"), "submit": _("Add"), "crumbs": [_list()]},
    )


@page(CHANGE)
@require_http_methods(_FORM)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a site."""
    one = get_object_or_404(changeable_sites(request.user).select_related("general_contractor"), pk=pk)
    form = SiteForm(request.user, one, request.POST or None)  # type: ignore[arg-type]
    form.initial = {"name": one.place.name, **{k: getattr(one, k) for k in form.fields if k != "name"}}
    return form_page(
        request,
        form,
        lambda: registry.change_site(request.user, one, form.cleaned_data),
        done=_("The changes are saved."),
        to=lambda: reverse("places:site", args=[one.pk]),
        context={
            "title": _("Change %(name)s") % {"name": one.place.name},
            "submit": _("Save"),
            "crumbs": [_list(), _own(one)],
        },
    )


@page(CHANGE)
@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a site from today on, or open it again."""
    one = get_object_or_404(changeable_sites(request.user), pk=pk)
    day = timezone.localdate() if one.closed is None else None
    done = _("%(name)s is closed. HQ hears of it within seconds.") if day else _("%(name)s is open again.")
    tell_refusal(request, lambda: registry.close_site(request.user, one, day), done % {"name": one.place.name})
    return redirect("places:site", one.pk)


@page(CHANGE)
@require_http_methods(_FORM)
def add_subcontract(request: HttpRequest, pk: int) -> HttpResponse:
    """Let an enterprise work on a site."""
    one = get_object_or_404(changeable_sites(request.user), pk=pk)
    form = SubcontractForm(request.user, request.POST or None)  # type: ignore[arg-type]
    return form_page(
        request,
        form,
        lambda: registry.add_subcontract(request.user, one, **form.cleaned_data),
        done=_("The enterprise is added."),
        to=lambda: reverse("places:site", args=[one.pk]),
        context={
            "title": _("Add an enterprise to %(name)s") % {"name": one.place.name},
            "submit": _("Add"),
            "crumbs": [_list(), _own(one)],
        },
    )


@page(CHANGE)
@require_POST
def end_subcontract(request: HttpRequest, pk: int) -> HttpResponse:
    """End the contract of an enterprise on a site."""
    visible = changeable_sites(request.user).order_by().values("pk")
    contract = get_object_or_404(
        Subcontract.objects.filter(project__in=visible).select_related("project__place", "enterprise"), pk=pk
    )
    form = DayForm(request.POST)
    day = form.cleaned_data["day"] if form.is_valid() else timezone.localdate()
    done = _("The contract of %(name)s ends on %(day)s.") % {"name": contract.enterprise.name, "day": day}
    tell_refusal(request, lambda: registry.end_subcontract(request.user, contract, day), done)
    return redirect("places:site", contract.project_id)


def _list() -> tuple[str, str]:
    return reverse("places:sites"), _("Sites")


def _own(one: Project) -> tuple[str, str]:
    return reverse("places:site", args=[one.pk]), one.place.name
