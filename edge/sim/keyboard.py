"""Simulate a keyboard-wedge reader without USB, as Linux input events; and compare PIN codes without a thread."""

import queue
from collections.abc import Sequence
from typing import NamedTuple

from contract.credentials import pin_code_matches

EV_SYN, EV_KEY, EV_MSC = 0, 1, 4
KEY_ENTER, KEY_1, KEY_0 = 28, 2, 11


class KeyEvent(NamedTuple):
    """The content of evdev's InputEvent, without the time."""

    type: int
    code: int
    value: int


def typed(digits: str, enter: bool = True) -> list[KeyEvent]:
    """Return the events of a real reader: for each key a scan code, down, a report; then up and a report."""
    codes = [KEY_0 if digit == "0" else KEY_1 + int(digit) - 1 for digit in digits] + [KEY_ENTER] * enter
    return [event for code in codes for event in press(code)]


def press(code: int) -> list[KeyEvent]:
    """Return the events of one key pressed and released."""
    report = KeyEvent(EV_SYN, 0, 0)
    return [KeyEvent(EV_MSC, 4, code), KeyEvent(EV_KEY, code, 1), report, KeyEvent(EV_KEY, code, 0), report]


class SimulatedKeyboard:
    """A reader that can be typed on, unplugged and plugged in again. Give `source` to `WedgeReader` as its maker."""

    name = "simulated reader"

    def __init__(self, plugged: bool = True) -> None:
        self.plugged = plugged
        self.opened = 0
        self._events: queue.SimpleQueue[Sequence[KeyEvent] | None] = queue.SimpleQueue()

    def source(self) -> "SimulatedKeyboard":
        return self

    def type(self, digits: str) -> None:
        """Type digits and the Enter key."""
        self.send(typed(digits))

    def send(self, events: Sequence[KeyEvent]) -> None:
        self._events.put(events)

    def unplug(self) -> None:
        """Unplug the reader: the next read finds the device gone, at once."""
        self.plugged = False
        self._events.put(None)

    def open(self) -> None:
        if not self.plugged:
            raise OSError("simulated reader is not plugged in")
        self.opened += 1

    def read(self, timeout_s: float) -> Sequence[KeyEvent]:
        try:
            events = self._events.get(timeout=timeout_s)
        except queue.Empty:
            return ()
        if events is None:
            raise OSError(19, "No such device")
        return events

    def close(self) -> None:
        """Nothing to release."""


class ImmediatePinCodeCheck:
    """Implements `edge.core.ports.PinCodeCheck` for a simulated clock: the answer is ready at once."""

    def __init__(self) -> None:
        self.asked = 0
        self._answer: bool | None = None

    def ask(self, pin: str, stored: str) -> None:
        self.asked += 1
        self._answer = pin_code_matches(pin, stored)

    def answer(self) -> bool | None:
        found, self._answer = self._answer, None
        return found

    def close(self) -> None:
        """Nothing to end."""
