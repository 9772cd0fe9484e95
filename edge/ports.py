"""What the loop needs from the world. Real and fake adapters pass the same tests (tests/ports)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from contract.messages import Ack, Advice, AnyEvent, Command, Event, EventRecord
from edge.domain import (
    CameraStatus,
    Candidate,
    DeskRequest,
    Frame,
    GateSignal,
    Identification,
    Incident,
    LiveState,
    Recognition,
    RosterState,
    Template,
    Tone,
)
from edge.scores import DayScores

E = TypeVar("E", bound=Event)


class JournalError(RuntimeError):
    """The journal cannot be used; the text says why and what to do. Nothing may be opened."""


class GateError(RuntimeError):
    """The pins cannot be used; the text says what to do. The gate stays locked."""


class Clock(Protocol):
    def utc(self) -> datetime:
        """The wall clock, with zone UTC."""

    def monotonic(self) -> float:
        """Seconds that never jump; the only clock for durations."""

    def trusted(self) -> bool:
        """False while the wall clock is certainly wrong (before this software was made)."""


class Camera(Protocol):
    """A source of frames with a capture thread of its own; only the newest frame is kept."""

    def start(self) -> None: ...

    def wait(self, after: int, timeout_s: float) -> Frame | None:
        """The newest frame with a number above `after`, waiting at most `timeout_s`; None if there is none or it is stale."""

    def status(self) -> CameraStatus: ...

    def close(self) -> None:
        """Stop and release; may be called twice."""


class Matcher(Protocol):
    model_id: str

    def look(self, frame: Frame) -> Identification:
        """What this frame and the ones before it say of the person in the lane."""

    def load(self, templates: Sequence[tuple[str, Template]]) -> None:
        """Replace the gallery. Templates of another model are left out, never compared."""

    def survey(self) -> Mapping[str, Candidate] | None:
        """One bounded step of comparing all workers of the gallery with one another. None until it is complete, then
        by worker id the nearest look-alike of every worker who has one."""

    def notices(self) -> Sequence[Incident]:
        """What its own scores tell: a proposed threshold, a drift. The caller journals each `ref` once."""

    @property
    def recognition(self) -> Recognition:
        """What the threshold rests on."""

    @property
    def gallery_size(self) -> int:
        """Templates that can be matched now."""

    @property
    def threshold(self) -> float:
        """The score from which a candidate counts, for the present gallery."""


class ScoreStore(Protocol):
    """Keeps the counts of scores across restarts. It never raises: without them the gate recognises as before."""

    def days(self) -> list[DayScores]:
        """All days kept, oldest first."""

    def save(self, day: DayScores) -> None:
        """Keep this day's counts in place of its earlier ones, and forget days that are no longer needed."""


class Gate(Protocol):
    """The thing that opens. Locked unless a pulse is running or fire holds it open."""

    def pulse(self) -> None:
        """Release for one bounded pulse; ends by itself, whatever becomes of the caller."""

    def lock(self) -> None:
        """End any pulse now."""

    def hold_open(self) -> None:
        """Release until `lock`: only for fire."""

    def signals(self) -> list[GateSignal]:
        """What the inputs reported since the last call, oldest first."""

    @property
    def energised(self) -> bool: ...

    def close(self) -> None:
        """Lock and let go of the pins; may be called twice."""


class Requests(Protocol):
    """What people at this gate asked for on their own screen or command line (desk.db)."""

    def changed(self) -> bool: ...

    def requests(self, after_id: int) -> Sequence[DeskRequest]:
        """Requests with an id above `after_id`, oldest first."""


class Indicator(Protocol):
    def show(self, tone: Tone, advice: Advice | None) -> None: ...

    def close(self) -> None: ...


class Roster(Protocol):
    """HQ's lists and commands as the sync process left them, verified here before anything is believed."""

    def refresh(self) -> bool:
        """True if the state changed since the last call. Never raises for bad content: see `incidents`."""

    @property
    def state(self) -> RosterState: ...

    def incidents(self) -> list[Incident]:
        """What was refused since the start of the replica; the caller skips those it has journalled."""

    def commands(self, now: datetime) -> list[Command]:
        """Commands that arrived since the last call, oldest first: signed by HQ, addressed to this gate, not expired.
        Refused ones become incidents. The caller makes them single-use (`Journal.seen`)."""

    def acks(self) -> list[Ack]:
        """HQ's newest verified acknowledgement of each epoch."""


class Journal(Protocol):
    """The gate's append-only memory: hash-chained, on disk before `append` returns, and itself the outbox."""

    epoch: str

    def append(self, kind: type[E], /, *, ref: str | None = None, **fields: Any) -> E:
        """Stamp, chain and store one event; on return it is on disk. `ref` makes the append single-use (`seen`)."""

    def seen(self, ref: str) -> bool:
        """True if an event with this `ref` was ever appended."""

    def set_live(self, live: LiveState) -> None:
        """Overwrite the present state; not history, not synced to disk."""

    def prune(self, acked_seq: int, keep_days: float) -> int:
        """Forget events that HQ holds and that are older than `keep_days`; how many were removed."""

    def close(self) -> None: ...


class JournalReader(Protocol):
    """The journal as the other processes see it: read only."""

    def changed(self) -> bool:
        """True if the journal changed since the last call (and at the first)."""

    @property
    def epoch(self) -> str: ...

    def head(self) -> int:
        """The newest seq, 0 if empty."""

    def records(self, after: int, limit: int) -> list[EventRecord]:
        """Up to `limit` records with seq above `after`, in order."""

    def latest(self, limit: int) -> list[AnyEvent]:
        """The newest events, newest first."""

    def live(self) -> LiveState | None: ...
