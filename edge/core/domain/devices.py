"""States of devices, and what the gate's inputs report."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class ReaderStatus:
    ok: bool
    detail: str


class Tone(StrEnum):
    """Colour of the indicator: blue idle, amber wait or adjust, green go, red stop, neutral desk."""

    IDLE = "idle"
    ADJUST = "adjust"
    GO = "go"
    STOP = "stop"
    DESK = "desk"


class GateSignal(StrEnum):
    """A report of the gate's inputs."""

    PASSED = "passed"
    """A passage whose direction the sensor cannot tell."""
    PASSED_IN = "passed_in"
    PASSED_OUT = "passed_out"
    ROTATING = "rotating"
    DOOR_OPENED = "door_opened"
    DOOR_CLOSED = "door_closed"
    REX = "rex"
    RESET = "reset"
    FIRE_ON = "fire_on"
    FIRE_OFF = "fire_off"
    TAMPER = "tamper"
    TAMPER_OVER = "tamper_over"


@dataclass(frozen=True, slots=True)
class CameraStatus:
    ok: bool
    detail: str
    frames_per_s: float = 0.0
    reopened: int = 0


@dataclass(frozen=True, slots=True)
class ThermometerStatus:
    ok: bool
    detail: str
