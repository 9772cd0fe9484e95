"""End every pulse on time in a separate thread: the first guard of a release.

The second guard is a separate process (`edge.devices.gate.watchdog`) and watches this one.
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol

from contract.messages import Direction
from edge.core.ports import GateError


class RelayWatchdog(Protocol):
    """The second guard. It learns of each release before it begins, and of its end."""

    def expect(self, until_s: float, allowed_s: float) -> None:
        """Expect the relay to be locked by `until_s` (monotonic), at most `allowed_s` after the release began.

        Raises GateError if no watchdog runs.
        """

    def rest(self) -> None: ...

    def hold(self) -> None: ...

    def close(self) -> None:
        """Stop watching: the relay is locked, and stays so. May be called twice."""


class PulseGuard:
    """Ends every release on time. `on` energises the relay of one way, or of both (None); `off` locks all."""

    def __init__(
        self,
        on: Callable[[Direction | None], None],
        off: Callable[[], None],
        max_s: float,
        watchdog: RelayWatchdog | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on, self._off, self._max_s, self._watchdog, self._monotonic = on, off, max_s, watchdog, monotonic
        self._changed = threading.Condition()
        self._until: float | None = None
        self._since = 0.0
        self._closed = False
        self._thread = threading.Thread(target=self._watch, name="pulse-guard", daemon=True)
        self._thread.start()

    def release(self, seconds: float, way: Direction) -> None:
        """Energise for `seconds`, never longer than the bound. Raises GateError if a guard is not alive."""
        with self._changed:
            if self._closed or not self._thread.is_alive():
                raise GateError("the pulse guard is not running: the relay stays locked; restart sitegate gate")
            now = self._monotonic()
            if self._until is None:
                self._since = now
            bound = self._since + self._max_s  # counted from the first of several pulses without a lock between them
            if self._watchdog is not None:
                self._watchdog.expect(bound, self._max_s)
            self._until = min(now + seconds, bound)
            self._on(way)
            self._changed.notify()

    def hold(self) -> None:
        """Energise without an end, for fire. It waits for nobody, not even for a release that waits for its second
        guard."""
        self._refuse_if_closed()
        self._on(None)
        with self._changed:
            try:
                self._refuse_if_closed()
            except GateError:
                self._off()
                raise
            self._until = None
            if self._watchdog is not None:
                self._watchdog.hold()
            self._on(None)

    def lock(self) -> None:
        with self._changed:
            self._lock()

    def close(self) -> None:
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._lock()
            self._changed.notify()
        self._thread.join(timeout=1)

    def end_if_due(self) -> float | None:
        """End a release whose time is over. Return the seconds left of the current one; None without one."""
        with self._changed:
            left = None if self._until is None else self._until - self._monotonic()
            if left is None or left > 0:
                return left
            self._lock()
            return None

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise GateError("the gate is closed: it stays locked")

    def _lock(self) -> None:
        self._until = None
        self._off()
        if self._watchdog is not None:
            self._watchdog.rest()

    def _watch(self) -> None:
        try:
            with self._changed:
                while not self._closed:
                    self._changed.wait(self.end_if_due())
        finally:
            self._off()
