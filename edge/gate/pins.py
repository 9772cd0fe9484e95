"""Where pins come from: lgpio on the device, gpiozero's mock pins for demo and tests, with a history on request."""

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

from gpiozero.pins.mock import MockFactory, MockPin

from edge.config import GateConfig
from edge.ports import GateError


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
