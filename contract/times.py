"""Times of events recorded before the wall clock was set right, worked out afterwards. Pure; the events stay as they are.

Within one boot the monotonic clock runs on whatever is done to the wall clock, and both are slewed together: what lies
between them changes only when the wall clock is set. So the newest trusted setting of a boot (`ClockEvent`) says what the
wall clock should have shown at every moment of it, to within the clock's own drift since.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from contract.messages import AnyEvent, ClockEvent

STEP_MIN = timedelta(seconds=1.5)
"""A smaller step is none: so a leap second, which sets a clock back by one, is not taken for a correction."""


def step_between(utc: datetime, monotonic_ms: int, later_utc: datetime, later_monotonic_ms: int) -> timedelta | None:
    """By how much the wall clock was set between two readings of one boot; None if it was not."""
    step = (later_utc - utc) - timedelta(milliseconds=later_monotonic_ms - monotonic_ms)
    return step if abs(step) >= STEP_MIN else None


def corrected_utc(utc: datetime, monotonic_ms: int, setting: ClockEvent) -> datetime | None:
    """What the clock should have shown at an event of the same boot before `setting`; None if it was right, or if the clock
    was set to a time that is itself not trusted."""
    if not setting.clock_trusted:
        return None
    try:
        found = setting.utc - timedelta(milliseconds=setting.monotonic_ms - monotonic_ms)
    except OverflowError:  # no time at all: the monotonic clock cannot have shown that
        return None
    return found if abs(found - utc) >= STEP_MIN else None


def corrections(events: Iterable[AnyEvent]) -> dict[int, datetime]:
    """seq -> corrected time, for those of one journal's events that have one. `events`: consecutive, oldest first."""
    found: dict[int, datetime] = {}
    setting: ClockEvent | None = None
    for event in reversed(list(events)):
        if setting is not None and setting.boot_id != event.boot_id:
            setting = None
        if setting is not None and (right := corrected_utc(event.utc, event.monotonic_ms, setting)):
            found[event.seq] = right
        if setting is None and isinstance(event, ClockEvent) and event.clock_trusted:
            setting = event
    return found
