"""Count people: registered and present by origin, and who began or ended work on the day."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Count, QuerySet

from district.attendance.models import Day
from district.figures.rules import FigureName
from district.figures.sources import CountedFigure, FigureSource
from district.figures.sources.resumption import open_sites
from district.people.models import Assignment, in_force
from district.places.models import Project

_N = FigureName


def _count(day: date) -> Iterator[CountedFigure]:
    places = dict(Project.objects.filter(open_sites(day)).values_list("pk", "place"))
    work = Assignment.objects.order_by()
    counted: tuple[tuple[FigureName, QuerySet[Any]], ...] = (
        (_N.REGISTERED, work.filter(in_force(day), starts__lte=day)),
        (_N.PRESENT, Day.objects.filter(date=day).order_by()),
        (_N.STARTED, work.filter(starts=day)),
        (_N.ENDED, work.filter(ends=day)),
    )
    for name, rows in counted:
        groups = rows.values_list("project", "person__province").annotate(n=Count("person", distinct=True))
        for project, province, count in groups:
            if project in places:
                yield CountedFigure(places[project], name, count, province or "")


SOURCE = FigureSource(frozenset({_N.REGISTERED, _N.PRESENT, _N.STARTED, _N.ENDED}), _count)
