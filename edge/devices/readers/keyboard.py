"""Collect the key presses of a keyboard-wedge reader into entries. Pure, on Linux input events."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol

from edge.core.domain import ReaderEntry

EV_KEY, UP, DOWN = 1, 0, 1
DIGIT_ROW = {2 + n: str((n + 1) % 10) for n in range(10)}
"""KEY_1 … KEY_0 (linux/input-event-codes.h). With Shift they type signs, as PIN pads do for # and *."""
KEYPAD = dict(zip((82, 79, 80, 81, 75, 76, 77, 71, 72, 73), "0123456789", strict=True)) | {
    0x200 + n: str(n) for n in range(10)
}
"""KEY_KP0 … KEY_KP9 and KEY_NUMERIC_0 … KEY_NUMERIC_9: digits with and without Shift."""
SHIFT_KEYS = frozenset({42, 54})
COMPOSING_KEYS = frozenset({29, 97, 56, 100, 125, 126})
"""Control, Alt and Meta: a digit typed with one of them is part of a code such as Alt + 0052."""
LOCK_KEYS = frozenset({58, 69, 70})
LENGTH_MAX = 32
UNENDED_MAX = 3
TYPED_BY_HAND_S = 0.04
"""Keys with shorter pauses are typed by a card reader."""


class KeyAction(StrEnum):
    """Effect of a key that is no digit."""

    END = "end"
    CLEAR = "clear"
    BACK = "back"


SHIFT_3, SHIFT_8 = 4, 9
ACTIONS = {
    **dict.fromkeys(
        (28, 96, 15, 352, 0x20B), KeyAction.END
    ),  # Enter, keypad Enter, Tab, OK, the # of a telephone's pad
    **dict.fromkeys(
        (1, 111, 83, 55, 355, 223, 0x20A), KeyAction.CLEAR
    ),  # Esc, Delete (two), keypad *, Clear, Cancel, *
    14: KeyAction.BACK,
}
SHIFTED_ACTIONS = {SHIFT_3: KeyAction.END, SHIFT_8: KeyAction.CLEAR}
"""# and * of a pad that types like an American keyboard."""


class InputEvent(Protocol):
    """The part of evdev's InputEvent that is used."""

    @property
    def type(self) -> int: ...

    @property
    def code(self) -> int: ...

    @property
    def value(self) -> int: ...


class KeyCollector:
    """Collects digits up to Enter, Tab or #. Backspace removes the last key; *, Esc and Delete remove all.

    Other keys, or more than LENGTH_MAX digits, invalidate the entry. `never_sends_enter`: every entry timed out,
    because some readers are set to send no Enter.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._typed: list[str] = []  # a digit, or "" for a key that is none
        self._held: set[int] = set()
        self._last_s = float("-inf")
        self._ended, self._unended = 0, 0
        self.pressed = 0
        """Keys pressed so far; those of one card count as one."""

    @property
    def never_sends_enter(self) -> bool:
        return not self._ended and self._unended >= UNENDED_MAX

    def take(self, events: Iterable[InputEvent], now_s: float) -> list[ReaderEntry]:
        """Return the entries that these events complete."""
        self.expire(now_s)
        done = []
        for event in events:
            if event.type != EV_KEY or event.value not in (UP, DOWN):
                continue
            if event.code in SHIFT_KEYS | COMPOSING_KEYS:
                (self._held.add if event.value == DOWN else self._held.discard)(event.code)
            elif event.value == DOWN and event.code not in LOCK_KEYS:
                self.pressed += now_s - self._last_s >= TYPED_BY_HAND_S
                self._last_s = now_s
                done += self._press(event.code, now_s)
        return done

    def expire(self, now_s: float) -> None:
        """Forget keys after the time-out."""
        if self._typed and now_s - self._last_s > self._timeout_s:
            self._typed.clear()
            self._held.clear()  # their release may have been lost
            self._unended += 1

    def _press(self, code: int, now_s: float) -> list[ReaderEntry]:
        does = SHIFTED_ACTIONS.get(code, ACTIONS.get(code)) if self._held & SHIFT_KEYS else ACTIONS.get(code)
        typed, ended = self._typed, does is KeyAction.END and bool(self._typed)
        if does is None:
            typed.append(self._digit(code))
            if len(typed) > LENGTH_MAX:
                typed[0] = ""  # invalid until it is cleared: further keys are not stored, so Backspace cannot repair it
                del typed[LENGTH_MAX:]
        elif does is KeyAction.BACK:
            del typed[-1:]
        else:
            self._typed = []
        if not ended:
            return []
        self._ended += 1
        return [ReaderEntry("" if "" in typed else "".join(typed), now_s)]

    def _digit(self, code: int) -> str:
        if self._held & COMPOSING_KEYS:
            return ""
        return KEYPAD.get(code) or ("" if self._held & SHIFT_KEYS else DIGIT_ROW.get(code, ""))
