"""What counts of a worker's declarations: one row for each worker, made again with each declaration."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from district.declarations.models import DeclaredState, HealthDeclaration
from district.declarations.rules import CLOCK_AHEAD, Asked, GivenAt, counting
from district.emergency.models import EmergencyMeasure

_POLICY = ("measure__declaration_policy",)
_STATE = ("measure", "project", "enterprise", "counts", "held", "made")


def given_at(declared: datetime, abnormal: str, way: str) -> GivenAt:
    """Return when a declaration was made, as the rule of what counts reads it."""
    return GivenAt(declared, bool(abnormal), way == HealthDeclaration.Way.CLERK)


def store_state(newest: HealthDeclaration, given: Iterable[GivenAt], valid_hours: int) -> None:
    """Store what counts of all declarations of a worker. It stands at the site of the newest one.

    Those of a clock that was ahead count for nothing: they would hide what the worker answers now.
    """
    latest = latest_now()
    found = counting([one for one in given if one.declared <= latest], valid_hours)
    row = DeclaredState(
        measure_id=newest.measure_id,
        person_id=newest.person_id,
        project_id=newest.project_id,
        enterprise_id=newest.enterprise_id,
        counts=found.counts,
        held=found.held,
        made=timezone.now(),
    )
    DeclaredState.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["person"], update_fields=list(_STATE)
    )


def count_again(people: Iterable[int]) -> None:
    """Make the rows of what counts again, of people whose declarations changed otherwise: by a merge, a new policy."""
    people = list(people)
    DeclaredState.objects.filter(person__in=people).delete()
    rows = HealthDeclaration.objects.kept().filter(person__in=people).select_related(*_POLICY)
    theirs: dict[int, list[HealthDeclaration]] = {}
    for row in rows.defer("symptoms", "temperature").order_by("declared", "pk"):
        theirs.setdefault(row.person_id, []).append(row)
    for own in theirs.values():
        given = [given_at(one.declared, one.abnormal, one.way) for one in own]
        store_state(own[-1], given, int(hours_of(own[-1].measure).total_seconds() // 3600))


def declared_for_gates(people: Iterable[int]) -> dict[int, datetime]:
    """Return when the declaration was made that counts at gates, of those whose measure lets gates ask for it."""
    asking = DeclaredState.objects.kept().filter(measure__declaration_policy__at_gate=True, counts__lte=latest_now())
    rows = asking.filter(person__in=list(people)).select_related(*_POLICY)
    now = timezone.now()
    return {row.person_id: row.counts for row in rows if row.counts + hours_of(row.measure) > now}


def latest_now() -> datetime:
    """Return the latest time that a declaration of now may have."""
    return timezone.now() + CLOCK_AHEAD


def hours_of(measure: EmergencyMeasure) -> timedelta:
    """Return how long a declaration of a measure holds."""
    policy = getattr(measure, "declaration_policy", None)
    return timedelta(hours=policy.valid_hours if policy else Asked().valid_hours)
