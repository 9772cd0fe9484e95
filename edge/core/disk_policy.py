"""Steps of a filling disk, and what the gate gives up at each. Pure.

| step | given up, in addition to the steps above |
|---|---|
| low | health messages come less often |
| very_low | scores are not counted, health messages are rare, the journal keeps one day of what HQ holds |
| critical | the journal keeps only the newest events of what HQ holds; new events use a reserve |

Events are never given up. The journal never forgets what HQ does not hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from contract.messages import DiskStep
from edge.core.config import DiskConfig

HYSTERESIS = 1.2
"""A step ends at this multiple of its limit; otherwise it would alternate at the limit."""
KEEP_EVENTS = 2000
"""Number of newest events that always stay: wrong PINs are counted from them, and the pages show them."""
OVER_BUDGET_DAYS = 7.0
"""The longest time for which a policy may remember a passage. A journal over its budget keeps as much."""
HEALTH_SLOWER = {DiskStep.OK: 1, DiskStep.LOW: 4, DiskStep.VERY_LOW: 40, DiskStep.CRITICAL: 40}
"""Factor for the pause between two health messages."""
SAMPLES_OVER = timedelta(hours=24)
FORECAST_AFTER = timedelta(hours=6)
"""A shorter time is not enough: a single update may fill a part of the disk in minutes."""

_ORDER = tuple(DiskStep)
_KEEP_DAYS = {DiskStep.VERY_LOW: 1.0, DiskStep.CRITICAL: 0.0}


@dataclass(frozen=True, slots=True)
class Sample:
    """A measurement at a monotonic time: MB free on the disk, and MB of the journal that HQ does not hold yet."""

    at_s: float
    free_mb: float
    unsent_mb: float


def next_step(before: DiskStep, free_mb: float, limits: DiskConfig) -> DiskStep:
    """Return the step for this free space, after the step `before`."""
    below = {DiskStep.CRITICAL: limits.critical_mb, DiskStep.VERY_LOW: limits.very_low_mb, DiskStep.LOW: limits.low_mb}
    for step, limit_mb in below.items():
        if free_mb < limit_mb * (HYSTERESIS if at_least(before, step) else 1):
            return step
    return DiskStep.OK


def at_least(step: DiskStep, other: DiskStep) -> bool:
    """Return True if `step` is as bad as `other`, or worse."""
    return _ORDER.index(step) >= _ORDER.index(other)


def days_kept(step: DiskStep, keep_days: float, *, over_budget: bool) -> float:
    """Return how many days of events that HQ holds stay in the journal. `keep_days`: as configured."""
    wanted = min(keep_days, OVER_BUDGET_DAYS) if over_budget else keep_days
    return min(wanted, _KEEP_DAYS.get(step, wanted))


def with_sample(samples: Sequence[Sample], new: Sample) -> tuple[Sample, ...]:
    """Add a sample, and drop those that the forecast no longer needs."""
    return (*(s for s in samples if new.at_s - s.at_s <= SAMPLES_OVER.total_seconds()), new)


def days_left(samples: Sequence[Sample], limits: DiskConfig, budget_mb: float) -> float | None:
    """Return the days until the disk is critical or unsent events fill the journal's budget, whichever is first.

    The forecast continues the trend from the first to the last sample. None: neither fills, or there are too few
    samples.
    """
    if not samples or samples[-1].at_s - samples[0].at_s < FORECAST_AFTER.total_seconds():
        return None
    first, last = samples[0], samples[-1]
    days = (last.at_s - first.at_s) / 86_400
    found = [
        max(0.0, room) / (growth / days)
        for room, growth in (
            (last.free_mb - limits.critical_mb, first.free_mb - last.free_mb),
            (budget_mb - last.unsent_mb, last.unsent_mb - first.unsent_mb),
        )
        if growth > 0
    ]
    return min(found, default=None)
