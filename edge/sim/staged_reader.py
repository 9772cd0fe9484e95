"""Simulate a card reader and PIN pad for a story."""

from edge.core.domain import ReaderEntry, ReaderStatus
from edge.core.ports import Clock


class StagedReader:
    """Implements `edge.core.ports.CardReader`. `types` enters text; `plugged`: whether the reader is connected."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[ReaderEntry] = []
        self.plugged = True

    def start(self) -> None:
        """Nothing to open."""

    def types(self, text: str) -> None:
        if self.plugged:
            self._entries.append(ReaderEntry(text, self._clock.monotonic()))

    def entries(self) -> list[ReaderEntry]:
        taken, self._entries = self._entries, []
        return taken

    def keys(self) -> int:
        """A story types no single keys."""
        return 0

    def status(self) -> ReaderStatus:
        return ReaderStatus(self.plugged, "staged reader" if self.plugged else "unplugged")

    def close(self) -> None:
        """Nothing to release."""
