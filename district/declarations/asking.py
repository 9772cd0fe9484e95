"""What measures ask for, and on which sites they ask one worker."""

from dataclasses import dataclass
from datetime import date

from django.db.models import BigIntegerField, DateField
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.declarations.models import DeclarationPolicy
from district.declarations.rules import Asked, DeclarationRefused
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import measure_at, nearest_measure, running
from district.emergency.rules import MeasureKind
from district.people.models import Assignment, Person, in_force
from district.places.models import Place, Project
from district.prepared import Given, PreparedQuery, columns_of, from_columns

_MEASURE, _PLACE, _PROJECT = (len(columns_of(model)) for model in (EmergencyMeasure, Place, Project))
_MEASURES = PreparedQuery(
    lambda: running(MeasureKind.DECLARATIONS, today=Given("today", DateField())).values_list(
        *columns_of(EmergencyMeasure),
        *columns_of(Place, "place__"),
        *columns_of(DeclarationPolicy, "declaration_policy__"),
    )
)
_WORK = PreparedQuery(
    lambda: (
        Assignment.objects.filter(in_force(Given("today", DateField())), person=Given("person", BigIntegerField()))
        .order_by("starts", "pk")
        .values_list(
            "enterprise", "trade", "starts", *columns_of(Project, "project__"), *columns_of(Place, "project__place__")
        )
    )
)


@dataclass(frozen=True, slots=True)
class AskingSite:
    """A site of a worker where a measure asks for declarations."""

    project: Project
    measure: EmergencyMeasure
    asked: Asked
    employer: int
    """Key of the enterprise that employs the worker there today, or whose work begins next."""
    trade: str
    now: bool
    """Whether the work there has begun."""


def asking_sites(person: Person) -> list[AskingSite]:
    """Return the sites of a worker where a measure asks, the present ones first."""
    today, found = timezone.localdate(), dict[int, AskingSite]()
    measures = _measures(today)
    if not measures:
        return []
    for enterprise, trade, starts, *columns in _WORK.rows(today=today, person=person.pk):
        project: Project = from_columns(Project, columns[:_PROJECT])
        project.place = from_columns(Place, columns[_PROJECT:])
        nearest = nearest_measure(measures, project.place.path)
        if nearest is not None and project.pk not in found:
            found[project.pk] = AskingSite(project, nearest, measures[nearest], enterprise, trade, now=starts <= today)
    return sorted(found.values(), key=lambda one: not one.now)


def asking_site(person: Person, project: Project) -> AskingSite:
    """Return one site of a worker where a measure asks. Raises DeclarationRefused."""
    found = next((one for one in asking_sites(person) if one.project.pk == project.pk), None)
    if found is None:
        check_asked(measure_at(MeasureKind.DECLARATIONS, project.place.path) is not None)
        raise DeclarationRefused(gettext_noop("The worker has no work on this site: add it to the record first."))
    return found


def check_asked(running_now: bool) -> None:
    """Refuse to store anything without a measure. Raises DeclarationRefused."""
    if not running_now:
        raise DeclarationRefused(gettext_noop("No measure asks for declarations on this site: nothing is stored."))


def is_asked(person: Person) -> bool:
    """Say whether a measure asks a worker to declare."""
    return bool(asking_sites(person))


def asked_of(measure: EmergencyMeasure) -> Asked:
    """Return what a measure asks for; the usual if nobody set it."""
    return _asked(DeclarationPolicy.objects.filter(measure=measure).first())


def _measures(today: date) -> dict[EmergencyMeasure, Asked]:
    """Return the measures that ask, with their places, and what each asks for."""
    found = dict[EmergencyMeasure, Asked]()
    for row in _MEASURES.rows(today=today):
        measure: EmergencyMeasure = from_columns(EmergencyMeasure, row[:_MEASURE])
        place, policy = row[_MEASURE : _MEASURE + _PLACE], row[_MEASURE + _PLACE :]
        measure.place = from_columns(Place, place)
        found[measure] = _asked(from_columns(DeclarationPolicy, policy) if policy[0] is not None else None)
    return found


def _asked(policy: DeclarationPolicy | None) -> Asked:
    if policy is None:
        return Asked()
    return Asked(
        valid_hours=policy.valid_hours,
        look_back_days=policy.look_back_days,
        fever_tenths=policy.fever_tenths,
        twice_daily_trades=frozenset(policy.twice_daily_trades.split()),
        at_gate=policy.at_gate,
    )
