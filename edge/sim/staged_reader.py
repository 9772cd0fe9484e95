"""A card reader and PIN pad on which a story types."""

from edge.core.domain import ReaderEntry, ReaderStatus
from edge.core.ports import Clock


class StagedReader:
    """The port `edge.core.ports.CardReader`: `types` is what somebody enters, `plugged` whether the reader is there."""

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

    def status(self) -> ReaderStatus:
        return ReaderStatus(self.plugged, "staged reader" if self.plugged else "unplugged")

    def close(self) -> None:
        """Nothing to let go of."""
