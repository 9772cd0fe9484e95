"""Make pin factories: lgpio on the device, gpiozero's mock pins for demo and tests, with an optional history."""

import json
import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
from gpiozero.pins.mock import MockFactory, MockPin

from common.libraries import extra, loading
from edge.core.config import GateConfig
from edge.core.ports import GateError
from edge.devices.gate import gpiochip
from edge.devices.pin_fault import on_a_pi

log = structlog.get_logger()


def lgpio_factory() -> Any:
    """Make the real pins. lgpio is the only library that works on a Raspberry Pi 5. Raises GateError."""
    _give_lgpio_a_folder()
    chips = gpiochip.chips()
    chip = gpiochip.header(chips)
    with loading("lgpio", f"{extra('pi')}, or apt install python3-lgpio", GateError):
        from edge.devices.gate.lgpio_pins import LgpioFactory
    try:
        return LgpioFactory(chip.number if chip else None)
    except Exception as error:
        raise GateError(no_chip(error, chips)) from error


def no_chip(error: Exception, chips: Sequence[gpiochip.Chip], root: Path = Path("/")) -> str:
    """Explain a missing chip and list the existing ones. "mock" is advised only on a machine that is no Raspberry
    Pi."""
    labels = {chip.path.name: f" ({chip.label})" for chip in chips}
    names = sorted({path.name for path in root.glob("dev/gpiochip*")} | labels.keys())
    seen = [name + labels.get(name, "") for name in names]
    there = f"this machine has {', '.join(seen)}" if seen else "this machine has no /dev/gpiochip*"
    said = str(error).replace(": ", ", ")
    if on_a_pi(root):
        todo = "check that this user is in group gpio (ls -l /dev/gpiochip*), and that the kernel has the pins' driver (dmesg)"
    else:
        todo = 'on a machine without pins set [gate] pins = "mock"'
    return f"no GPIO chip ({said}), {there}: {todo}"


def holder_of(pin: int) -> str:
    """Return who holds a header pin, as the kernel names it; "" if it does not."""
    chip = gpiochip.header(gpiochip.chips())
    return gpiochip.holder(chip.path, pin) if chip else ""


def _give_lgpio_a_folder() -> None:
    """Give lgpio a writable working folder: it makes a pipe there when it is loaded."""
    wanted = os.environ.get("LG_WD") or str(Path.cwd())
    for folder in (wanted, os.environ.get("RUNTIME_DIRECTORY"), "/dev/shm", "/run", "/tmp"):
        if folder and os.access(folder, os.W_OK | os.X_OK):
            if folder != wanted:
                os.environ["LG_WD"] = folder
            return


class RecordedPin(MockPin):  # type: ignore[misc]
    """A mock pin that writes each change of level or function to the factory's history at once."""

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
    """gpiozero's mock pins with a history that survives the process: one JSON line per change, with monotonic time.

    `walk_through_s`: a person walks through this many seconds after each release (None: nobody).
    """

    def __init__(self, config: GateConfig, history: Path | None = None, walk_through_s: float | None = None) -> None:
        super().__init__(pin_class=RecordedPin)
        self._file = _open(history) if history else None
        self._config, self._walk_through_s = config, walk_through_s

    def note(self, change: dict[str, Any]) -> None:
        if self._file is not None:
            line = {"monotonic_s": time.monotonic(), "pid": os.getpid(), **change}
            try:
                os.write(self._file, (json.dumps(line) + "\n").encode())
            except OSError as error:  # a full disk must not stop a pin
                log.debug("history_not_written", error=str(error))
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


def _open(history: Path) -> int | None:
    """Open the history with O_APPEND, one write per line: a killed process leaves whole lines. Return None if it is
    not writable, because pins do not need it."""
    try:
        return os.open(history, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK, 0o660)
    except OSError as error:
        log.warning("history_not_kept", path=str(history), error=error.strerror)
        return None


def make_factory(config: GateConfig, history: Path | None = None) -> Any:
    """Make the configured pin factory. Raises GateError."""
    return (
        RecordingMockFactory(config, history, config.mock_walk_through_s) if config.pins == "mock" else lgpio_factory()
    )
