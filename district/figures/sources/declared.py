"""Count workers' declarations: who should declare, who did, who is not well, and from where trips began."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Count, Q

from district.declarations.models import HealthDeclaration, Trip
from district.emergency.models import EmergencyMeasure
from district.emergency.rules import MeasureKind
from district.figures.rules import FigureName
from district.figures.sources import CountedFigure, FigureSource
from district.figures.sources.resumption import open_sites
from district.people.models import Assignment, in_force
from district.places.models import Project

_N = FigureName


def measured_sites(kind: MeasureKind, day: date) -> dict[int, tuple[int, int]]:
    """Return the open sites for which a running measure of a kind held on a day: project -> (place, measure)."""
    rows = EmergencyMeasure.objects.filter(kind=kind.value, ended=None, starts__lte=day, ends__gte=day)
    measures = sorted(rows.values_list("place__path", "pk"), key=lambda row: len(row[0]))
    found = {}
    for project, place, path in Project.objects.filter(open_sites(day)).values_list("pk", "place", "place__path"):
        for above, measure in measures:
            if path.startswith(above):
                found[project] = place, measure  # the nearest measure wins: it comes last
    return found


def _count(day: date) -> Iterator[CountedFigure]:
    sites = measured_sites(MeasureKind.DECLARATIONS, day)
    if not sites:
        return
    people = Count("person", distinct=True)
    work = Assignment.objects.filter(in_force(day), starts__lte=day, project__in=list(sites)).order_by()
    given = HealthDeclaration.objects.filter(day=day, project__in=list(sites)).order_by()
    due = dict(work.values_list("project").annotate(n=people))
    who = set(work.values_list("project", "person"))
    done = Counter(
        project for project, person in set(given.values_list("project", "person")) if (project, person) in who
    )
    ill = dict(given.filter(~Q(abnormal="")).values_list("project").annotate(n=people))
    for project, (place, measure) in sites.items():
        yield CountedFigure(place, _N.TO_DECLARE, due.get(project, 0), measure=measure)
        yield CountedFigure(place, _N.DECLARED, done[project], measure=measure)
        yield CountedFigure(place, _N.ABNORMAL, ill.get(project, 0), measure=measure)
    yield from _trips(day, sites)


def _trips(day: date, sites: dict[int, tuple[int, int]]) -> Iterator[CountedFigure]:
    counts = Counter[tuple[int, int, str]]()
    rows: Any = Trip.objects.filter(day=day, project__in=list(sites)).order_by()
    for project, code in rows.values_list("project", "from_code"):
        counts[(*sites[project], code[:2])] += 1
    for (place, measure, province), count in counts.items():
        yield CountedFigure(place, _N.ARRIVED, count, province, measure)


SOURCE = FigureSource(frozenset({_N.TO_DECLARE, _N.DECLARED, _N.ABNORMAL, _N.ARRIVED}), _count)
