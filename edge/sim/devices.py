"""Simulate clock, gate and indicator. The clock is set by hand; gate and indicator record what was done."""

import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from contract.messages import Advice, Direction
from edge.core.domain import GateSignal, Tone
from edge.core.ports import Clock, GateError
from edge.system.clock import TRUSTED_SINCE


class ManualClock:
    """Implements `edge.core.ports.Clock`. Time passes only by `advance`."""

    def __init__(self, utc: datetime = datetime(2026, 3, 2, 7, 0, tzinfo=UTC), monotonic_s: float = 1000.0) -> None:
        self._utc, self._monotonic_s = utc, monotonic_s

    def utc(self) -> datetime:
        return self._utc

    def monotonic(self) -> float:
        return self._monotonic_s

    def trusted(self) -> bool:
        return self._utc >= TRUSTED_SINCE

    def advance(self, seconds: float) -> None:
        """Let time pass on both clocks. Raises ValueError for a negative time, because durations never run
        backwards."""
        if seconds < 0:
            raise ValueError("monotonic time cannot go back; use set_utc to move the wall clock")
        self._utc += timedelta(seconds=seconds)
        self._monotonic_s += seconds

    def set_utc(self, utc: datetime) -> None:
        """Make the wall clock jump, as NTP or a technician does. The monotonic clock continues."""
        self._utc = utc


@dataclass(frozen=True, slots=True)
class GateAct:
    """An action on the gate, and its time."""

    monotonic_s: float
    act: Literal["pulse", "lock", "hold_open", "close"]
    way: Direction | None = None


class RecordingGate:
    """Implements `edge.core.ports.Gate` without pins. A pulse ends after `pulse_s` times its stretch, at most
    `pulse_max_s`."""

    def __init__(self, clock: Clock, pulse_s: float = 0.6, pulse_max_s: float = 2.0) -> None:
        self._clock, self._pulse_s, self._pulse_max_s = clock, pulse_s, pulse_max_s
        self._released_until_s = float("-inf")
        self._held = False
        self._closed = False
        self._signals: deque[GateSignal] = deque()
        self._chattering: list[str] = []
        self._reported = threading.Event()
        self.history: list[GateAct] = []

    def pulse(self, way: Direction = Direction.IN, stretch: float = 1.0) -> None:
        """Raises GateError once closed."""
        self._refuse_if_closed()
        self._record("pulse", way)
        self._released_until_s = self._clock.monotonic() + min(self._pulse_s * stretch, self._pulse_max_s)

    def lock(self) -> None:
        self._record("lock")
        self._rest()

    def hold_open(self) -> None:
        """Raises GateError once closed."""
        self._refuse_if_closed()
        self._record("hold_open")
        self._held = True

    def signals(self) -> list[GateSignal]:
        return [self._signals.popleft() for _ in range(len(self._signals))]

    def wait(self, timeout_s: float) -> None:
        self._reported.wait(timeout_s)
        self._reported.clear()

    def chattering(self) -> list[str]:
        names, self._chattering = self._chattering, []
        return names

    @property
    def energised(self) -> bool:
        return self._held or self._clock.monotonic() < self._released_until_s

    def close(self) -> None:
        if not self._closed:
            self._record("close")
            self._closed = True
            self._rest()

    def report(self, signal: GateSignal) -> None:
        """Report a signal, as a turnstile or a fire panel would."""
        self._signals.append(signal)
        self._reported.set()

    def chatter(self, name: str) -> None:
        """Let an input chatter, by its config key."""
        self._chattering.append(name)

    def _record(self, act: Literal["pulse", "lock", "hold_open", "close"], way: Direction | None = None) -> None:
        self.history.append(GateAct(self._clock.monotonic(), act, way))

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise GateError("the gate is closed: it stays locked")

    def _rest(self) -> None:
        self._held, self._released_until_s = False, float("-inf")


@dataclass(frozen=True, slots=True)
class IndicatorRecord:
    """What the indicator showed, and since when."""

    monotonic_s: float
    tone: Tone
    advice: Advice | None


class RecordingIndicator:
    """Implements `edge.core.ports.Indicator` without lamps."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.history: list[IndicatorRecord] = []
        self.lamp = False
        self.key_tones = 0

    def show(self, tone: Tone, advice: Advice | None) -> None:
        self.history.append(IndicatorRecord(self._clock.monotonic(), tone, advice))

    def key_tone(self) -> None:
        self.key_tones += 1

    def fill_light(self, on: bool) -> None:
        self.lamp = on

    def close(self) -> None:
        """Nothing to release."""
