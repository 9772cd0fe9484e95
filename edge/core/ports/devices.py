"""Ports of the gate's devices."""

from typing import Protocol

from contract.messages import Advice, Direction
from edge.core.domain import GateSignal, ThermometerStatus, Tone


class Gate(Protocol):
    """The device that opens. It is locked unless a pulse runs or fire holds it open."""

    def pulse(self, way: Direction = Direction.IN, stretch: float = 1.0) -> None:
        """Release `way` for one bounded pulse. Raises GateError.

        The pulse lasts `stretch` times as long as usual, but never longer than the bound. It ends by itself, also if
        the caller fails.
        """

    def lock(self) -> None:
        """End any pulse now."""

    def hold_open(self) -> None:
        """Release until `lock`. Only for fire."""

    def signals(self) -> list[GateSignal]:
        """Return the inputs' reports since the last call: fire first, then oldest first."""

    def wait(self, timeout_s: float) -> None:
        """Wait until an input reports, at most `timeout_s`."""

    def chattering(self) -> list[str]:
        """Return the config keys of inputs that chattered since the last call, each at most once a minute."""

    @property
    def energised(self) -> bool: ...

    def close(self) -> None:
        """Lock, and release the pins. May be called twice."""


class Indicator(Protocol):
    def show(self, tone: Tone, advice: Advice | None) -> None: ...

    def key_tone(self) -> None:
        """Answer a key of a PIN pad with a short tone, the same for every key."""

    def fill_light(self, on: bool) -> None:
        """Switch the lamp beside the camera, if one is fitted."""

    def close(self) -> None: ...


class Thermometer(Protocol):
    """Measures the skin of the person in front of it."""

    def celsius(self) -> float | None:
        """Return the newest reading. None if it is no person's or too old, or the sensor is lost. Never waits."""

    def status(self) -> ThermometerStatus: ...

    def close(self) -> None:
        """End the measurements. May be called twice."""
