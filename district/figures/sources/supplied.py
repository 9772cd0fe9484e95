"""Count what sites declare: who filed, people expected and back, supplies, isolation places."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

from django.db.models import Sum

from district.emergency.rules import MeasureKind
from district.figures.rules import FigureName
from district.figures.sources import CountedFigure, FigureSource
from district.figures.sources.declared import measured_sites
from district.supplies.latest import needs_by_measure
from district.supplies.models import EmployerCount, SiteReport, SupplyLine
from district.supplies.rules.items import StockState, state_of

_N = FigureName
_PEOPLE = ((_N.EXPECTED, "expected"), (_N.BACK, "back"), (_N.FROM_LISTED, "from_listed"), (_N.NOT_WELL, "abnormal"))


def _count(day: date) -> Iterator[CountedFigure]:
    sites = measured_sites(MeasureKind.SUPPLIES, day)
    if not sites:
        return
    reports = SiteReport.objects.filter(date=day, project__in=list(sites)).order_by()
    filed = {row.project_id: row for row in reports}
    for project, (place, measure) in sites.items():
        yield CountedFigure(place, _N.SITES_TO_FILE, 1, measure=measure)
        yield CountedFigure(place, _N.SITES_FILED, int(project in filed), measure=measure)
        if row := filed.get(project):
            yield CountedFigure(place, _N.ISOLATION, row.isolation_places, measure=measure)
            yield CountedFigure(place, _N.ISOLATION_USED, row.isolation_used, measure=measure)
    yield from _people(day, sites)
    yield from _stocks(sites, filed)


def _people(day: date, sites: dict[int, tuple[int, int]]) -> Iterator[CountedFigure]:
    rows = EmployerCount.objects.filter(date=day, project__in=list(sites)).order_by().values("project")
    for found in rows.annotate(**{f"sum_{field}": Sum(field) for _name, field in _PEOPLE}):
        place, measure = sites[found["project"]]
        for name, field in _PEOPLE:
            yield CountedFigure(place, name, found[f"sum_{field}"], measure=measure)


def _stocks(sites: dict[int, tuple[int, int]], filed: dict[int, SiteReport]) -> Iterator[CountedFigure]:
    needs = needs_by_measure({measure for _place, measure in sites.values()})
    counts = Counter[tuple[int, int, FigureName, str]]()
    lines = SupplyLine.objects.filter(report__in=[row.pk for row in filed.values()]).select_related("report")
    for line in lines:
        place, measure = sites[line.report.project_id]
        counts[place, measure, _N.STOCK, line.item] += line.stock
        counts[place, measure, _N.DAILY_USE, line.item] += line.daily_use
        short = state_of(line.figures, needs[measure]) is StockState.SHORT
        counts[place, measure, _N.SHORT, line.item] += short
    for (place, measure, name, item), value in counts.items():
        yield CountedFigure(place, name, value, item, measure)


SOURCE = FigureSource(
    frozenset(
        {
            _N.SITES_TO_FILE,
            _N.SITES_FILED,
            _N.EXPECTED,
            _N.BACK,
            _N.FROM_LISTED,
            _N.NOT_WELL,
            _N.STOCK,
            _N.DAILY_USE,
            _N.SHORT,
            _N.ISOLATION,
            _N.ISOLATION_USED,
        }
    ),
    _count,
)
