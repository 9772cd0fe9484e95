"""Stands in for lgpio where there are no pins: gpiozero's own lgpio factory runs on it. `LGPIO_STUB`: "", "busy" or "no
chip".

What is done to a pin is written to standard error, a line each.
"""

import os
import sys

SET_PULL_NONE, SET_PULL_UP, SET_PULL_DOWN = 128, 32, 64
BOTH_EDGES, RISING_EDGE, FALLING_EDGE = 3, 1, 2
_MODE = os.environ.get("LGPIO_STUB", "")
_levels: dict[int, int] = {}


class error(Exception):  # noqa: N801 - its name
    """As lgpio's: no GPIOZeroError."""

    def __init__(self, value: str) -> None:
        self.value = value

    def __str__(self) -> str:
        return repr(self.value)


def gpiochip_open(chip: int) -> int:
    if _MODE == "no chip":
        raise error("can not open gpiochip")
    return 0


def gpiochip_close(handle: int) -> int:
    return 0


def gpio_free(handle: int, gpio: int) -> int:
    return 0


def gpio_claim_input(handle: int, gpio: int, flags: int = 0) -> int:
    if _MODE == "busy":
        raise error("GPIO busy")
    return 0


def gpio_claim_output(handle: int, gpio: int, level: int = 0, flags: int = 0) -> int:
    if _MODE == "busy":
        raise error("GPIO busy")
    _levels[gpio] = level
    sys.stderr.write(f"PIN {gpio} output {level}\n")
    return 0


def gpio_claim_alert(*_: object) -> int:
    return 0


def gpio_set_debounce_micros(*_: object) -> int:
    return 0


def gpio_get_mode(handle: int, gpio: int) -> int:
    return 2 if gpio in _levels else 0


def gpio_read(handle: int, gpio: int) -> int:
    return _levels.get(gpio, 1)


def gpio_write(handle: int, gpio: int, level: int) -> int:
    _levels[gpio] = int(level)
    sys.stderr.write(f"PIN {gpio} level {int(level)}\n")
    return 0


class _Callback:
    def cancel(self) -> None:
        pass


def callback(*_: object) -> _Callback:
    return _Callback()


if True:  # a Raspberry Pi 5, wherever this runs
    from gpiozero.pins.local import LocalPiFactory

    LocalPiFactory._get_revision = lambda self: 0xD04170
