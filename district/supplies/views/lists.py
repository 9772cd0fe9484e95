"""The pages with all sites, all stocks, and sums by place."""

from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Concat
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from district.emergency.registry import running
from district.emergency.rules import MeasureKind
from district.permissions import Permission
from district.places.models import Place
from district.supplies.asked import FILED, SHORT, missing, short_today, sites_asked, with_figures, with_state
from district.supplies.filters import DeclaredFilter, LevelForm, StockFilter
from district.supplies.latest import latest_lines
from district.supplies.models import EmployerCount, SiteReport, SupplyLine
from district.supplies.tables import SITES, STOCKS, SUMS
from district.supplies.views.common import SEE, day_of, supply_page
from district.web.lists import list_page

_PEOPLE = ("expected", "back", "from_listed", "abnormal")


@supply_page(SEE)
@require_safe
def sites(request: HttpRequest) -> HttpResponseBase:
    """List the sites that a measure asks, with what they declared for a day."""
    user: Any = request.user
    day = day_of(request)
    rows = with_figures(with_state(sites_asked(user), day), user, day)
    asked = sites_asked(user).count()
    late = missing(user, day).count()
    counts = EmployerCount.objects.visible_to(user).kept().filter(date=day)
    figures = counts.aggregate(**{name: Coalesce(Sum(name), 0) for name in _PEOPLE})
    short = short_today(user, day).count()
    context = {"day": day, "asked": asked, "late": late, "figures": figures, "short": short}
    context["measures"] = list(_ruled(user))
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
    rows = _summed(seen.filter(kind=level), user, day)
    context = {"day": day, "level": Place.Kind(level).label, "form": LevelForm({"day": day, "level": level})}
    return list_page(request, "supplies/sums.html", SUMS, rows, context=context)


def _ruled(user: Any) -> "QuerySet[Any]":
    """Return the measures whose rules an account may change."""
    scope = user.scope(Permission.START_MEASURES)
    return running(MeasureKind.SUPPLIES).filter(scope.places("place__path")).select_related("place").order_by("pk")[:5]


def _summed(places: "QuerySet[Any]", user: Any, day: Any) -> "QuerySet[Any]":
    """Add to places the sums of the sites below them that an account sees."""
    asked = sites_asked(user)
    told = with_state(asked, day).filter(FILED)
    counts = EmployerCount.objects.visible_to(user).kept().filter(date=day)
    reports = SiteReport.objects.visible_to(user).kept().filter(date=day)
    lines = SupplyLine.objects.visible_to(user).filter(report__date=day, report__in=SiteReport.objects.kept())
    found = places.annotate(
        sites=_below(asked, "place__path", Count("pk")),
        declared=_below(told, "place__path", Count("pk")),
        rooms=_below(reports, "project__place__path", Sum("isolation_places")),
        rooms_used=_below(reports, "project__place__path", Sum("isolation_used")),
        masks=_below(lines.filter(item="masks"), "report__project__place__path", Sum("stock")),
        short=_below(lines.filter(SHORT), "report__project__place__path", Count("pk")),
    )
    people = {name: _below(counts, "project__place__path", Sum(name)) for name in _PEOPLE}
    with_people: QuerySet[Any] = found.annotate(**people)
    return with_people


def _below(rows: "QuerySet[Any]", path: str, total: Any) -> Coalesce:
    """Return the total of the rows below each place."""
    first = OuterRef("path")
    inside = rows.filter(**{f"{path}__gte": first, f"{path}__lt": Concat(first, Value("~"))})
    one = inside.order_by().annotate(all_of=Value(1)).values("all_of").annotate(n=total).values("n")
    return Coalesce(Subquery(one, output_field=IntegerField()), 0)
