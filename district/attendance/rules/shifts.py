"""Which shift a day belongs to, and whether somebody came late or left early. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time

DAY_MINUTES = 1440
NEAR_MINUTES = 240
"""Somebody who comes further from every shift's beginning belongs to none."""


@dataclass(frozen=True, slots=True)
class ShiftTimes:
    """A shift by the wall clock. One that ends before it begins crosses midnight."""

    name: str
    starts: time
    ends: time
    grace_minutes: int = 10


@dataclass(frozen=True, slots=True)
class ShiftFound:
    """A day's shift. Minutes beyond the grace; 0: in time."""

    shift: ShiftTimes
    late: int
    early: int


def shift_of(came: datetime, left: datetime | None, shifts: Iterable[ShiftTimes]) -> ShiftFound | None:
    """Return the shift whose beginning is nearest. `came`, `left`: local times."""
    near = [(abs(_apart(came, shift.starts)), number, shift) for number, shift in enumerate(shifts)]
    best = min(near, default=None)
    if best is None or best[0] > NEAR_MINUTES:
        return None
    shift = best[2]
    late = _apart(came, shift.starts)
    early = -_apart(left, shift.ends) if left is not None else 0
    return ShiftFound(
        shift,
        late if late > shift.grace_minutes else 0,
        early if shift.grace_minutes < early <= NEAR_MINUTES * 2 else 0,
    )


def _apart(moment: datetime, clock: time) -> int:
    """Return by how many minutes a moment is after a time of the clock, the nearest one; negative: before it."""
    apart = (_minutes(moment.time()) - _minutes(clock)) % DAY_MINUTES
    return apart - DAY_MINUTES if apart > DAY_MINUTES // 2 else apart


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute
