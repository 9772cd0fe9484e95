"""Brings the broker's answers to the messages they are for. An answer may come before its number is known."""

import threading
from collections.abc import Callable

Answered = Callable[[int, str], None]
"""Takes the broker's answer to one message: code and reason (MQTT 5, 3.4.2.1)."""
_EARLY_MAX = 100


class PublishAnswers:
    """Of one connection. The lock is held for the dictionaries only, never while the MQTT client is called."""

    def __init__(self) -> None:
        self._expected: dict[int, Answered | None] = {}
        self._early: dict[int, tuple[int, str]] = {}
        self._lock = threading.Lock()

    def expect(self, number: int, answered: Answered | None) -> None:
        """Say who waits for the answer to this message; None: nobody does."""
        with self._lock:
            early = self._early.pop(number, None)
            if early is None:
                self._expected[number] = answered
        if early is not None and answered is not None:
            answered(*early)

    def arrived(self, number: int, code: int, reason: str) -> None:
        """Pass an answer on to the part that waits for it."""
        with self._lock:
            known = number in self._expected
            answered = self._expected.pop(number, None)
            if not known:
                self._early[number] = (code, reason)
                while len(self._early) > _EARLY_MAX:
                    self._early.pop(next(iter(self._early)))
        if answered is not None:
            answered(code, reason)
