"""Count cases: open by age, overdue, reported and closed on the day."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

from django.db.models import Q

from district.cases.models import Case
from district.cases.rules import HEALTH_KINDS
from district.figures.rules import FigureName, age_band
from district.figures.sources import CountedFigure, FigureSource, end_of

_N = FigureName
_HEALTH = {kind.value for kind in HEALTH_KINDS}
_FIELDS = ("place", "kind", "made", "closed", "resolved", "solution_due", "of_measure__measure")


def _count(day: date) -> Iterator[CountedFigure]:
    end = end_of(day)
    start = end_of(day - timedelta(days=1))
    rows = Case.objects.filter(Q(closed=None) | Q(closed__gte=start), made__lt=end)
    counts = Counter[tuple[int, FigureName, str, int | None]]()
    for place, kind, made, closed, resolved, due, measure in rows.order_by().values_list(*_FIELDS):
        health = kind in _HEALTH
        if closed is None or closed >= end:
            counts[place, _N.HEALTH_OPEN if health else _N.CASES_OPEN, age_band(end - made), measure] += 1
            late = due < end and (resolved is None or resolved >= end)
            counts[place, _N.HEALTH_OVERDUE if health else _N.CASES_OVERDUE, "", measure] += late
        elif not health:
            counts[place, _N.CASES_CLOSED, "", measure] += 1
        if made >= start and not health:
            counts[place, _N.CASES_MADE, "", measure] += 1
    for (place, name, part, measure), count in counts.items():
        yield CountedFigure(place, name, count, part, measure)


SOURCE = FigureSource(
    frozenset(
        {
            _N.CASES_OPEN,
            _N.CASES_OVERDUE,
            _N.CASES_MADE,
            _N.CASES_CLOSED,
            _N.HEALTH_OPEN,
            _N.HEALTH_OVERDUE,
        }
    ),
    _count,
)
