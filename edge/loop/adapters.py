"""All adapters the loop uses."""

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
    Preview,
    Roster,
    TechnicianRequestSource,
    Thermometer,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapters:
    """Hold the adapters, wired by keyword. An adapter is None where its device or function is not fitted.

    `pin_code_check` belongs to `card_reader`, `clock_bounds` to `clock`. `restart` restarts this process, or the
    machine, soon after the call. It is None where `gate.reboot` forbids it.
    """

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
    preview: Preview | None = None
