"""What is asked of one worker now, and how the worker's declarations stand."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from district.declarations.models import DeclaredState
from district.declarations.registry import asked_of, hours_of, temperatures_of_day
from district.declarations.rules import Asked, readings_due
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import nearest_measure, running
from district.emergency.rules import MeasureKind
from district.people.models import Assignment, Person, in_force
from district.places.models import Project


@dataclass(frozen=True, slots=True)
class AskingSite:
    """A site of a worker where a measure asks for declarations."""

    project: Project
    measure: EmergencyMeasure
    trade: str
    now: bool
    """Whether the work there has begun."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a worker's declarations stand."""

    asked: Asked
    last: datetime | None = None
    until: datetime | None = None
    """Until when they hold. None: there is none, it is over, or it needs a decision."""
    waits: bool = False
    """The latest is abnormal: somebody of the site decides."""
    temperatures_due: int = 0


def asking_sites(person: Person) -> list[AskingSite]:
    """Return the sites of a worker where a measure asks, the present ones first."""
    measures = list(running(MeasureKind.DECLARATIONS).select_related("place"))
    if not measures:
        return []
    today, found = timezone.localdate(), dict[int, AskingSite]()
    rows = Assignment.objects.filter(in_force(today), person=person).select_related("project__place")
    for row in rows.order_by("starts", "pk"):
        nearest = nearest_measure(measures, row.project.place.path)
        if nearest is not None and row.project_id not in found:
            found[row.project_id] = AskingSite(row.project, nearest, row.trade, row.starts <= today)
    return sorted(found.values(), key=lambda one: not one.now)


def is_asked(person: Person) -> bool:
    """Say whether a measure asks a worker to declare."""
    return bool(asking_sites(person))


def standing_of(person: Person, site: AskingSite) -> Standing:
    """Return how a worker's declarations stand at a site."""
    asked = asked_of(site.measure)
    due = _due(person, site, asked)
    state = DeclaredState.objects.kept().filter(person=person).select_related("measure__declaration_policy").first()
    if state is None:
        return Standing(asked, temperatures_due=due)
    after = timezone.now() - hours_of(state.measure)
    until = state.counts + hours_of(state.measure) if state.counts is not None and state.counts > after else None
    waits = state.held is not None and state.held > after
    return Standing(asked, state.counts or state.held, until, waits, due)


def _due(person: Person, site: AskingSite, asked: Asked) -> int:
    if site.trade not in asked.twice_daily_trades:
        return 0
    taken = temperatures_of_day(person, timezone.localdate())
    return readings_due(taken, site.trade, asked.twice_daily_trades)
