"""Pages of the tree: district, towns, communities, grids."""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from district.pages import page
from district.permissions import Permission
from district.places import registry
from district.places.forms import AddPlaceForm, ChangePlaceForm, MovePlaceForm
from district.places.models import Enterprise, Place, Project
from district.places.outlines import outline_path
from district.places.vacancies import posts_of, vacant_enterprises, vacant_places
from district.places.views.common import CHANGE, changeable_places, form_page, parents_of, tell_refusal
from district.web.paging import COUNTED

_FORM = ["GET", "HEAD", "POST"]
_LEVELS = 6
"""So many levels of the tree are indented."""


@page(Permission.SEE_SITES)
@require_safe
def tree(request: HttpRequest) -> HttpResponse:
    """Show the whole tree that the account sees, without its sites."""
    user: Any = request.user
    places = list(Place.objects.visible_to(user).exclude(kind=Place.Kind.SITE).order_by("path"))
    sites = _Counts.of(Project.objects.visible_to(user).filter(closed=None))
    seats = _Counts.of(Enterprise.objects.visible_to(user).filter(retired=None))
    vacant = set(vacant_places(user).values_list("pk", flat=True))
    rows = [
        {
            "place": place,
            "level": min(place.depth, _LEVELS),
            "sites": sites.below(place),
            "seats": seats.below(place),
            "vacant": place.pk in vacant,
        }
        for place in places
    ]
    return render(request, "places/tree.html", {"rows": rows, "may_change": user.may(CHANGE)})


@page(Permission.SEE_SITES)
@require_safe
def place(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one place: what is in it, and who is in charge."""
    user: Any = request.user
    one = get_object_or_404(Place.objects.visible_to(user), pk=pk)
    if one.kind == Place.Kind.SITE:
        return redirect("places:site", one.project.pk)
    first, end = one.branch
    children = Place.objects.visible_to(user).filter(path__gt=first, path__lt=end, depth=one.depth + 1)
    sites = Project.objects.visible_to(user).filter(place__path__gte=first, place__path__lt=end)
    today = timezone.localdate()
    figures = sites.aggregate(
        open=Count("pk", Q(closed=None) | Q(closed__gt=today)), resumed=Count("pk", Q(closed=None, resumed__lte=today))
    )
    seats = Enterprise.objects.visible_to(user).filter(place__path__gte=first, place__path__lt=end, retired=None)
    context = {
        "place": one,
        "parents": parents_of(user, one),
        "children": children.exclude(kind=Place.Kind.SITE).order_by("path"),
        "sites": sites.filter(place__depth=one.depth + 1).select_related("place", "general_contractor"),
        "figures": figures,
        "seats": _up_to(seats),
        "vacancies": _up_to(vacant_places(user).filter(path__gte=first, path__lt=end)),
        "vacant_enterprises": _up_to(vacant_enterprises(user).filter(place__path__gte=first, place__path__lt=end)),
        "posts": posts_of(one),
        "outline": outline_path(one.outline),
        "may_change": changeable_places(user).filter(pk=one.pk).exists(),
    }
    return render(request, "places/place.html", context)


@page(CHANGE)
@require_http_methods(_FORM)
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a place below another."""
    parent = get_object_or_404(changeable_places(request.user).exclude(kind__in=("grid", "site")), pk=pk)
    form = AddPlaceForm(parent, request.POST or None)
    return form_page(
        request,
        form,
        lambda: registry.add_place(request.user, parent, **form.cleaned_data),
        done=_("The place is added."),
        to=lambda: reverse("places:place", args=[parent.pk]),
        context={
            "title": _("Add place below %(name)s") % {"name": parent.name},
            "submit": _("Add"),
            "crumbs": _crumbs(parent),
        },
    )


@page(CHANGE)
@require_http_methods(_FORM)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change name, code and outline of a place."""
    one = get_object_or_404(changeable_places(request.user), pk=pk)
    form = ChangePlaceForm(request.POST or None, request.FILES or None, initial={"name": one.name, "code": one.code})
    return form_page(
        request,
        form,
        lambda: registry.change_place(request.user, one, form.changes()),
        done=_("The changes are saved."),
        to=lambda: reverse("places:place", args=[one.pk]),
        context={"title": _("Change %(name)s") % {"name": one.name}, "submit": _("Save"), "crumbs": _crumbs(one)},
    )


@page(CHANGE)
@require_http_methods(_FORM)
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a place and all below it to another place."""
    one = get_object_or_404(changeable_places(request.user).filter(depth__gt=1), pk=pk)
    form = MovePlaceForm(request.user, one, request.POST or None)  # type: ignore[arg-type]
    return form_page(
        request,
        form,
        lambda: registry.move_place(request.user, one, form.cleaned_data["parent"]),
        done=_("%(name)s is moved.") % {"name": one.name},
        to=lambda: reverse("places:place", args=[one.pk]),
        context={
            "title": _("Move %(name)s") % {"name": one.name},
            "lead": _("All below it moves too. Accounts of the former branch no longer see it."),
            "submit": _("Move"),
            "crumbs": _crumbs(one),
        },
    )


@page(CHANGE)
@require_POST
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Retire a place, or bring it back."""
    one = get_object_or_404(changeable_places(request.user).exclude(kind=Place.Kind.SITE), pk=pk)
    day = timezone.localdate() if one.retired is None else None
    done = _("%(name)s is retired.") if day else _("%(name)s is in use again.")
    tell_refusal(request, lambda: registry.retire_place(request.user, one, day), done % {"name": one.name})
    return redirect("places:place", one.pk)


def _crumbs(one: Place) -> list[tuple[str, str]]:
    return [(reverse("places:place", args=[one.pk]), one.name)]


@dataclass(frozen=True)
class _Counts:
    """How many rows stand at each path: sorted paths, and the sums up to each."""

    paths: list[str]
    sums: list[int]

    @classmethod
    def of(cls, rows: Any) -> "_Counts":
        """Count rows by the path of their place."""
        found = sorted(rows.order_by().values_list("place__path").annotate(Count("pk")))
        return cls([path for path, _ in found], [0, *accumulate(count for _, count in found)])

    def below(self, place: Place) -> int:
        """Return how many stand at a place or below it."""
        first, end = place.branch
        return self.sums[bisect_left(self.paths, end)] - self.sums[bisect_left(self.paths, first)]


def _up_to(rows: Any) -> str:
    """Return the count of some rows; above a limit only that there are more."""
    count = rows.order_by()[: COUNTED + 1].count()
    return f"{COUNTED:,}+" if count > COUNTED else f"{count:,}"
