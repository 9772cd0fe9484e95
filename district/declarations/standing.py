"""What is asked of one worker now, and how the worker's declarations stand."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from district.declarations.asking import AskingSite
from district.declarations.models import DeclaredState
from district.declarations.registry import temperatures_of_day
from district.declarations.rules import Asked, readings_due
from district.declarations.states import hours_of, latest_now
from district.people.models import Person


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


def standing_of(person: Person, site: AskingSite) -> Standing:
    """Return how a worker's declarations stand at a site."""
    asked = site.asked
    due = _due(person, site, asked)
    state = DeclaredState.objects.kept().filter(person=person).select_related("measure__declaration_policy").first()
    if state is None:
        return Standing(asked, temperatures_due=due)
    after, latest = timezone.now() - hours_of(state.measure), latest_now()
    until = state.counts + hours_of(state.measure) if state.counts and after < state.counts <= latest else None
    waits = state.held is not None and after < state.held <= latest
    return Standing(asked, state.counts or state.held, until, waits, due)


def _due(person: Person, site: AskingSite, asked: Asked) -> int:
    if site.trade not in asked.twice_daily_trades:
        return 0
    taken = temperatures_of_day(person, timezone.localdate())
    return readings_due(taken, site.trade, asked.twice_daily_trades)
