"""Count gates, and those that are silent now."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

from django.db.models import Q
from django.utils import timezone

from district.figures.rules import FigureName
from district.figures.sources import CountedFigure, FigureSource
from district.figures.sources.resumption import open_sites
from district.places.models import Gate, Project
from district.places.rules import is_silent

_N = FigureName


def _count(day: date) -> Iterator[CountedFigure]:
    now = timezone.now()
    places = dict(Project.objects.filter(open_sites(day)).values_list("pk", "place"))
    used = Gate.objects.filter(Q(retired=None) | Q(retired__gt=day), project__in=list(places))
    every, silent = Counter[int](), Counter[int]()
    for project, heard in used.values_list("project", "last_heard"):
        every[places[project]] += 1
        silent[places[project]] += is_silent(heard, now)
    for place, count in every.items():
        yield CountedFigure(place, _N.GATES, count)
        yield CountedFigure(place, _N.GATES_SILENT, silent[place])


SOURCE = FigureSource(frozenset({_N.GATES, _N.GATES_SILENT}), _count, live=True)
