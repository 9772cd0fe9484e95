"""Count cases by day, town and kind, and add the counts up for a page."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from district.cases.models import Case, CaseTally
from district.cases.names import KIND_NAMES
from district.cases.rules import HEALTH_KINDS, CaseKind, spread_minutes
from district.days import start_of_day
from district.permissions import Permission
from district.places.models import Place

PERIODS = (7, 30, 90)
AGAIN = timedelta(days=1)
"""Yesterday is counted again too: a case may close a moment before midnight."""


@dataclass
class DayCount:
    """What happened on a day, in a town, to cases of a kind."""

    opened: int = 0
    late: int = 0
    minutes: list[int] = field(default_factory=list)


def count_days(now: datetime | None = None) -> None:
    """Count today and yesterday. A count never goes down: cases that were erased since stay counted."""
    first = timezone.localdate(now) - AGAIN
    counted = _count(first)
    with transaction.atomic():
        held = {(row.day, row.place_id, row.kind): row for row in CaseTally.objects.filter(day__gte=first)}
        changed, made = [], []
        for (day, town, kind), found in counted.items():
            row = held.get((day, town, kind))
            if row is None:
                made.append(CaseTally(day=day, place_id=town, kind=kind, **found.__dict__))
            elif (row.opened, row.late, len(row.minutes)) != (found.opened, found.late, len(found.minutes)):
                row.opened, row.late = max(row.opened, found.opened), max(row.late, found.late)
                row.minutes = max(row.minutes, found.minutes, key=len)
                changed.append(row)
        CaseTally.objects.bulk_create(made, ignore_conflicts=True)
        CaseTally.objects.bulk_update(changed, ["opened", "late", "minutes"])


def _count(first: date) -> dict[tuple[date, int, str], DayCount]:
    since = start_of_day(first)
    towns, counted = _Towns(), dict[tuple[date, int, str], DayCount]()
    rows = Case.objects.order_by("pk")
    for path, kind, made in rows.filter(made__gte=since).values_list("place__path", "kind", "made"):
        counted.setdefault((timezone.localdate(made), towns.of(path).pk, kind), DayCount()).opened += 1
    columns = ("place__path", "kind", "made", "closed", "resolved", "solution_due")
    for path, kind, made, end, resolved, due in rows.filter(closed__gte=since).values_list(*columns):
        found = counted.setdefault((timezone.localdate(end), towns.of(path).pk, kind), DayCount())
        found.minutes.append(max(0, int((end - made).total_seconds() // 60)))
        found.late += resolved is not None and resolved > due
    return counted


class _Towns:
    """Finds the town of a path; without one the root."""

    def __init__(self) -> None:
        wide = Place.objects.filter(kind__in=(Place.Kind.TOWN, Place.Kind.DISTRICT))
        self._known: dict[str, Place] = {one.path: one for one in wide}

    def of(self, path: str) -> Place:
        """Return the nearest town or district at or above a path."""
        above = Place.paths_to(path)
        for one in reversed(above):
            if one in self._known:
                return self._known[one]
        root: Place = Place.objects.get(path=above[0])
        return root


@dataclass
class CaseFigure:
    """One line of the figures."""

    name: str
    opened: int = 0
    late: int = 0
    open_now: int = 0
    overdue: int = 0
    minutes: list[int] = field(default_factory=list)

    @property
    def closed(self) -> int:
        """Return how many closed."""
        return len(self.minutes)

    @property
    def spread(self) -> tuple[float | None, float | None]:
        """Return median and 90th percentile in hours."""
        return spread_minutes(self.minutes)


def tallies_of(user: Any) -> Any:
    """Return the counts that an account sees."""
    rows = CaseTally.objects.visible_to(user)
    return rows if user.may(Permission.SEE_HEALTH) else rows.exclude(kind__in=[one.value for one in HEALTH_KINDS])


def figures_of(user: Any, days: int) -> tuple[Sequence[CaseFigure], Sequence[CaseFigure], CaseFigure]:
    """Return the figures of the last days by town and by kind, and all together."""
    total, now = CaseFigure(_("Together")), timezone.now()
    towns, kinds = dict[str, CaseFigure](), dict[str, CaseFigure]()
    rows = tallies_of(user).filter(day__gt=timezone.localdate(now) - timedelta(days=days)).select_related("place")
    for row in rows:
        for line in _lines(towns, kinds, total, row.place, row.kind):
            line.opened, line.late = line.opened + row.opened, line.late + row.late
            line.minutes += row.minutes
    found = _Towns()
    still = Case.objects.visible_to(user).kept().still_open()
    for name, rows in (("open_now", still), ("overdue", still.overdue(now))):
        pairs = rows.order_by().values_list("place__path", "kind")
        for (path, kind), count in Counter(pairs).items():
            for line in _lines(towns, kinds, total, found.of(path), kind):
                setattr(line, name, getattr(line, name) + count)
    return [towns[path] for path in sorted(towns)], [kinds[k] for k in KIND_NAMES if k in kinds], total


def _lines(
    towns: dict[str, CaseFigure], kinds: dict[str, CaseFigure], total: CaseFigure, town: Any, kind: str
) -> Iterable[CaseFigure]:
    return (
        towns.setdefault(town.path, CaseFigure(town.name)),
        kinds.setdefault(kind, CaseFigure(str(KIND_NAMES[CaseKind(kind)]))),
        total,
    )
