"""Read a card reader or PIN pad that types like a keyboard. A separate thread reads it, and reopens it after a
disconnection."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from common.backoff import Backoff
from edge.core.config import ReaderConfig
from edge.core.domain import ReaderEntry, ReaderStatus
from edge.core.ports import Clock
from edge.devices.readers.keyboard import InputEvent, KeyCollector

READ_WAIT_S = 0.5
REOPEN_MIN_S = 0.5
ENTRIES_MAX = 20
"""Maximum number of waiting entries: more than a person types while the loop is busy."""
NEVER_ENDS = ": it types, but no Enter, Tab or # after it, so nothing is ever read: set its suffix to Enter"

log = structlog.get_logger()


class KeySource(Protocol):
    """An input device, used by one thread. `name` is for status and logs."""

    name: str

    def open(self) -> None:
        """Open the device for this process alone. Raises OSError with what to do."""

    def read(self, timeout_s: float) -> Sequence[InputEvent]:
        """Return events; wait at most `timeout_s` for the first. Raises OSError when the device is gone."""

    def close(self) -> None:
        """Close the device. May be called twice and without `open`."""


class WedgeReader:
    """Implements `edge.core.ports.CardReader`. `make` returns a new source for each attempt."""

    def __init__(self, make: Callable[[], KeySource], config: ReaderConfig, clock: Clock) -> None:
        self._make, self._config, self._clock = make, config, clock
        self._entries: deque[ReaderEntry] = deque(maxlen=ENTRIES_MAX)
        self._status = ReaderStatus(True, "opening for the first time")
        self._pressed = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def entries(self) -> list[ReaderEntry]:
        taken = []
        while self._entries:
            taken.append(self._entries.popleft())
        return taken

    def keys(self) -> int:
        return self._pressed

    def status(self) -> ReaderStatus:
        if self._thread.ident is not None and not self._thread.is_alive():
            return ReaderStatus(False, "the reader's thread ended")
        return self._status

    def close(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2 * READ_WAIT_S + 1)

    def _run(self) -> None:
        backoff = Backoff(REOPEN_MIN_S, self._config.reopen_max_ms / 1000)
        while not self._ended.is_set():
            source, pause_s = self._make(), 0.0
            try:
                source.open()
                self._status = ReaderStatus(True, source.name)
                backoff.reset()
                self._follow(source)
            except OSError as error:
                self._status = ReaderStatus(False, str(error))
                pause_s = backoff.next_s()
                log.warning("reader_lost", device=source.name, error=str(error), retry_s=pause_s)
            finally:
                source.close()
            self._ended.wait(pause_s)

    def _follow(self, source: KeySource) -> None:
        keys = KeyCollector(self._config.entry_timeout_ms / 1000)
        told = False
        while not self._ended.is_set():
            events, now_s = source.read(READ_WAIT_S), self._clock.monotonic()
            before = keys.pressed
            self._entries.extend(keys.take(events, now_s))
            self._pressed += keys.pressed - before
            if keys.never_sends_enter is not told:
                told = keys.never_sends_enter
                self._status = ReaderStatus(not told, f"{source.name}{NEVER_ENDS}" if told else source.name)
                log.warning("reader_never_ends" if told else "reader_ends", device=source.name)
