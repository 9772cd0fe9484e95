"""Everything the loop touches, in one hand."""

from collections.abc import Callable
from dataclasses import dataclass

from edge.core.ports import (
    Camera,
    Clock,
    ClockBounds,
    CodeReader,
    Disk,
    Gate,
    HighWater,
    Indicator,
    Journal,
    Matcher,
    PinCheck,
    Presence,
    Reader,
    Requests,
    Roster,
    Technician,
    Thermometer,
)


@dataclass(frozen=True, slots=True)
class Adapters:
    """`codes` and `reader` are None where codes are not read and no reader is fitted; `pins` belongs to the reader.
    `restart` restarts this process, or the machine, soon after; None where that is not allowed.
    `bounds` belongs to the clock."""

    camera: Camera
    matcher: Matcher
    gate: Gate
    indicator: Indicator
    roster: Roster
    journal: Journal
    requests: Requests
    clock: Clock
    codes: CodeReader | None = None
    reader: Reader | None = None
    pins: PinCheck | None = None
    presence: Presence | None = None
    thermometer: Thermometer | None = None
    restart: Callable[[], None] | None = None
    disk: Disk | None = None
    high_water: HighWater | None = None
    bounds: ClockBounds | None = None
    technician: Technician | None = None
