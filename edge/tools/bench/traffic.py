"""A working day of a construction site, written into a journal as fast as the disk allows.

Each worker comes in the morning, leaves and returns at noon, and leaves in the evening. Some are refused first.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from contract.messages import AccessEvent, Advice, Direction, PassageEvent, PassageOutcome, Reason
from edge.core.config import SiteConfig
from edge.core.domain import LiveState
from edge.storage.journal import Journal

PASSAGES_A_WORKER = 4
HOURS = ((Direction.IN, 7.0), (Direction.OUT, 12.0), (Direction.IN, 13.0), (Direction.OUT, 18.0))
"""When a worker passes, give or take half an hour."""
REFUSED_FIRST = ((Reason.UNKNOWN, 0.05), (Reason.LIVENESS_DOUBT, 0.03), (Reason.TRAINING_LAPSED, 0.01))
BY_GUARD = 0.5
"""Share of the lapsed whom a guard admits. The others go home."""


class TrafficStep(NamedTuple):
    """One approach: who, when, which way, and the refusal before it."""

    utc: datetime
    worker_id: str
    direction: Direction
    refused: Reason | None
    by_guard: bool


class PastClock:
    """A clock that is set to each event."""

    def __init__(self, utc: datetime) -> None:
        self.now = utc

    def utc(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.now.timestamp()

    def trusted(self) -> bool:
        return True


def write_days(path: Path, site: SiteConfig, first: datetime, days: int, passages: int, live: LiveState | None) -> int:
    """Write `days` days of so many passages each, from `first` (the start of a day). Return the number of events.

    `live`: the gate's state after them. The journal does not wait for the disk: this is no measurement.
    """
    clock = PastClock(first)
    journal = Journal(path, site, clock, synchronous="OFF")
    try:
        for step in (step for day in range(days) for step in working_day(first + timedelta(days=day), passages, day)):
            clock.now = max(clock.now, step.utc)
            _write(journal, clock, step)
        if live is not None:
            journal.set_live(live)
        return journal.size().kept
    finally:
        journal.close()


def working_day(start: datetime, passages: int, seed: int) -> Iterator[TrafficStep]:
    """Yield one day in order."""
    chance = random.Random(seed)
    steps = []
    for number in range(passages):
        direction, hour = HOURS[number % PASSAGES_A_WORKER]
        at = start + timedelta(hours=hour + chance.uniform(-0.5, 0.5))
        refused = next((reason for reason, share in REFUSED_FIRST if chance.random() < share), None)
        by_guard = refused is Reason.TRAINING_LAPSED and chance.random() < BY_GUARD
        steps.append(TrafficStep(at, f"w-{number // PASSAGES_A_WORKER:04d}", direction, refused, by_guard))
    yield from sorted(steps)


def _write(journal: Journal, clock: PastClock, step: TrafficStep) -> None:
    about: dict[str, Any] = {
        "direction": step.direction,
        "frames": 3,
        "model_id": "opencv-zoo/sface-2021dec/3761f7a3/m2",
    }
    if step.refused is not None:
        worker = None if step.refused is Reason.UNKNOWN else step.worker_id
        journal.append(
            AccessEvent, reason=step.refused, granted=False, advice=Advice.SEE_DESK, worker_id=worker, **about
        )
        if step.refused is Reason.TRAINING_LAPSED and not step.by_guard:
            return
        clock.now += timedelta(seconds=20)
    reason = Reason.MANUAL_ADMIT if step.by_guard else Reason.GRANTED
    event = journal.append(
        AccessEvent,
        reason=reason,
        granted=True,
        advice=Advice.WALK_THROUGH,
        worker_id=step.worker_id,
        detail="by anna: training seen on paper" if step.by_guard else "",
        **about,
    )
    clock.now += timedelta(seconds=2)
    journal.append(
        PassageEvent,
        outcome=PassageOutcome.PASSED,
        direction=step.direction,
        access_seq=event.seq,
        worker_id=step.worker_id,
    )
