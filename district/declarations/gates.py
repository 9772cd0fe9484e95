"""Tell HQ and the gates when a measure begins or ends to ask for declarations there."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from district.declarations.asking import asked_of
from district.declarations.models import DeclarationPolicy
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import measure_at
from district.emergency.rules import MeasureKind
from district.outgoing import send_site, send_workers
from district.people.models import Assignment, in_force
from district.places.models import Project


def gate_hours(project: Project) -> int | None:
    """Return how old a declaration may be at the gates of a site. None: they ask for none."""
    measure = measure_at(MeasureKind.DECLARATIONS, project.place.path)
    asked = asked_of(measure) if measure is not None else None
    return asked.valid_hours if asked is not None and asked.at_gate else None


def tell_changes() -> bool:
    """Send the sites and workers of measures that ask at gates since now, or no longer. Nobody else notices that a
    measure ended by its date.
    """
    for policy in DeclarationPolicy.objects.select_related("measure__place"):
        wanted = policy.valid_hours if policy.at_gate and _holds(policy.measure) else None
        if wanted != policy.told:
            _tell(policy, wanted)
    return False


@transaction.atomic
def _tell(policy: DeclarationPolicy, wanted: int | None) -> None:
    first, end = policy.measure.place.branch
    for site_id in sites_below(first, end).values_list("site_id", flat=True):
        send_site(site_id)
    work = Assignment.objects.filter(in_force(timezone.localdate()), project__in=sites_below(first, end))
    send_workers(work.order_by().values_list("person__worker_id", flat=True).distinct())
    DeclarationPolicy.objects.filter(pk=policy.pk).update(told=wanted)


def sites_below(first: str, end: str) -> "QuerySet[Project]":
    """Return the open sites of a branch."""
    return Project.objects.filter(place__path__gte=first, place__path__lt=end, closed=None).order_by()


def _holds(measure: EmergencyMeasure) -> bool:
    today = timezone.localdate()
    return measure.ended is None and measure.starts <= today <= measure.ends
