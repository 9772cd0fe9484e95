"""Corrects the times of events that were recorded before the wall clock was set. Pure; the events themselves do not
change.

Setting the wall clock does not touch the monotonic clock, and slewing changes both alike. So within one boot the
difference between them changes only when the wall clock is set. So the newest trusted setting of a boot (`ClockEvent`)
gives the right time at every earlier moment of it, except for the clock's drift.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from contract.messages import AnyEvent, ClockEvent

STEP_MIN = timedelta(seconds=1.5)
"""Smaller steps are ignored. A leap second sets a clock back by one second and is not a correction."""


def step_between(utc: datetime, monotonic_ms: int, later_utc: datetime, later_monotonic_ms: int) -> timedelta | None:
    """Return by how much the wall clock was set between two readings of one boot; None if it was not set."""
    step = (later_utc - utc) - timedelta(milliseconds=later_monotonic_ms - monotonic_ms)
    return step if abs(step) >= STEP_MIN else None


def corrected_utc(utc: datetime, monotonic_ms: int, setting: ClockEvent) -> datetime | None:
    """Return the right time of an event before `setting`, in the same boot.

    None if the recorded time was right, or if the time that was set is not trusted."""
    if not setting.clock_trusted:
        return None
    try:
        found = setting.utc - timedelta(milliseconds=setting.monotonic_ms - monotonic_ms)
    except OverflowError:  # the monotonic clock cannot have shown this value
        return None
    return found if abs(found - utc) >= STEP_MIN else None


def corrections(events: Iterable[AnyEvent]) -> dict[int, datetime]:
    """Return seq -> corrected time, for the events of one journal that need one. `events`: consecutive, oldest
    first."""
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
