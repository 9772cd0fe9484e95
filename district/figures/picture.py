"""Read the day tables for a place, the places below it, and the days before."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet, Sum
from django.db.models.functions import Substr

from district.figures.models import DayFigure, MeasureFigure
from district.figures.rules import SEEN_WITH, FigureName, share
from district.places.models import Place

_N = FigureName


@dataclass
class PlaceFigures:
    """The figures of one place on one day, each by its parts."""

    place: Place
    parts: dict[FigureName, Counter[str]] = field(default_factory=dict)

    def add(self, name: FigureName, part: str, value: int) -> None:
        """Add a value to a figure."""
        self.parts.setdefault(name, Counter())[part] += value

    def known(self, *names: FigureName) -> bool:
        """Say whether one of these figures was counted, and the account may see it."""
        return any(name in self.parts for name in names)

    def total(self, *names: FigureName) -> int:
        """Return the sum of figures over all their parts."""
        return sum(sum(self.parts[name].values()) for name in names if name in self.parts)

    def part(self, name: FigureName) -> Counter[str]:
        """Return a figure by its parts."""
        return self.parts.get(name, Counter())

    def __getitem__(self, name: str) -> int:
        """Return a figure by its name, for templates."""
        return self.total(FigureName(name))

    @property
    def has_supplies(self) -> bool:
        """Say whether sites had to file on the day."""
        return self.known(_N.SITES_TO_FILE)

    @property
    def has_declarations(self) -> bool:
        """Say whether workers had to declare on the day."""
        return self.known(_N.TO_DECLARE)

    @property
    def cases_open(self) -> Counter[str]:
        """Return the open cases by age, those about health too if the account sees them."""
        return self.part(_N.CASES_OPEN) + self.part(_N.HEALTH_OPEN)

    @property
    def open_count(self) -> int:
        """Return how many cases are open."""
        return self.total(_N.CASES_OPEN, _N.HEALTH_OPEN)

    @property
    def overdue(self) -> int:
        """Return how many cases are overdue."""
        return self.total(_N.CASES_OVERDUE, _N.HEALTH_OVERDUE)

    @property
    def missing(self) -> int:
        """Return how many workers have not declared."""
        return max(0, self.total(_N.TO_DECLARE) - self.total(_N.DECLARED))

    @property
    def not_filed(self) -> int:
        """Return how many sites have not filed."""
        return max(0, self.total(_N.SITES_TO_FILE) - self.total(_N.SITES_FILED))

    @property
    def resumed_share(self) -> str:
        """Return the share of resumed sites."""
        return share(self.total(_N.SITES_RESUMED), self.total(_N.SITES))

    @property
    def enterprise_share(self) -> str:
        """Return the share of resumed enterprises."""
        return share(self.total(_N.ENTERPRISES_RESUMED), self.total(_N.ENTERPRISES))

    @property
    def present_share(self) -> str:
        """Return the share of registered people who were seen on the day."""
        return share(self.total(_N.PRESENT), self.total(_N.REGISTERED))

    @property
    def declared_share(self) -> str:
        """Return the share of workers who declared."""
        return share(self.total(_N.DECLARED), self.total(_N.TO_DECLARE))


@dataclass
class Picture:
    """A place on a day: its own sums, and those of each place directly below it."""

    day: date
    whole: PlaceFigures
    below: list[PlaceFigures]


def picture_of(user: Any, place: Place, day: date) -> Picture:
    """Return what an account may see of a place and day."""
    first, end = place.branch
    children = Place.objects.filter(path__gt=first, path__lt=end, depth=place.depth + 1)
    below = {child.path: PlaceFigures(child) for child in children}
    whole = PlaceFigures(place)
    for rows in _rows(user, place):
        length = len(place.path) + Place.steplen
        found = rows.filter(day=day).annotate(branch=Substr("place__path", 1, length))
        for branch, name, part, value in found.values_list("branch", "name", "part").annotate(n=Sum("value")):
            whole.add(FigureName(name), part, value)
            if branch in below:
                below[branch].add(FigureName(name), part, value)
    return Picture(day, whole, [one for one in below.values() if one.parts or one.place.retired is None])


def days_of(user: Any, place: Place, name: FigureName, last: date, count: int = 14) -> dict[date, int]:
    """Return one figure of a place over the days until one. Days without a row are 0."""
    days = {last - timedelta(days=back): 0 for back in range(count - 1, -1, -1)}
    for rows in _rows(user, place, (name,)):
        found = rows.filter(day__gt=last - timedelta(days=count), day__lte=last)
        for day, value in found.values_list("day").annotate(n=Sum("value")):
            days[day] += value
    return days


def parts_of(whole: Mapping[str, int], names: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return parts with their names, in the order of the names; parts without a name come last."""
    known = [(str(name), whole[key]) for key, name in names.items() if whole.get(key)]
    return known + [(key, value) for key, value in whole.items() if key not in names and value]


def _rows(user: Any, place: Place, names: Iterable[FigureName] = FigureName) -> Iterator["QuerySet[Any]"]:
    """Return the rows of a branch that an account may see: one query for each permission and table."""
    first, end = place.branch
    wanted = frozenset(names)
    for permission, of_permission in SEEN_WITH.items():
        asked = [name.value for name in sorted(of_permission & wanted)]
        if not asked:
            continue
        ordinary = DayFigure.objects.visible_to(user, permission)
        of_measures: QuerySet[Any] = MeasureFigure.objects.visible_to(user, permission).kept()
        for rows in (ordinary, of_measures):
            yield rows.filter(place__path__gte=first, place__path__lt=end, name__in=asked).order_by()
