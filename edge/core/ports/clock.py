"""Ports of time."""

from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def utc(self) -> datetime:
        """Return the wall clock, in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never jump. The only clock for durations."""

    def trusted(self) -> bool:
        """Return False while the wall clock is certainly wrong (before this software was made)."""


class ClockBounds(Protocol):
    """Known bounds of the time, beside the clock itself (`edge.system.clock.BoundedClock`)."""

    def behind(self) -> timedelta:
        """Return how far the clock is behind a time that is known to be past; 0 if it is not."""

    def not_before(self, utc: datetime, monotonic_s: float | None = None) -> None:
        """Learn that it is this time or later, since `monotonic_s` (None: now)."""

    def note(self) -> None:
        """Remember the present time, if it can be trusted."""

    def believe(self) -> None:
        """Trust the present time, against earlier knowledge."""
