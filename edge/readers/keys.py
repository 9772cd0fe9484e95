"""Key presses of a keyboard-wedge reader turned into entries: pure, at the level of Linux input events."""

from collections.abc import Iterable
from typing import Protocol

from edge.domain import Entry

EV_KEY, DOWN = 1, 1
ENTER_KEYS = frozenset({28, 96})
DIGIT_KEYS = {2 + n: str((n + 1) % 10) for n in range(10)} | dict(
    zip((82, 79, 80, 81, 75, 76, 77, 71, 72, 73), "0123456789", strict=True)
)
"""KEY_1 … KEY_0, then KEY_KP0 … KEY_KP9 (linux/input-event-codes.h)."""
SILENT_KEYS = frozenset({29, 42, 54, 56, 58, 69, 97, 100})
"""Modifiers and locks: some readers press them around a digit."""
LENGTH_MAX = 32


class InputEvent(Protocol):
    """The part of evdev's InputEvent that matters."""

    @property
    def type(self) -> int: ...

    @property
    def code(self) -> int: ...

    @property
    def value(self) -> int: ...


class Keys:
    """Collects digits up to an Enter key. Other keys, and more than LENGTH_MAX digits, spoil the entry."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._digits, self._spoilt, self._last_s = "", False, 0.0

    def take(self, events: Iterable[InputEvent], now_s: float) -> list[Entry]:
        """The entries completed by these events."""
        pressed = [e.code for e in events if e.type == EV_KEY and e.value == DOWN and e.code not in SILENT_KEYS]
        if pressed and now_s - self._last_s > self._timeout_s:
            self._forget()
        done = []
        for code in pressed:
            self._last_s = now_s
            if code in ENTER_KEYS:
                if self._digits or self._spoilt:
                    done.append(Entry("" if self._spoilt else self._digits, now_s))
                self._forget()
            elif code in DIGIT_KEYS and len(self._digits) < LENGTH_MAX:
                self._digits += DIGIT_KEYS[code]
            else:
                self._spoilt = True
        return done

    def _forget(self) -> None:
        self._digits, self._spoilt = "", False
