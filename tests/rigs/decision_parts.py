"""What the tests of the decision are made of: one worker in order, one site, one Saturday morning."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from contract.messages import Direction, PolicySnapshot, RiskEntry
from contract.policy import Factor
from edge.core.decision import decide
from edge.core.domain import (
    Candidate,
    Circumstances,
    Claim,
    Decision,
    Identification,
    ListAge,
    RosterState,
    Sight,
    Worker,
)

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
FRESH = ListAge(3, NOW - timedelta(hours=1))
NOBODY = Identification(Sight.NOBODY)
IN, OUT = Direction.IN, Direction.OUT


def known(worker_id: str = "w1") -> Identification:
    return Identification(Sight.KNOWN, 1, Candidate(worker_id, 0.7), threshold=0.45, frames=3)


def worker(**changes: object) -> Worker:
    fields = {"worker_id": "w1", "sites": frozenset({"site-1"}), "training_valid_until": date(2027, 1, 1)}
    return Worker(**(fields | changes))  # type: ignore[arg-type]


def roster(person: Worker | None = None, **changes: object) -> RosterState:
    person = person or worker()
    fields: dict[str, object] = {"workers": {person.worker_id: person}, "roster": FRESH, "risk": FRESH}
    return RosterState(**(fields | changes))  # type: ignore[arg-type]


def policy(**changes: Any) -> PolicySnapshot:
    return PolicySnapshot(site_id="site-1", issued_utc=NOW, **changes)


def on_lists(*names: str) -> dict[str, tuple[RiskEntry, ...]]:
    return {"w1": tuple(RiskEntry(worker_id="w1", list_name=name) for name in names)}


def shows(*factors: Factor, worker_id: str = "w1") -> Claim:
    return Claim(worker_id, frozenset(factors))


def run(
    seen: Identification | None = None,
    state: RosterState | None = None,
    now: datetime = NOW,
    trusted: bool = True,
    claim: Claim | None = None,
    direction: Direction = IN,
    **more: Any,
) -> Decision:
    at = Circumstances("site-1", direction, now, trusted, **more)
    return decide(seen or known(), claim or Claim(), state or roster(), at)
