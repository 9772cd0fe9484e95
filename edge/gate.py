"""The turnstile on GPIO pins: a bounded pulse on the relay, and the inputs. Locked on every exit.

The pulse is ended by a guard thread of its own, so a hung or crashed loop cannot leave the relay energised. When the
whole process is killed, the line must fall back to the board's pull, which must mean locked; some Raspberry Pi kernels
keep the last level instead, so systemd also runs `sitegate lock` whenever the gate process has ended (docs/SAFETY.md).
The same adapter runs on gpiozero's mock pins; `RecordingMockFactory` writes their history to a file.
"""

import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from gpiozero import Button, DigitalOutputDevice, GPIOZeroError
from gpiozero.pins.mock import MockFactory, MockPin

from edge.config import GateConfig
from edge.domain import GateSignal
from edge.ports import GateError

log = structlog.get_logger()


class GpioGate:
    """See `edge.ports.Gate`. `monotonic` tells the seconds by which a pulse ends.

    Raises:
        GateError: no GPIO chip, a pin in use, or a relay that cannot be set to locked.
    """

    def __init__(self, config: GateConfig, factory: Any, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._signals: deque[GateSignal] = deque(maxlen=1000)
        self._inputs: list[Button] = []
        try:
            # initial_value=False drives the locked level from the first moment the pin is an output.
            self._relay = DigitalOutputDevice(
                config.relay_pin,
                active_high=config.relay_active_high,
                initial_value=False,
                pin_factory=factory,
            )
            self._check_locked()
            self._input(config.passage_pin, GateSignal.PASSED, None, factory)
            self._input(config.fire_pin, GateSignal.FIRE_ON, GateSignal.FIRE_OFF, factory)
            self._input(config.tamper_pin, GateSignal.TAMPER, None, factory)
        except GPIOZeroError as error:
            raise GateError(f"a pin cannot be used ({error}): check [gate] pins, wiring and permissions") from error
        self._guard = PulseGuard(self._relay.on, self._relay.off, config.pulse_max_ms / 1000, monotonic)

    def pulse(self) -> None:
        """Release for pulse_ms; the guard ends it."""
        self._guard.release(self._config.pulse_ms / 1000)

    def lock(self) -> None:
        self._guard.lock()

    def hold_open(self) -> None:
        """Release until `lock`. Only for fire: this is the one release without an end."""
        self._guard.hold()

    def end_due_pulse(self) -> float | None:
        """See `PulseGuard.end_if_due`: for a clock that is set by hand, whose time the guard's thread cannot wait for."""
        return self._guard.end_if_due()

    def signals(self) -> list[GateSignal]:
        return [self._signals.popleft() for _ in range(len(self._signals))]

    @property
    def energised(self) -> bool:
        return bool(self._relay.value)

    def close(self) -> None:
        """Lock, then let go of the pins; may be called twice."""
        self._guard.close()
        for device in (*self._inputs, self._relay):
            device.close()

    def _check_locked(self) -> None:
        if self._relay.value:
            self._relay.close()
            raise GateError(f"relay pin {self._config.relay_pin} cannot be set to locked: check its wiring")

    def _input(self, pin: int | None, closed: GateSignal, opened: GateSignal | None, factory: Any) -> None:
        if pin is None:
            return
        button = Button(
            pin,
            pull_up=self._config.input_active_low,
            bounce_time=self._config.debounce_ms / 1000 or None,
            pin_factory=factory,
        )
        self._inputs.append(button)
        button.when_pressed = lambda: self._signals.append(closed)
        if opened is not None:
            button.when_released = lambda: self._signals.append(opened)
        if button.is_pressed and closed is not GateSignal.PASSED:
            self._signals.append(closed)  # the fire contact may already be closed when we start


class PulseGuard:
    """Ends every release on time, in a thread of its own. `on` and `off` switch the relay."""

    def __init__(self, on: Any, off: Any, max_s: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._on, self._off, self._max_s, self._monotonic = on, off, max_s, monotonic
        self._changed = threading.Condition()
        self._until: float | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._watch, name="pulse-guard", daemon=True)
        self._thread.start()

    def release(self, seconds: float) -> None:
        """Energise for `seconds`, never longer than the bound. Refused (GateError) if the guard is not alive."""
        with self._changed:
            if self._closed or not self._thread.is_alive():
                raise GateError("the pulse guard is not running: the relay stays locked; restart sitegate gate")
            self._until = self._monotonic() + min(seconds, self._max_s)
            self._on()
            self._changed.notify()

    def hold(self) -> None:
        with self._changed:
            self._until = None
            self._on()

    def lock(self) -> None:
        with self._changed:
            self._until = None
            self._off()

    def close(self) -> None:
        with self._changed:
            if self._closed:
                return
            self._closed, self._until = True, None
            self._off()
            self._changed.notify()
        self._thread.join(timeout=1)

    def end_if_due(self) -> float | None:
        """End a release whose time is up; the seconds left to the present one, None without one."""
        with self._changed:
            left = None if self._until is None else self._until - self._monotonic()
            if left is None or left > 0:
                return left
            self._until = None
            self._off()
            return None

    def _watch(self) -> None:
        try:
            with self._changed:
                while not self._closed:
                    self._changed.wait(self.end_if_due())
        finally:
            self._off()


def lgpio_factory() -> Any:
    """The real pins (lgpio: the only library that works on a Raspberry Pi 5). Raises GateError."""
    try:
        from gpiozero.pins.lgpio import LGPIOFactory

        return LGPIOFactory()
    except ImportError as error:
        raise GateError("lgpio is not installed: pip install 'sitegate[pi]', or apt install python3-lgpio") from error
    except Exception as error:
        raise GateError(f'no GPIO chip ({error}): on a machine without pins set [gate] pins = "mock"') from error


class RecordedPin(MockPin):  # type: ignore[misc]
    """A mock pin that writes each change of its level or function to the factory's log file, at once."""

    def _change_state(self, value: bool) -> bool:
        changed = bool(super()._change_state(value))
        if changed:
            self._note()
        return changed

    def _set_function(self, value: str) -> None:
        super()._set_function(value)
        self._note()

    def _note(self) -> None:
        self.factory.note({"pin": self.info.name, "function": self._function, "level": int(self._state)})


class RecordingMockFactory(MockFactory):  # type: ignore[misc]
    """gpiozero's mock pins with a history that outlives the process: one JSON line per change, with monotonic time.

    `walk_through_s`: somebody walks through so many seconds after each release (None: nobody does).
    """

    def __init__(self, config: GateConfig, history: Path | None = None, walk_through_s: float | None = None) -> None:
        super().__init__(pin_class=RecordedPin)
        # One write per line and O_APPEND: a killed process leaves whole lines.
        self._file = os.open(history, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o660) if history else None
        self._config, self._walk_through_s = config, walk_through_s

    def note(self, change: dict[str, Any]) -> None:
        if self._file is not None:
            line = {"monotonic_s": time.monotonic(), "pid": os.getpid(), **change}
            os.write(self._file, (json.dumps(line) + "\n").encode())
        released = {
            "pin": f"GPIO{self._config.relay_pin}",
            "function": "output",
            "level": int(self._config.relay_active_high),
        }
        if self._walk_through_s is not None and change == released and self._config.passage_pin is not None:
            threading.Timer(self._walk_through_s, self._pass_sensor).start()

    def _pass_sensor(self) -> None:
        sensor = self.pin(self._config.passage_pin)
        sensor.drive_low() if self._config.input_active_low else sensor.drive_high()
        time.sleep(0.1)
        sensor.drive_high() if self._config.input_active_low else sensor.drive_low()


def make_factory(config: GateConfig, history: Path | None = None) -> Any:
    """The pin factory that the config asks for. Raises GateError."""
    return (
        RecordingMockFactory(config, history, config.mock_walk_through_s) if config.pins == "mock" else lgpio_factory()
    )
