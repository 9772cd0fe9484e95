"""Count what sites declared: who filed, people, stocks by item, and isolation places."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date

from django.db.models import Sum

from district.emergency.rules import MeasureKind
from district.figures.rules import FigureName
from district.figures.sources import CountedFigure, FigureSource
from district.figures.sources.declared import measured_sites
from district.people.models import in_force
from district.places.models import Subcontract
from district.supplies.asked import SHORT
from district.supplies.models import EmployerCount, SiteReport, SupplyLine

_N = FigureName
_PEOPLE = {"expected": _N.EXPECTED, "back": _N.BACK, "from_listed": _N.FROM_LISTED, "abnormal": _N.NOT_WELL}
_ROOMS = {"isolation_places": _N.ISOLATION, "isolation_used": _N.ISOLATION_USED}


def _count(day: date) -> Iterator[CountedFigure]:
    sites = measured_sites(MeasureKind.SUPPLIES, day)
    if not sites:
        return
    counts = EmployerCount.objects.kept().filter(date=day, project__in=list(sites)).order_by()
    reports = SiteReport.objects.kept().filter(date=day, project__in=list(sites)).order_by()
    told = defaultdict[int, set[int]](set)
    for project, enterprise in counts.values_list("project", "enterprise"):
        told[project].add(enterprise)
    work = Subcontract.objects.filter(in_force(day), starts__lte=day, project__in=list(sites)).order_by()
    silent = {
        project for project, enterprise in work.values_list("project", "enterprise") if enterprise not in told[project]
    }
    filed = set(reports.values_list("project", flat=True)) - silent
    for project, (place, measure) in sites.items():
        yield CountedFigure(place, _N.SITES_TO_FILE, 1, measure=measure)
        yield CountedFigure(place, _N.SITES_FILED, int(project in filed), measure=measure)
    for rows, names in ((counts, _PEOPLE), (reports, _ROOMS)):
        for row in rows.values("project").annotate(**{f"n_{name}": Sum(name) for name in names}):
            place, measure = sites[row["project"]]
            for name, figure in names.items():
                yield CountedFigure(place, figure, row[f"n_{name}"], measure=measure)
    yield from _stocks(day, sites)


def _stocks(day: date, sites: dict[int, tuple[int, int]]) -> Iterator[CountedFigure]:
    lines = SupplyLine.objects.filter(report__in=SiteReport.objects.kept().filter(date=day, project__in=list(sites)))
    short = Counter(lines.filter(SHORT).order_by().values_list("report__project", "item"))
    for project, item, stock, use in lines.order_by().values_list("report__project", "item", "stock", "daily_use"):
        place, measure = sites[project]
        yield CountedFigure(place, _N.STOCK, stock, item, measure)
        yield CountedFigure(place, _N.DAILY_USE, use, item, measure)
        yield CountedFigure(place, _N.SHORT, short[project, item], item, measure)


SOURCE = FigureSource(
    frozenset(
        {
            _N.SITES_TO_FILE,
            _N.SITES_FILED,
            *_PEOPLE.values(),
            *_ROOMS.values(),
            _N.STOCK,
            _N.DAILY_USE,
            _N.SHORT,
        }
    ),
    _count,
)
