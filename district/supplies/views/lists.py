"""The pages with all sites, all stocks, and sums by place."""

from typing import Any

from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from district.emergency.registry import running
from district.emergency.rules import MeasureKind
from district.permissions import Permission
from district.places.models import Place
from district.supplies.asked import FILED, short_today, sites_asked, with_figures, with_state
from district.supplies.filters import DeclaredFilter, LevelForm, StockFilter
from district.supplies.latest import latest_lines
from district.supplies.models import EmployerCount
from district.supplies.rules.counts import PEOPLE_FIELDS
from district.supplies.sums import sums_by_place
from district.supplies.tables import SITES, STOCKS, sums_table
from district.supplies.views.common import SEE, day_of, supply_page
from district.web.lists import list_page


@supply_page(SEE)
@require_safe
def sites(request: HttpRequest) -> HttpResponseBase:
    """List the sites that a measure asks, with what they declared for a day."""
    user: Any = request.user
    day = day_of(request)
    asked = with_state(sites_asked(user), day)
    rows = with_figures(asked, user, day)
    counts = EmployerCount.objects.visible_to(user).kept().filter(date=day)
    figures = counts.aggregate(**{name: Coalesce(Sum(name), 0) for name in PEOPLE_FIELDS})
    short = short_today(user, day).count()
    context = {
        "day": day,
        "asked": asked.count(),
        "late": asked.exclude(FILED).count(),
        "figures": figures,
        "short": short,
        "measures": list(_ruled(user)),
    }
    filters = DeclaredFilter(request.GET, queryset=rows, request=request)
    return list_page(request, "supplies/sites.html", SITES, rows, filters=filters, context=context)


@supply_page(SEE)
@require_safe
def stocks(request: HttpRequest) -> HttpResponseBase:
    """List the stocks of the last reports."""
    user: Any = request.user
    rows = latest_lines(user).select_related("report__project__place", "report__measure__supply_policy")
    filters = StockFilter(request.GET, queryset=rows, request=request)
    return list_page(request, "supplies/stocks.html", STOCKS, rows, filters=filters)


@supply_page(SEE)
@require_safe
def sums(request: HttpRequest) -> HttpResponseBase:
    """Show the sums of each town, or of another level of the tree."""
    user: Any = request.user
    form = LevelForm(request.GET)
    seen = Place.objects.visible_to(user, SEE).filter(retired=None).exclude(kind=Place.Kind.SITE)
    kinds = [kind for kind in (Place.Kind.TOWN, Place.Kind.COMMUNITY, Place.Kind.GRID) if seen.filter(kind=kind)]
    usual = kinds[0] if kinds else Place.Kind.TOWN
    level = (form.cleaned_data["level"] if form.is_valid() else "") or usual
    day = day_of(request)
    table = sums_table(sums_by_place(user, day))
    context = {"day": day, "level": Place.Kind(level).label, "form": LevelForm({"day": day, "level": level})}
    return list_page(request, "supplies/sums.html", table, seen.filter(kind=level), context=context)


def _ruled(user: Any) -> "QuerySet[Any]":
    """Return the measures whose rules an account may change."""
    scope = user.scope(Permission.START_MEASURES)
    return running(MeasureKind.SUPPLIES).filter(scope.places("place__path")).select_related("place").order_by("pk")[:5]
