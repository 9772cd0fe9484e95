"""Count sites and enterprises: open, resumed by their own word, and at work by passages."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

from django.db.models import Q

from district.attendance.models import Day
from district.figures.rules import FigureName
from district.figures.sources import CountedFigure, FigureSource
from district.people.models import in_force
from district.places.models import Enterprise, Project, Subcontract

_N = FigureName


def open_sites(day: date) -> Q:
    """Return the filter for the sites that are open on a day."""
    return (Q(closed=None) | Q(closed__gt=day)) & (Q(starts=None) | Q(starts__lte=day))


def _count(day: date) -> Iterator[CountedFigure]:
    sites = list(Project.objects.filter(open_sites(day)).values_list("pk", "place", "resumed"))
    days = Day.objects.filter(date=day).order_by()
    at_work = set(days.values_list("project", flat=True).distinct())
    resumed = {pk for pk, _place, since in sites if since is not None and since <= day}
    for pk, place, _since in sites:
        yield CountedFigure(place, _N.SITES, 1)
        yield CountedFigure(place, _N.SITES_RESUMED, int(pk in resumed))
        yield CountedFigure(place, _N.SITES_MEASURED, int(pk in at_work))
    contracts = Subcontract.objects.filter(in_force(day), starts__lte=day, project__in=[site[0] for site in sites])
    pairs = set(contracts.order_by().values_list("enterprise", "project"))
    seen = set(days.exclude(enterprise=None).values_list("enterprise", flat=True).distinct())
    engaged = {enterprise for enterprise, _project in pairs}
    back = {enterprise for enterprise, project in pairs if project in resumed}
    yield from _at_seats(engaged, engaged, _N.ENTERPRISES)
    yield from _at_seats(engaged, back, _N.ENTERPRISES_RESUMED)
    yield from _at_seats(engaged, engaged & seen, _N.ENTERPRISES_MEASURED)


def _at_seats(engaged: set[int], counted: set[int], name: FigureName) -> Iterator[CountedFigure]:
    """Count enterprises at their seats; a seat without any of them says 0."""
    seats = dict(Enterprise.objects.filter(pk__in=engaged).values_list("pk", "place"))
    counts = Counter(seats[pk] for pk in counted if pk in seats)
    return (CountedFigure(place, name, counts[place]) for place in sorted(set(seats.values())))


SOURCE = FigureSource(
    frozenset(
        {
            _N.SITES,
            _N.SITES_RESUMED,
            _N.SITES_MEASURED,
            _N.ENTERPRISES,
            _N.ENTERPRISES_RESUMED,
            _N.ENTERPRISES_MEASURED,
        }
    ),
    _count,
)
