"""The state of each visible site, in four queries, however many sites there are."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from district.attendance.models import Passage, Stay
from district.attendance.models.projections import INSIDE
from district.days import start_of_day
from district.overview.rules import Severity, SiteFacts, SiteTrouble, site_troubles
from district.permissions import Permission
from district.places.models import Gate, Project
from district.places.rules import is_silent


@dataclass(frozen=True)
class SiteState:
    """One site: who is inside, what is wrong."""

    project: Project
    inside: int
    gates: int
    silent: tuple[Gate, ...]
    refused_today: int
    troubles: tuple[SiteTrouble, ...]

    @property
    def severity(self) -> Severity:
        """Return how bad the worst trouble is."""
        return self.troubles[0].severity if self.troubles else Severity.NONE

    @property
    def trouble_text(self) -> str:
        """Return all troubles in one line."""
        return " · ".join(trouble.text for trouble in self.troubles)


def site_states(user: Any) -> list[SiteState]:
    """Return the open sites that an account sees, the worst first, then by name."""
    now, today = timezone.now(), timezone.localdate()
    open_now = Q(closed__isnull=True) | Q(closed__gt=today)
    projects = list(Project.objects.visible_to(user).filter(open_now).select_related("place"))
    keys = [project.pk for project in projects]
    inside = _counts(Stay.objects.visible_to(user, Permission.SEE_PRESENCE).filter(INSIDE, project__in=keys))
    refused = _counts(
        Passage.objects.visible_to(user, Permission.SEE_PRESENCE).filter(
            granted=False, utc__gte=start_of_day(today), project__in=keys
        )
    )
    gates = defaultdict[int, list[Gate]](list)
    for gate in Gate.objects.filter(project__in=keys).filter(Q(retired__isnull=True) | Q(retired__gt=today)):
        gates[gate.project_id].append(gate)
    states = [_state(project, inside[project.pk], refused[project.pk], gates[project.pk], now) for project in projects]
    return sorted(states, key=lambda state: (-state.severity, state.project.place.name))


def _state(project: Project, inside: int, refused: int, gates: list[Gate], now: datetime) -> SiteState:
    facts = SiteFacts(
        gates=len(gates),
        last_heard=[gate.last_heard for gate in gates],
        refused_today=refused,
        ends=project.ends,
    )
    silent = tuple(gate for gate in gates if is_silent(gate.last_heard, now))
    troubles = tuple(site_troubles(facts, now, timezone.localdate(now)))
    return SiteState(project, inside, len(gates), silent, refused, troubles)


def _counts(rows: Any) -> Counter[int]:
    return Counter(dict(rows.order_by().values("project").annotate(n=Count("*")).values_list("project", "n")))
