"""What people ask of the journal's past, and what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from contract.messages import AnyEvent, PassageOutcome, Reason


class HistoryKind(StrEnum):
    """Kinds of events that a person may ask for."""

    ADMITTED = "admitted"
    REFUSED = "refused"
    PASSAGE = "passage"
    NOTICE = "notice"
    OTHER = "other"
    """Enrolments, self-tests, proofs of training, settings of the clock."""


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which events are asked for: `since` ≤ time < `until` (UTC). None: any.

    `workers`: events about one of these workers alone. `without`: no decisions for these reasons.
    """

    since: datetime
    until: datetime
    kind: HistoryKind | None = None
    reason: Reason | None = None
    outcome: PassageOutcome | None = None
    workers: frozenset[str] | None = None
    without: frozenset[Reason] = frozenset()


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One page of events, newest first. `total`: on all pages. `through`: newest seq that the pages count from."""

    events: Sequence[AnyEvent] = ()
    total: int = 0
    through: int = 0


class DecisionRow(NamedTuple):
    """What the journal says about a decision. `utc`: Unix time. Reason and direction may be of newer software. `by`:
    the account that asked for it."""

    seq: int
    utc: float
    granted: bool
    reason: str
    direction: str
    worker_id: str | None
    detail: str
    by: str = ""


class WorkerPassage(NamedTuple):
    """A named worker got through. `utc`: Unix time."""

    worker_id: str
    utc: float
    inwards: bool
