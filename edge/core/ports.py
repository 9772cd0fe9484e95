"""What the loop needs from the world. Real and fake adapters pass the same tests (tests/devices, tests/capture, tests/storage)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from contract.messages import Ack, Advice, AnyEvent, Command, Direction, DiskStep, Event, EventRecord, ListKind
from edge.core.domain import (
    CameraStatus,
    Candidate,
    Claim,
    DeskRequest,
    Frame,
    GateSignal,
    Identification,
    Incident,
    JournalSize,
    LastPassage,
    LiveState,
    ReaderEntry,
    ReaderStatus,
    Recognition,
    RosterState,
    TechnicianRequest,
    Template,
    ThermometerStatus,
    Tone,
)
from edge.core.score_counts import DayScores

E = TypeVar("E", bound=Event)


class JournalError(RuntimeError):
    """The journal cannot be used; the text says why and what to do. Nothing may be opened."""


class JournalHeld(JournalError):
    """Another program locks the journal: what could not be written is written once that is over."""


class DeskError(RuntimeError):
    """desk.db cannot be used; the text says why and what to do."""


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

    def identify(self, frame: Frame) -> Identification:
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


class CodeReader(Protocol):
    """QR codes in the camera's frames."""

    def read(self, frame: Frame) -> Claim | None:
        """What a code claims that has just come into view; None if there is none, or the same one as before. Codes that
        are not ours are nothing at all. Not every frame is looked into."""


class CardReader(Protocol):
    """A card reader or PIN pad that types like a keyboard, with a thread of its own."""

    def start(self) -> None: ...

    def entries(self) -> list[ReaderEntry]:
        """What was entered since the last call, oldest first."""

    def status(self) -> ReaderStatus: ...

    def close(self) -> None:
        """Let go of the device; may be called twice."""


class PinCodeCheck(Protocol):
    """Compares a PIN with its stored form, which takes longer than a frame may wait."""

    def ask(self, pin: str, stored: str) -> None:
        """Begin; a question not yet answered is dropped."""

    def answer(self) -> bool | None:
        """Once per question: whether the PIN was right. None: nothing asked, or not known yet."""

    def close(self) -> None: ...


class ScoreCountStore(Protocol):
    """Keeps the counts of scores across restarts. It never raises: without them the gate recognises as before."""

    def days(self) -> list[DayScores]:
        """All days kept, oldest first."""

    def save(self, day: DayScores) -> None:
        """Keep this day's counts in place of its earlier ones, and forget days that are no longer needed."""


class Gate(Protocol):
    """The thing that opens. Locked unless a pulse is running or fire holds it open."""

    def pulse(self, way: Direction = Direction.IN, stretch: float = 1.0) -> None:
        """Release `way` for one bounded pulse, `stretch` times as long as usual but never longer than the bound; ends
        by itself, whatever becomes of the caller. Raises GateError."""

    def lock(self) -> None:
        """End any pulse now."""

    def hold_open(self) -> None:
        """Release until `lock`: only for fire."""

    def signals(self) -> list[GateSignal]:
        """What the inputs reported since the last call: fire first, then oldest first."""

    def wait(self, timeout_s: float) -> None:
        """Until an input reports something, at most so long."""

    def chattering(self) -> list[str]:
        """Inputs found to chatter since the last call, by their config key; each at most once a minute."""

    @property
    def energised(self) -> bool: ...

    def close(self) -> None:
        """Lock and let go of the pins; may be called twice."""


class DeskRequestSource(Protocol):
    """What people at this gate asked for on their own screen or command line (desk.db)."""

    def changed(self) -> bool: ...

    def requests(self, after_id: int) -> Sequence[DeskRequest]:
        """Requests with an id above `after_id`, oldest first."""


class TechnicianRequestSource(Protocol):
    """What only a technician may ask of the gate process (`edge.storage.technician_request`)."""

    def waiting(self) -> TechnicianRequest | None: ...

    def done(self) -> None:
        """The request is recorded."""


class Indicator(Protocol):
    def show(self, tone: Tone, advice: Advice | None) -> None: ...

    def fill_light(self, on: bool) -> None:
        """Switch the lamp beside the camera, if there is one."""

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


class Presence(Protocol):
    """Who is in this gate's area, as far as the gate knows."""

    def inside(self, since: datetime) -> int:
        """People whose last passage is one in, at or after `since`; those who passed without a name are added up."""

    def last_passage(self, worker_id: str) -> LastPassage | None:
        """None if none is remembered."""


class Thermometer(Protocol):
    """Measures the skin of whoever stands before it."""

    def celsius(self) -> float | None:
        """The newest reading; None if it is no person's, too old, or the sensor is lost. Never waits."""

    def status(self) -> ThermometerStatus: ...

    def close(self) -> None:
        """May be called twice."""


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


class ClockBounds(Protocol):
    """What is known of the time beside what the clock shows (`edge.system.clock.BoundedClock`)."""

    def behind(self) -> timedelta:
        """How far the clock is behind a time that is known to be past; 0 while it is not."""

    def not_before(self, utc: datetime, monotonic_s: float | None = None) -> None:
        """It is this time or later, since `monotonic_s` (None: since now)."""

    def note(self) -> None:
        """Remember the present time, if it can be trusted."""

    def believe(self) -> None:
        """The present time is right, whatever was known before."""


class HighWaterMarks(Protocol):
    """What this gate must not forget with a file (`edge.storage.high_water`). Nothing here raises for a disk that refuses."""

    def newest_order(self) -> datetime | None:
        """When the newest order that was obeyed had been issued."""

    def note_order(self, issued_utc: datetime) -> None:
        """An order is about to be obeyed."""

    def note_time(self, utc: datetime) -> None:
        """A trusted clock showed this."""

    def lower_time(self, utc: datetime) -> None:
        """An earlier time is right after all."""

    def highest(self) -> Mapping[ListKind, int]:
        """The highest version of each list that was ever in force here."""

    def takes_older(self, kind: ListKind) -> bool:
        """True if a technician had this gate take the next list, also an older one."""

    def take_older(self) -> None:
        """Take the next list of each kind, also an older one."""


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
