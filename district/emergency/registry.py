"""Start, extend and end measures; ask which one holds."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import DateField, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.audit.record import record
from district.emergency.models import EmergencyMeasure
from district.emergency.rules import KEPT_DAYS, MeasureKind, MeasureRefused, check_reason, check_span
from district.places.models import Place
from district.prepared import Given, PreparedQuery
from district.scope import NOTHING, Account


@transaction.atomic
def start_measure(
    by: object,
    kind: MeasureKind,
    place: Place,
    *,
    purpose: str,
    legal_basis: str,
    ends: date,
    starts: date | None = None,
    kept_days: int | None = None,
) -> EmergencyMeasure:
    """Start a measure in a part of the tree. Raises MeasureRefused, also if one of the kind holds there already."""
    today = timezone.localdate()
    starts = starts or today
    check_span(starts, ends, today)
    longest = KEPT_DAYS[kind]
    if kept_days is not None and not 1 <= kept_days <= longest:
        raise MeasureRefused(gettext_noop("Entries of this type are kept 1 to %(days)s days."), days=longest)
    if measure_at(kind, place.path) is not None:
        raise MeasureRefused(gettext_noop("Such a measure holds there already: extend that one."))
    made = EmergencyMeasure.objects.create(
        kind=kind,
        place=place,
        purpose=check_reason(purpose),
        legal_basis=check_reason(legal_basis),
        starts=starts,
        ends=ends,
        kept_days=kept_days or longest,
        by=str(by)[:150],
    )
    record(by, "start measure", made, why=made.purpose, details={"kind": kind, "until": ends.isoformat()})
    return made


@transaction.atomic
def extend_measure(by: object, measure: EmergencyMeasure, ends: date, why: str) -> EmergencyMeasure:
    """Give a running measure a later last day, for a reason. Raises MeasureRefused."""
    found = _running(measure)
    check_span(max(found.starts, timezone.localdate()), ends, timezone.localdate())
    found.ends = ends
    found.save(update_fields=["ends"])
    record(by, "extend measure", found, why=check_reason(why), details={"until": ends.isoformat()})
    return found


@transaction.atomic
def end_measure(by: object, measure: EmergencyMeasure, why: str = "") -> EmergencyMeasure:
    """End a measure now. The worker then erases its data. Raises MeasureRefused."""
    found = _running(measure)
    found.ended = timezone.now()
    found.save(update_fields=["ended"])
    record(by, "end measure", found, why=why)
    return found


def running(*kinds: MeasureKind, today: Any = None) -> "QuerySet[Any]":
    """Return the measures in force today, of these kinds or of all. What is erased stays over by any clock.

    `today`: for a prepared query, which has no day yet.
    """
    today = today or timezone.localdate()
    found = EmergencyMeasure.objects.filter(ended=None, erased=None, starts__lte=today, ends__gte=today)
    return found.filter(kind__in=kinds) if kinds else found


def measure_at(kind: MeasureKind, path: str) -> EmergencyMeasure | None:
    """Return the measure of a kind that holds at a place: its own, or the nearest above."""
    rows = running(kind).filter(place__path__in=Place.paths_to(path))
    found: EmergencyMeasure | None = rows.order_by("-place__path").first()
    return found


def below_measures(*kinds: MeasureKind) -> Q:
    """Return the filter for rows with a `place` at which a measure of one of these kinds holds today."""
    found = NOTHING
    for measure in running(*kinds).select_related("place"):
        first, end = measure.place.branch
        found |= Q(place__path__gte=first, place__path__lt=end)
    return found


def nearest_measure(measures: Iterable[EmergencyMeasure], path: str) -> EmergencyMeasure | None:
    """Return which of these measures holds at a place, as `measure_at` says. Their places must be loaded."""
    holding = [one for one in measures if path.startswith(one.place.path)]
    return max(holding, key=lambda one: len(one.place.path), default=None)


_RUNNING = PreparedQuery(
    lambda: running(today=Given("today", DateField())).order_by().values_list("kind", "place__path")
)
"""The measures in force."""


def concerns(user: Account, permission: Any, *kinds: MeasureKind) -> bool:
    """Say whether a measure of one of these kinds holds where an account has a permission.

    An enterprise's clerk is concerned by every measure: enterprises work everywhere. The measures are read once for
    each account object, so once in a request: each entry of the navigation asks.
    """
    scope = user.scope(permission)
    if scope.empty:
        return False
    rows = [path for kind, path in _in_force(user) if not kinds or kind in kinds]
    if scope.enterprises and rows:
        return True
    return any(scope.holds(path) or any(first.startswith(path) for first, _end in scope.ranges) for path in rows)


def _in_force(user: Account) -> Sequence[tuple[str, str]]:
    """Return kind and path of each measure in force, as this account object read them first."""
    found: Sequence[tuple[str, str]] | None = getattr(user, "measures_in_force", None)
    if found is None:
        found = [(kind, path) for kind, path in _RUNNING.rows(today=timezone.localdate())]
        user.measures_in_force = found  # type: ignore[attr-defined]
    return found


def _running(measure: EmergencyMeasure) -> EmergencyMeasure:
    found: EmergencyMeasure = EmergencyMeasure.objects.select_for_update().get(pk=measure.pk)
    if found.over:
        raise MeasureRefused(gettext_noop("This measure is over. Start another if it is still needed."))
    return found
