"""Say in few words how each gate is, those first that need somebody. Pure."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contract.messages import DECISION_LISTS, DiskStep, Health
from hq.reports.list_states import ListProblem
from hq.reports.registration_states import RegistrationState
from hq.reports.report import GateOverview

SILENT_AFTER = timedelta(minutes=5)
WAITING_S = 60.0
"""Events that wait longer are a problem."""

ShowTime = Callable[[datetime], str]


@dataclass(frozen=True, slots=True)
class GateProblem:
    """Something that needs somebody. `rank`: 0 is the most urgent."""

    rank: int
    text: str


@dataclass(frozen=True, slots=True)
class GateLine:
    """One gate. `lists`: its versions of roster, risk list and policy."""

    site_id: str
    gate_id: str
    state: str
    lists: str
    problems: tuple[GateProblem, ...]

    @property
    def order(self) -> tuple[int, str, str]:
        """Sorts gates with problems first, the urgent ones before the others."""
        return min((found.rank for found in self.problems), default=100), self.site_id, self.gate_id


def gate_lines(
    rows: Sequence[GateOverview],
    known: Mapping[str, RegistrationState],
    list_problems: Sequence[ListProblem],
    locked_sites: Collection[str],
    now: datetime,
    shown: ShowTime,
) -> list[GateLine]:
    """Return a line for each gate. `locked_sites`: sites whose lock-down stands. `shown`: how to write a time."""
    lines, refused = [], {one.gate_id for one in list_problems if one.refused}
    for row in rows:
        registered = known[row.gate_id]
        found = [GateProblem(0, registered.text)] if not registered.taken else []
        found += _problems(row, registered.taken, row.site_id in locked_sites, now, shown)
        found += [GateProblem(2 if p.refused else 4, p.text) for p in list_problems if p.gate_id == row.gate_id]
        if row.health is not None and row.health.lists_refused and row.gate_id not in refused:
            found.append(GateProblem(2, f"admits nobody on older lists: {', '.join(row.health.lists_refused)}"))
        versions = [str(getattr(row.status, f"{kind.value}_version")) for kind in DECISION_LISTS] if row.status else []
        ordered = tuple(sorted(found, key=lambda one: one.rank))
        lines.append(GateLine(row.site_id, row.gate_id, _state(row), "/".join(versions), ordered))
    return sorted(lines, key=lambda line: line.order)


def _state(row: GateOverview) -> str:
    if row.status is None:
        return "unknown"
    if row.status.online:
        return "locked down" if row.locked_down_utc else row.state or "online"
    return "stopped" if row.status.planned else "lost"


def _problems(
    row: GateOverview, taken: bool, site_locked: bool, now: datetime, shown: ShowTime
) -> Iterator[GateProblem]:
    online = row.status is not None and row.status.online
    if not online and taken:
        yield _away(row, shown)
    elif online and (row.health_utc is None or now - row.health_utc > SILENT_AFTER):
        yield GateProblem(2, f"no sign of life since {shown(row.health_utc)}" if row.health_utc else "no sign of life")
    if row.losses and not row.loss_acknowledged:
        yield GateProblem(3, "events were lost: sitegate-hq gaps")
    if row.locked_down_utc:
        whole = ", with its site" if site_locked else ""
        yield GateProblem(5, f"locked down since {shown(row.locked_down_utc)}{whole}")
    elif site_locked:
        yield GateProblem(1, "its site is locked down and it is not: sitegate-hq lock-downs")
    if row.health is not None:
        yield from _in_health(row, row.health, shown)


def _away(row: GateOverview, shown: ShowTime) -> GateProblem:
    """Say since when a gate is away, and what its gate process last reported."""
    if row.status is None:
        return GateProblem(2, "never reported: is it connected to this broker?")
    word = "stopped" if row.status.planned else "lost"
    text = f"{word} since {shown(row.status_utc)}" if row.status_utc else word
    if row.state and row.state_utc:
        text += f"; last known: {row.state} at {shown(row.state_utc)}"
        if row.state_since_utc and row.state_since_utc != row.state_utc:
            text += f", since {shown(row.state_since_utc)}"
    return GateProblem(4 if row.status.planned else 1, text)


def _in_health(row: GateOverview, health: Health, shown: ShowTime) -> Iterator[GateProblem]:
    online = row.status is not None and row.status.online
    if not health.gate_state and online:
        last = f", last known: {row.state} at {shown(row.state_utc)}" if row.state and row.state_utc else ""
        yield GateProblem(1, f"gate process silent{last}")
    if health.gate_state and not health.camera_ok:
        yield GateProblem(2, "camera lost")
    if health.gate_state and not health.clock_trusted:
        yield GateProblem(3, "clock not set")
    if health.disk_step not in ("", DiskStep.OK.value):
        yield GateProblem(3, f"disk {health.disk_step.replace('_', ' ')}: {health.disk_free_mb} MB left")
    if health.unsent_events and health.oldest_unsent_s > WAITING_S:
        minutes = health.oldest_unsent_s / 60
        yield GateProblem(4, f"{health.unsent_events} events wait there, the oldest for {minutes:.0f} min")
    if health.topics_refused:
        yield GateProblem(2, f"the broker refuses it: {', '.join(health.topics_refused)}")
    if health.drift_alarms:
        yield GateProblem(6, f"scores have changed: {', '.join(health.drift_alarms)}")
    if health.threshold_proposed is not None:
        yield GateProblem(6, f"threshold proposed: {health.threshold_proposed}")
