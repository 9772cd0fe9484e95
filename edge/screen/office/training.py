"""Whose training ends soon, so that nobody is refused at the gate in the morning: pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from contract.messages import DirectoryEntry
from edge.core.domain import SiteStandings, WorkerStanding

SOON_DAYS = 30
ROWS_MAX = 100


@dataclass(frozen=True, slots=True)
class Ending:
    """A worker's training. `days`: until it ends, negative if it has ended; None: no training is on record."""

    worker_id: str
    name: str
    employer: str
    team: str
    trade: str
    until: date | None
    days: int | None

    @property
    def refused(self) -> bool:
        """Say whether the gate refuses this worker today."""
        return self.days is None or self.days < 0


@dataclass(frozen=True, slots=True)
class Endings:
    """The next endings first. `refused`: so many are refused today. `total`: also those not shown."""

    rows: tuple[Ending, ...]
    refused: int
    total: int


def endings(standings: SiteStandings, entries: Mapping[str, DirectoryEntry], today: date) -> Endings:
    """Return the workers of this site whose training has ended, or ends within `SOON_DAYS`. `today`: at the site.

    Nothing if the policy asks for no training.
    """
    if standings.policy is not None and not standings.policy.training_required:
        return Endings((), 0, 0)
    soon = today + timedelta(days=SOON_DAYS)
    found = [
        _ending(worker, entries.get(worker.worker_id), today)
        for worker in standings.workers
        if _works_here(worker, today) and (worker.training_valid_until or today) <= soon
    ]
    found.sort(key=lambda row: (row.days is None, row.days or 0, row.name or row.worker_id))
    return Endings(tuple(found[:ROWS_MAX]), sum(row.refused for row in found), len(found))


def _works_here(worker: WorkerStanding, today: date) -> bool:
    ended = worker.valid_until is not None and worker.valid_until < today
    return worker.listed and worker.here and worker.active and not ended


def _ending(worker: WorkerStanding, known: DirectoryEntry | None, today: date) -> Ending:
    until = worker.training_valid_until
    return Ending(
        worker_id=worker.worker_id,
        name=(known.name if known else None) or "",
        employer=(known.employer if known else None) or worker.employer or "",
        team=(known.team if known else None) or "",
        trade=(known.trade if known else None) or worker.trade or "",
        until=until,
        days=(until - today).days if until is not None else None,
    )
