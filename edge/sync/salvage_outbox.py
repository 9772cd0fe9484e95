"""The outbox of what was saved from a damaged journal (`edge.storage.salvage`): the same window, acknowledgements and
order."""

from collections.abc import Callable
from pathlib import Path

import structlog

from contract.messages import Ack
from edge.core.ports import JournalReader
from edge.replica.writer import ReplicaWriter
from edge.storage.salvage import salvaged_files
from edge.sync.outbox import Outbox

log = structlog.get_logger()

LOOK_EVERY_S = 5.0


class SalvageOutbox:
    """Sends one file at a time. The gate removes a file once HQ holds it all; until then it is skipped."""

    def __init__(
        self,
        folder: Path,
        *,
        gate_id: str,
        replica: ReplicaWriter,
        open_reader: Callable[[Path], JournalReader],
        outbox_of: Callable[[JournalReader], Outbox],
    ) -> None:
        self._folder, self._gate_id, self._replica = folder, gate_id, replica
        self._open_reader, self._outbox_of = open_reader, outbox_of
        self._reader: JournalReader | None = None
        self._outbox: Outbox | None = None
        self._look_due_s = 0.0

    @property
    def unsent(self) -> int:
        """The number of saved events that are not yet at HQ."""
        return self._outbox.unsent if self._outbox else 0

    def follow(self, now_s: float) -> None:
        """Look every LOOK_EVERY_S for a file that HQ does not hold yet."""
        if now_s < self._look_due_s:
            return
        self._look_due_s = now_s + LOOK_EVERY_S
        if self._outbox is not None and not self._outbox.unsent:
            self.close()
        if self._outbox is not None:
            return
        for path, epoch, last in salvaged_files(self._folder):
            held = self._replica.acked(self._gate_id, epoch)
            if held is None or held.seq < last:
                log.info("salvaged_events_found", file=path.name, last=last)
                self._reader = self._open_reader(path)
                self._outbox = self._outbox_of(self._reader)
                self._outbox.follow()
                return

    def send(self, now_s: float, *, hq_away: bool) -> None:
        """See `Outbox.send`."""
        if self._outbox is not None:
            self._outbox.send(now_s, hq_away=hq_away)

    def acknowledged(self, ack: Ack, envelope: bytes, now_s: float, *, retained: bool) -> None:
        """See `Outbox.acknowledged`. Another epoch's acknowledgement is ignored."""
        if self._outbox is not None:
            self._outbox.acknowledged(ack, envelope, now_s, retained=retained)

    def restart(self) -> None:
        """See `Outbox.restart`."""
        if self._outbox is not None:
            self._outbox.restart()

    def close(self) -> None:
        """Close the file. May be called twice."""
        if self._reader is not None:
            self._reader.close()
        self._reader = self._outbox = None
