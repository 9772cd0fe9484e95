"""Ports of journal and disk."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from contract.messages import Ack, AnyEvent, DiskStep, Event, EventRecord
from edge.core.domain import JournalSize, LiveState

E = TypeVar("E", bound=Event)


class Disk(Protocol):
    """The disk that holds the journal."""

    step: DiskStep
    """The step at the last `measure`. At the start it is set to the step before."""

    def measure(self) -> float:
        """Measure the free space in MB, and update `step`. Raises OSError."""

    def forget_salvaged(self, acks: Sequence[Ack]) -> None:
        """Remove records saved from damaged journals, as soon as HQ holds them all."""

    def leftovers(self) -> list[str]:
        """List damaged databases that were set aside and may be removed, with their sizes."""


class JournalMemory(Protocol):
    """What the gate remembers outside the journal's file, and keeps if that file is lost."""

    def head(self) -> tuple[str, int] | None:
        """Return epoch and number of an event that the journal held at the last write; None if unknown."""

    def refs(self) -> Sequence[str]:
        """Return refs whose newest one holds after a restart: a lock-down, a fire."""

    def noted(self, event: Event, ref: str | None) -> None:
        """Note that an event is on disk."""


class Journal(Protocol):
    """The gate's append-only memory: hash-chained, on disk before `append` returns, and also the outbox."""

    epoch: str

    def append(self, kind: type[E], /, *, ref: str | None = None, **fields: Any) -> E:
        """Stamp, chain and store one event; it is on disk when this returns. `ref` makes the append single-use
        (`seen`)."""

    def seen(self, ref: str) -> bool:
        """Return True if an event with this `ref` was ever appended."""

    def last_ref(self, *beginnings: str) -> str | None:
        """Return the newest `ref` that begins with one of these. Refs stay after their events are pruned."""

    def latest(self, limit: int) -> list[AnyEvent]:
        """Return the newest events, newest first, for a gate that restarts."""

    def set_live(self, live: LiveState) -> None:
        """Overwrite the live state. It has no history and is not synced to disk."""

    def prune(self, acked_seq: int, keep_days: float, keep_events: int = 0) -> int:
        """Forget events that HQ holds and that are older than `keep_days`, except the newest `keep_events`.

        Return the number of removed events. The number per call is bounded: call again until it is 0.
        """

    def sealed_since(self) -> int:
        """Return the number of the first event whose sealed part is not erased; 0 if there is none."""

    def erase_sealed(self, acked_seq: int) -> int:
        """Erase sealed parts of events up to `acked_seq`, from the file and from its log. Return how many.

        What a reader uses at this moment is erased by a later call.
        """

    def shrink(self) -> bool:
        """Return free space to the disk, a bounded amount per call. Return True while there is more."""

    def size(self) -> JournalSize: ...

    def held_open_by(self) -> str:
        """Name the programs that read the journal at this moment."""

    def checkpoint(self) -> None:
        """Shorten the -wal file, if no reader prevents it."""

    def time_corrected(self) -> None:
        """Correct the remembered times after a clock that was ahead."""

    def knows_since(self) -> datetime | None:
        """Return the time from which on all uses are known; earlier ones are lost with an older file. None: all are
        known."""

    def close(self) -> None: ...


class JournalReader(Protocol):
    """The journal as other processes see it, read only."""

    def changed(self) -> bool:
        """Return True if the journal changed since the last call, and at the first call."""

    @property
    def epoch(self) -> str: ...

    def head(self) -> int:
        """Return the newest seq; 0 if empty."""

    def base(self) -> tuple[int, str]:
        """Return (seq, hash) before the oldest record still kept."""

    def records(self, after: int, limit: int) -> list[EventRecord]:
        """Return up to `limit` records with seq above `after`, in order."""

    @property
    def signed(self) -> bool:
        """True if the gate process signs its records."""

    def sealed(self) -> int:
        """Return how many enrolments still hold their sealed part."""

    def latest(self, limit: int) -> list[AnyEvent]:
        """Return the newest events, newest first."""

    def live(self) -> LiveState | None: ...

    def close(self) -> None:
        """Close the file. May be called twice."""
