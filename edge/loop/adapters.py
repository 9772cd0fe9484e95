"""Everything the loop touches, in one hand."""

from collections.abc import Callable
from dataclasses import dataclass

from edge.core.ports import (
    Camera,
    CardReader,
    Clock,
    ClockBounds,
    CodeReader,
    DeskRequestSource,
    Disk,
    Gate,
    HighWaterMarks,
    Indicator,
    Journal,
    Matcher,
    PinCodeCheck,
    Presence,
    Roster,
    TechnicianRequestSource,
    Thermometer,
)


@dataclass(frozen=True, slots=True, kw_only=True)
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
    desk_requests: DeskRequestSource
    clock: Clock
    code_reader: CodeReader | None = None
    card_reader: CardReader | None = None
    pin_code_check: PinCodeCheck | None = None
    presence: Presence | None = None
    thermometer: Thermometer | None = None
    restart: Callable[[], None] | None = None
    disk: Disk | None = None
    high_water: HighWaterMarks | None = None
    clock_bounds: ClockBounds | None = None
    technician_requests: TechnicianRequestSource | None = None
