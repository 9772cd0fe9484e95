"""What a correction would make of a day, before anybody approves it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from district.attendance.models import Correction, Passage
from district.attendance.rules.working_time import Step, WorkDay, day_of, days_of, stays_of, wall_clock_s
from district.attendance.rules_of_sites import rules_by_site


@dataclass(frozen=True)
class DayPreview:
    """A day as it is now, and as it would be; None: there is none."""

    now: WorkDay | None
    then: WorkDay | None


def day_after(correction: Correction) -> DayPreview:
    """Return what an open request would change."""
    steps = _steps(correction)
    local, zone = correction.utc, timezone.get_default_timezone()
    key, by_hand = (correction.gate_id, correction.line, correction.seq), correction.kind == Correction.Kind.ADD
    changed = [step for name, step in steps.items() if by_hand or name != key]
    if correction.kind != Correction.Kind.SET_ASIDE:
        inwards = correction.direction == "in"
        changed.append(Step(correction.project_id, local, wall_clock_s(local, zone), inwards, by_hand))
    rules = rules_by_site([correction.project_id])
    date = day_of(wall_clock_s(local, zone), rules(correction.project_id, wall_clock_s(local, zone)))
    near = (date - timedelta(days=1), date)

    def found(all_steps: list[Step]) -> WorkDay | None:
        """Return the day that the request is about: a night shift's exit counts for the day before."""
        made = [d for d in days_of(stays_of(all_steps, rules, timezone.now())) if d.site == correction.project_id]
        touching = [d for d in made if d.date in near and any(_near(s.came, s.left, local) for s in d.stays)]
        return touching[0] if touching else next((d for d in made if d.date == date), None)

    return DayPreview(found(list(steps.values())), found(changed))


def _near(came: datetime, left: datetime | None, moment: datetime) -> bool:
    return came <= moment <= (left or came + timedelta(hours=24))


def _steps(correction: Correction) -> dict[tuple[str, str, int], Step]:
    span = (correction.utc - timedelta(days=2), correction.utc + timedelta(days=2))
    rows = Passage.objects.filter(person=correction.person, utc__range=span, granted=True, set_aside=False)
    values = rows.values_list(
        *("line__gate_id", "line__line", "seq", "project_id", "utc", "local", "direction", "source")
    )
    return {
        (gate, line, seq): Step(site, utc, local, direction == "in", source == "correction")
        for gate, line, seq, site, utc, local, direction, source in values
    }
