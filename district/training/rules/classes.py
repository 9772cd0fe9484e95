"""Classroom sessions: which moments are drawn, and which steps a participant lacks. Pure."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MOMENT_LASTS = timedelta(minutes=15)
"""After a drawn moment a participant has this long to come to the terminal."""
START_LASTS = timedelta(minutes=30)
"""Who comes later has missed the start."""
_EDGE = 0.15
"""No moment is drawn in this share of the time after the start or before the end."""


class Step(StrEnum):
    """A step of a session: contract word of the code that proves it."""

    PROOF = "proof"
    START = "start"
    MOMENT = "moment"
    END = "end"


@dataclass(frozen=True)
class ClassTimes:
    """When a class began, its drawn moments, and when it was over; None: not yet."""

    begun: datetime | None
    moments: tuple[datetime, ...] = ()
    over: datetime | None = None


@dataclass(frozen=True)
class Shown:
    """One proof of a participant."""

    step: Step
    utc: datetime


def drawn_moments(starts: datetime, ends: datetime, count: int, seed: str) -> tuple[datetime, ...]:
    """Draw the moments of a session, one in each equal part of its inner time. The same seed draws the same."""
    chance = random.Random(seed)
    length = ends - starts
    first, inner = starts + length * _EDGE, length * (1 - 2 * _EDGE)
    if count < 1 or inner <= timedelta(0):
        return ()
    part = inner / count
    return tuple((first + part * (number + chance.random())).replace(microsecond=0) for number in range(count))


def steps_lacking(times: ClassTimes, shown: Iterable[Shown]) -> tuple[str, ...]:
    """Return the steps that a participant lacks: "start", "moment 1" … and "end". Empty: the session is completed.

    A moment counts only if it was shown in its time. Moments after the real end are not asked for.
    """
    proofs = list(shown)
    lacking = [] if any(one.step is Step.START for one in proofs) else ["start"]
    lacking += [
        f"moment {number}"
        for number, at in enumerate(_asked(times), start=1)
        if not any(one.step is Step.MOMENT and at <= one.utc < at + MOMENT_LASTS for one in proofs)
    ]
    return tuple(lacking if any(one.step is Step.END for one in proofs) else [*lacking, "end"])


def _asked(times: ClassTimes) -> Sequence[datetime]:
    return [at for at in times.moments if times.over is None or at < times.over]
