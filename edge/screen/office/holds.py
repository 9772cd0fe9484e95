"""Whom the risk lists hold, for managers alone: pure. Nothing of it may reach the lane or a guard's page."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from contract.messages import DirectoryEntry, RiskEntry
from contract.policy import RiskAction
from edge.core.domain import SiteStandings, WorkerStanding

ROWS_MAX = 200


@dataclass(frozen=True, slots=True)
class Hold:
    """One entry of a risk list. `since`: it applies only from then on. `inside`: this person is on the site now."""

    worker_id: str
    name: str
    employer: str
    list_name: str
    reason_code: str
    officer: str
    action: RiskAction
    since: datetime | None
    until: datetime | None
    inside: bool


@dataclass(frozen=True, slots=True)
class Holds:
    """The entries that apply or will apply; people inside come first. `total`: also those not shown."""

    rows: tuple[Hold, ...]
    total: int


def holds(
    standings: SiteStandings, entries: Mapping[str, DirectoryEntry], inside: Collection[str], now: datetime
) -> Holds:
    """Return everybody whom a risk list names, except through entries that have ended."""
    rules = standings.policy.risk_rules if standings.policy else ()
    actions = {rule.list_name: rule.action for rule in rules}
    found = [
        _hold(worker, entry, entries.get(worker.worker_id), actions, inside, now)
        for worker, entry in _lasting(standings, now)
    ]
    found.sort(key=lambda row: (not row.inside, row.list_name, row.name or row.worker_id))
    return Holds(tuple(found[:ROWS_MAX]), len(found))


def _lasting(standings: SiteStandings, now: datetime) -> Iterator[tuple[WorkerStanding, RiskEntry]]:
    for worker in standings.workers:
        for entry in worker.risks:
            if entry.valid_until_utc is None or now < entry.valid_until_utc:
                yield worker, entry


def _hold(
    worker: WorkerStanding,
    entry: RiskEntry,
    known: DirectoryEntry | None,
    actions: Mapping[str, RiskAction],
    inside: Collection[str],
    now: datetime,
) -> Hold:
    begins = entry.valid_from_utc
    return Hold(
        worker_id=worker.worker_id,
        name=(known.name if known else None) or "",
        employer=(known.employer if known else None) or worker.employer or "",
        list_name=entry.list_name,
        reason_code=entry.reason_code or "",
        officer=entry.officer or "",
        action=actions.get(entry.list_name, RiskAction.HOLD),
        since=begins if begins is not None and begins > now else None,
        until=entry.valid_until_utc,
        inside=worker.worker_id in inside,
    )
