"""Ports of journal and disk."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from contract.messages import Ack, AnyEvent, DiskStep, Event, EventRecord
from edge.core.domain import JournalSize, LiveState

E = TypeVar("E", bound=Event)


class Disk(Protocol):
    """The disk that the journal lies on."""

    step: DiskStep
    """As it was at the last `measure`; set at the start to what it was before."""

    def measure(self) -> float:
        """Free space in MB; `step` is renewed. Raises OSError."""

    def forget_salvaged(self, acks: Sequence[Ack]) -> None:
        """Remove what was saved from damaged journals, as far as HQ holds it all."""

    def leftovers(self) -> list[str]:
        """Damaged databases that were set aside and may be taken away, with their sizes."""


class JournalMemory(Protocol):
    """What the gate remembers beside the journal's file, and what outlives that file."""

    def head(self) -> tuple[str, int] | None:
        """Epoch and number of an event that the journal held when this was last written; None if nothing is remembered."""

    def refs(self) -> Sequence[str]:
        """Refs whose newest one still holds after a restart: a lock-down, a fire."""

    def noted(self, event: Event, ref: str | None) -> None:
        """An event is on disk."""


class Journal(Protocol):
    """The gate's append-only memory: hash-chained, on disk before `append` returns, and itself the outbox."""

    epoch: str

    def append(self, kind: type[E], /, *, ref: str | None = None, **fields: Any) -> E:
        """Stamp, chain and store one event; on return it is on disk. `ref` makes the append single-use (`seen`)."""

    def seen(self, ref: str) -> bool:
        """True if an event with this `ref` was ever appended."""

    def last_ref(self, *beginnings: str) -> str | None:
        """The newest `ref` that begins with one of these; refs outlive the pruning of their events."""

    def latest(self, limit: int) -> list[AnyEvent]:
        """The newest events, newest first: what a restarted gate must still know."""

    def set_live(self, live: LiveState) -> None:
        """Overwrite the present state; not history, not synced to disk."""

    def prune(self, acked_seq: int, keep_days: float, keep_events: int = 0) -> int:
        """Forget events that HQ holds and that are older than `keep_days`, but the newest `keep_events`; how many were
        removed. A bounded number at a time: call again while something is."""

    def sealed_since(self) -> int:
        """The first event with something sealed in it that was not erased; 0 if there is none."""

    def erase_sealed(self, acked_seq: int) -> int:
        """Erase what is sealed in events up to here, which HQ holds, from the file and from its log; of how many. What
        a reader is just looking at is erased at a later call."""

    def shrink(self) -> bool:
        """Give the room of forgotten events back to the disk, a bounded amount at a time; True while there is more."""

    def size(self) -> JournalSize: ...

    def held_open_by(self) -> str:
        """The programs that read the journal at this moment, in words."""

    def checkpoint(self) -> None:
        """Cut the -wal file, if no reader forbids that."""

    def time_corrected(self) -> None:
        """The clock was ahead and was set right: what this journal remembers of the time is corrected too."""

    def knows_since(self) -> datetime | None:
        """What was used before this time may be unknown here: the file that knew it is lost. None: all is known."""

    def close(self) -> None: ...


class JournalReader(Protocol):
    """The journal as the other processes see it: read only."""

    def changed(self) -> bool:
        """True if the journal changed since the last call (and at the first)."""

    @property
    def epoch(self) -> str: ...

    def head(self) -> int:
        """The newest seq, 0 if empty."""

    def base(self) -> tuple[int, str]:
        """(seq, hash) before the oldest record still kept."""

    def records(self, after: int, limit: int) -> list[EventRecord]:
        """Up to `limit` records with seq above `after`, in order."""

    @property
    def signed(self) -> bool:
        """Whether the gate process signs its records."""

    def sealed(self) -> int:
        """How many enrolments here still hold what was sealed in them."""

    def latest(self, limit: int) -> list[AnyEvent]:
        """The newest events, newest first."""

    def live(self) -> LiveState | None: ...

    def close(self) -> None:
        """Let go of the file; may be called twice."""
