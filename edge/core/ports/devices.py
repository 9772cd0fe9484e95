"""Ports of the gate's devices."""

from typing import Protocol

from contract.messages import Advice, Direction
from edge.core.domain import GateSignal, ThermometerStatus, Tone


class Gate(Protocol):
    """The thing that opens. Locked unless a pulse is running or fire holds it open."""

    def pulse(self, way: Direction = Direction.IN, stretch: float = 1.0) -> None:
        """Release `way` for one bounded pulse, `stretch` times as long as usual but never longer than the bound; ends
        by itself, whatever becomes of the caller. Raises GateError."""

    def lock(self) -> None:
        """End any pulse now."""

    def hold_open(self) -> None:
        """Release until `lock`: only for fire."""

    def signals(self) -> list[GateSignal]:
        """What the inputs reported since the last call: fire first, then oldest first."""

    def wait(self, timeout_s: float) -> None:
        """Until an input reports something, at most so long."""

    def chattering(self) -> list[str]:
        """Inputs found to chatter since the last call, by their config key; each at most once a minute."""

    @property
    def energised(self) -> bool: ...

    def close(self) -> None:
        """Lock and let go of the pins; may be called twice."""


class Indicator(Protocol):
    def show(self, tone: Tone, advice: Advice | None) -> None: ...

    def fill_light(self, on: bool) -> None:
        """Switch the lamp beside the camera, if there is one."""

    def close(self) -> None: ...


class Thermometer(Protocol):
    """Measures the skin of whoever stands before it."""

    def celsius(self) -> float | None:
        """The newest reading; None if it is no person's, too old, or the sensor is lost. Never waits."""

    def status(self) -> ThermometerStatus: ...

    def close(self) -> None:
        """May be called twice."""
