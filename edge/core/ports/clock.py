"""Ports of time."""

from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def utc(self) -> datetime:
        """The wall clock, with zone UTC."""

    def monotonic(self) -> float:
        """Seconds that never jump; the only clock for durations."""

    def trusted(self) -> bool:
        """False while the wall clock is certainly wrong (before this software was made)."""


class ClockBounds(Protocol):
    """What is known of the time beside what the clock shows (`edge.system.clock.BoundedClock`)."""

    def behind(self) -> timedelta:
        """How far the clock is behind a time that is known to be past; 0 while it is not."""

    def not_before(self, utc: datetime, monotonic_s: float | None = None) -> None:
        """It is this time or later, since `monotonic_s` (None: since now)."""

    def note(self) -> None:
        """Remember the present time, if it can be trusted."""

    def believe(self) -> None:
        """The present time is right, whatever was known before."""
