"""gpiozero's mock pins on the story's clock, with their history."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edge.core.config import GateConfig
from edge.core.ports import GateError
from edge.devices.gate import GpioGate, RecordedPin, RecordingMockFactory


@dataclass(frozen=True, slots=True)
class Change:
    """A pin's new function or level. `seq`: the newest event on disk at that moment."""

    at_s: float
    pin: int
    function: str
    level: int
    seq: int


class WiredPin(RecordedPin):
    """An input whose contact keeps its state, also while no program listens. It overrides the chip's pull."""

    wired: bool | None = None

    def put(self, level: bool) -> None:
        self.wired = level
        self.drive_high() if level else self.drive_low()

    def let_go(self) -> None:
        self.wired = None
        self._set_pull(self._pull)

    def _set_pull(self, value: str) -> None:
        if self.wired is None:
            super()._set_pull(value)
        else:
            self._pull = value


class StoryPins(RecordingMockFactory):
    def __init__(self, config: GateConfig, now_s: Callable[[], float], seq: Callable[[], int]) -> None:
        super().__init__(config)
        self.pin_class = WiredPin
        self._now_s, self._seq = now_s, seq
        self.changes: list[Change] = []

    def note(self, change: dict[str, Any]) -> None:
        pin = int(str(change["pin"]).removeprefix("GPIO"))
        self.changes.append(Change(self._now_s(), pin, change["function"], change["level"], self._seq()))


class StoryGate(GpioGate):
    """The real adapter. While `broken`, its pulse fails as with a dead pulse guard."""

    broken = False

    def pulse(self, *args: Any, **kwargs: Any) -> None:
        if self.broken:
            raise GateError("the pulse guard is not running: the relay stays locked; restart sitegate gate")
        super().pulse(*args, **kwargs)


@dataclass(frozen=True, slots=True)
class Span:
    """A period; `until_s` None: to the end. `seq`: the newest event on disk at its beginning."""

    from_s: float
    until_s: float | None
    seq: int = 0


def releases(changes: list[Change], pin: int, active: int) -> list[Span]:
    """Find when the relay was energised.

    A mock pin shows a low level in the moment it becomes an output. That is the unpowered line's level and not a
    release (docs/SAFETY.md: the board's pull holds it).
    """
    found: list[Span] = []
    begun: Change | None = None
    before = ""
    for change in (c for c in changes if c.pin == pin):
        fresh = active == 0 and before != "output"
        is_active = change.function == "output" and change.level == active and not fresh
        if is_active and begun is None:
            begun = change
        elif not is_active and begun is not None:
            found.append(Span(begun.at_s, change.at_s, begun.seq))
            begun = None
        before = change.function
    return found + ([Span(begun.at_s, None, begun.seq)] if begun else [])


def normally_closed(config: GateConfig) -> list[str]:
    """Name the fitted inputs whose contact is closed while nothing happens."""
    fitted = dict(config)
    fire = ["fire"] if fitted.get("fire_normally_closed") else []
    return [name for name in ("door", *fire) if fitted.get(f"{name}_pin") is not None]
