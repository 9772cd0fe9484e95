"""The words of the gate: values only, no behaviour that touches the world."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from contract.messages import (
    Advice,
    CommissioningOutcome,
    DataTier,
    Direction,
    DiskStep,
    Id,
    ListBase,
    ListKind,
    LivenessVerdict,
    NoticeCode,
    PolicySnapshot,
    Reason,
    RiskEntry,
    Utc,
)
from contract.policy import Factor
from edge.core.passage import PassageState

Image = NDArray[np.uint8]
"""(height, width, 3), BGR, 0-255."""
Points = NDArray[np.float32]
"""(n, 2), x and y in pixels."""
Vector = NDArray[np.float32]
"""(dimension,), unit length."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One camera picture. `monotonic_s` is when it was captured; `number` grows by one per captured frame."""

    image: Image = field(repr=False)
    monotonic_s: float
    number: int


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A detected face. `box` = x, y, width, height in pixels; `landmarks` = the person's right eye, left eye, nose,
    right and left mouth corner, (5, 2); `score` 0-1."""

    box: tuple[float, float, float, float]
    landmarks: Points
    score: float

    @property
    def eye_distance_px(self) -> float:
        return float(np.linalg.norm(self.landmarks[0] - self.landmarks[1]))


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A biometric reference or probe. Only templates of one `model_id` may ever be compared."""

    vector: Vector = field(repr=False)
    model_id: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible identity with its comparison score, a cosine from -1 to 1."""

    worker_id: str
    score: float


class Sight(StrEnum):
    """What the matcher sees in the lane at this moment."""

    NOBODY = "nobody"
    TOO_FAR = "too_far"
    TOO_DARK = "too_dark"
    BLURRED = "blurred"
    TURNED_AWAY = "turned_away"
    TILTED = "tilted"
    """The face is not upright: a head laid on the shoulder, or a picture upside down."""
    LOOKING_UP = "looking_up"
    LOOKING_DOWN = "looking_down"
    TOO_BRIGHT = "too_bright"
    OCCLUDED = "occluded"
    """Not recognised, and the mouth or the eyes are covered: no stranger yet."""
    MULTIPLE_FACES = "multiple_faces"
    LOOKING = "looking"
    """A usable face, the vote not yet finished."""
    UNKNOWN = "unknown"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Identification:
    """The matcher's answer to one frame.

    `approach` numbers the person in front of the gate: it changes when the lane was empty or another face took over.
    `frames` counts the votes behind the answer. `candidate` is the best one, also when it is below `threshold`.
    `usable_since_s` is the monotonic time of the first usable frame of this approach. `look_alike` is the worker whom
    the candidate resembles too much for the face alone to decide, if there is one; `runner_up` is the best score of any
    other worker than a KNOWN one, None if there is none. While `challenge` is set the person
    is being asked to do it, and nothing is decided yet.
    """

    sight: Sight
    approach: int = 0
    candidate: Candidate | None = None
    threshold: float | None = None
    frames: int = 0
    usable_since_s: float | None = None
    look_alike: str | None = None
    runner_up: float | None = None
    liveness: LivenessVerdict = LivenessVerdict.NOT_CHECKED
    challenge: Advice | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Who somebody has shown to be by other means than the face: a code, a card, a PIN, a guard's word.

    `worker_id` is set only if what was shown is genuine; otherwise `refusal` says, for the manager, why it is not.
    `ref`, if any, is what the journal must know the admission by, because it was shown for one use, and `issued_utc` since when
    that may have been.
    """

    worker_id: str | None = None
    factors: frozenset[Factor] = frozenset()
    refusal: str = ""
    ref: str = ""
    issued_utc: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReaderEntry:
    """What a card reader or PIN pad gave up to its Enter key; `text` is empty if it was not digits alone. Never logged."""

    text: str = field(repr=False)
    monotonic_s: float


@dataclass(frozen=True, slots=True)
class ReaderStatus:
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class LastPassage:
    """A worker's last recorded passage at this site."""

    direction: Direction
    utc: datetime


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Everything a decision rests on beside the person and HQ's lists.

    `locked_down`: a lock-down keeps people from passing this way. `disk_critical`: events are written out of the last
    reserve. `temperature_c`: of the person, None without a reading. `inside`: people in this gate's `area` now. `partner`: another
    worker who would be admitted and waits for a second person, or was let in as the second (two-person rule).
    `gear_missing`: the protective gear seen to be missing, None where nothing measures it.
    """

    site_id: str
    direction: Direction
    now: datetime
    clock_trusted: bool
    must_be_live: bool = False
    locked_down: bool = False
    disk_critical: bool = False
    temperature_c: float | None = None
    inside: int = 0
    last_passage: LastPassage | None = None
    partner: str | None = None
    area: str = ""
    gear_missing: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Worker:
    """A person on the roster, as far as the gate needs to know; templates live in the gallery."""

    worker_id: str
    sites: frozenset[str] = frozenset()
    active: bool = True
    valid_from: date | None = None
    valid_until: date | None = None
    training_valid_until: date | None = None
    employer: str | None = None
    trade: str | None = None
    declared_utc: datetime | None = None
    slow: bool = False
    cards: tuple[str, ...] = field(default=(), repr=False)
    pin: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ListAge:
    """A list's version (0 = none yet) and when HQ issued it."""

    version: int = 0
    issued_utc: datetime | None = None


class ListMark(BaseModel):
    """The version of a list that came into force here, when HQ issued it, and what tells it from another of this version."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    version: int = Field(ge=1)
    issued_utc: Utc
    digest: str


@dataclass(frozen=True, slots=True)
class RosterState:
    """Everything HQ told this gate, verified: workers and all their risk entries by worker id, the policy, and their ages."""

    workers: dict[str, Worker] = field(default_factory=dict)
    risks: dict[str, tuple[RiskEntry, ...]] = field(default_factory=dict)
    templates: Sequence[tuple[str, Template]] = ()
    policy: PolicySnapshot | None = None
    roster: ListAge = ListAge()
    risk: ListAge = ListAge()
    policy_age: ListAge = ListAge()
    trusts: tuple[str, ...] = ()
    """Ids of HQ's signing keys that are believed, and of the site's keys that are held here: what the above rests on."""
    opens: tuple[str, ...] = ()
    roster_base: ListBase | None = None
    """The roster as it was published whole, before its changes: whoever left since then is still in it."""
    withheld: frozenset[ListKind] = frozenset()
    """Lists of which a newer version was in force here before: what lies here now is older, and is not believed."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate does with the person, and why. Exactly one reason; never an exception."""

    reason: Reason
    advice: Advice
    worker_id: str | None = None
    score: float | None = None
    threshold: float | None = None
    frames: int = 0
    liveness: LivenessVerdict = LivenessVerdict.NOT_CHECKED
    roster_tier: DataTier = DataTier.EXPIRED
    risk_tier: DataTier = DataTier.EXPIRED
    factors: frozenset[Factor] = frozenset()
    alerts: tuple[str, ...] = ()
    temperature_c: float | None = None
    slow: bool = False
    detail: str = ""

    @property
    def granted(self) -> bool:
        return self.reason in (Reason.GRANTED, Reason.REMOTE_OPEN, Reason.MANUAL_ADMIT)

    @property
    def tone(self) -> "Tone":
        """How the lane is told of it."""
        return Tone.GO if self.granted else Tone.DESK if self.advice is Advice.SEE_DESK else Tone.ADJUST


class Tone(StrEnum):
    """The colour of what the lane is told: blue idle, amber wait or adjust, green go, red stop, neutral desk."""

    IDLE = "idle"
    ADJUST = "adjust"
    GO = "go"
    STOP = "stop"
    DESK = "desk"


class GateSignal(StrEnum):
    """What the gate's inputs report."""

    PASSED = "passed"
    """Somebody passed; the sensor cannot tell which way."""
    PASSED_IN = "passed_in"
    PASSED_OUT = "passed_out"
    ROTATING = "rotating"
    DOOR_OPENED = "door_opened"
    DOOR_CLOSED = "door_closed"
    REX = "rex"
    RESET = "reset"
    FIRE_ON = "fire_on"
    FIRE_OFF = "fire_off"
    TAMPER = "tamper"
    TAMPER_OVER = "tamper_over"


@dataclass(frozen=True, slots=True)
class CameraStatus:
    ok: bool
    detail: str
    frames_per_s: float = 0.0
    reopened: int = 0


@dataclass(frozen=True, slots=True)
class ThermometerStatus:
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class JournalSize:
    """`head`: the newest seq; `kept`: events still in the file; `used_mb`: what they take, free pages apart; `log_mb`: the
    -wal file beside it, which grows while another program reads."""

    head: int
    kept: int
    used_mb: float
    log_mb: float = 0.0

    def mb_of(self, events: int) -> float:
        """What so many events take, by those that are kept."""
        return self.used_mb / self.kept * events if self.kept else 0.0


@dataclass(frozen=True, slots=True)
class Incident:
    """Something the sync process refused or could not read, for the gate to journal. `ref` is unique for ever."""

    ref: str
    code: NoticeCode
    detail: str


@dataclass(frozen=True, slots=True)
class DeskRequest:
    """A local request for the gate to journal; `ref` is unique for ever, `body` is JSON of the kind's model."""

    id: int
    ref: str
    kind: str
    body: str


class EnrolmentRequest(BaseModel):
    """Body of a desk request of kind "enrol": an enrolment made here, already sealed for HQ."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, ser_json_bytes="base64", val_json_bytes="base64")

    worker_id: Id
    consent_ref: str = Field(min_length=1, max_length=120)
    model_id: str = Field(max_length=200)
    sealed_record: bytes = Field(max_length=45_000, repr=False)
    """With more, the event would be longer than `EventRecord` allows, and HQ could take nothing after it."""


class CommissioningRequest(BaseModel):
    """Body of a desk request of kind "commission": a signed self-test of this gate."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, ser_json_bytes="base64", val_json_bytes="base64")

    outcome: CommissioningOutcome
    signed_record: bytes = Field(max_length=40_000)
    public_key: bytes = Field(min_length=32, max_length=32)


ENROL, ADMIT, COMMISSION = "enrol", "admit", "commission"
LOCK_DOWN, RELEASE_LOCK_DOWN = "lock_down", "release_lock_down"
"""Kinds of desk requests."""


class AdmitRequest(BaseModel):
    """Body of a desk request of kind "admit": a guard lets somebody through, by name and with a reason."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    by: str = Field(min_length=1, max_length=40)
    reason: str = Field(min_length=3, max_length=200)
    worker_id: Id | None = None
    direction: Direction
    asked_utc: Utc


class LockDownRequest(BaseModel):
    """Body of a desk request of kind "lock_down" or "release_lock_down"."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    by: str = Field(min_length=1, max_length=40)
    asked_utc: Utc


class TechnicianRequest(BaseModel):
    """What only a technician may ask (`edge.storage.technician_request`). `ref` is unique for ever."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    kind: Literal["take_older_lists", "believe_clock"]
    ref: str = Field(min_length=8, max_length=80)
    by: str = Field(min_length=1, max_length=40)
    why: str = Field(default="", max_length=300)
    asked_utc: Utc


class Recognition(BaseModel):
    """What the threshold rests on, and what the gate's own scores say of it.

    `tail`: "pack", "gallery" (the workers' own templates) or "config" (set by hand). `correction` was added to the threshold;
    `proposed` is the threshold that the scores ask for, None while they ask for no other. `drift` holds, by what was watched, the
    population stability index over its limit: from 1 on it alarms, if it moved for the worse (`alarms`).
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    workers: int
    fpir_target: float
    tail: str
    correction: float = 0.0
    proposed: float | None = None
    drift: dict[str, float] = {}
    alarms: tuple[str, ...] = ()


class DiskState(BaseModel):
    """The disk under the journal. `days_left`: until it or the journal's budget is full, None if neither fills."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    step: DiskStep
    free_mb: float
    days_left: float | None = None


class LiveState(BaseModel):
    """The lane at this moment, for the screen and for health telemetry; overwritten, never history."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    utc: datetime
    direction: Direction
    gate_state: PassageState | str = Field(union_mode="left_to_right")
    """A text only where the gate process is of another version, or has said nothing yet."""
    tone: Tone
    advice: Advice | None = None
    camera_ok: bool = False
    camera_detail: str = ""
    frames_per_s: float = 0.0
    gallery_size: int = 0
    threshold: float | None = None
    recognition: Recognition | None = None
    clock_trusted: bool = False
    model_id: str = ""
    uptime_s: float = 0.0
    """Since the gate process started."""
    memory_mb: float = 0.0
    """Of the gate process."""
    passages: int = 0
    """People who passed this gate's own way since then."""
    roster_tier: DataTier = DataTier.EXPIRED
    risk_tier: DataTier = DataTier.EXPIRED
    trusts: tuple[str, ...] = ()
    opens: tuple[str, ...] = ()
    """See `RosterState`: the process with the network tells HQ, and must not read the site's key itself."""
    roster_base: ListBase | None = None
    disk: DiskState | None = None
    lists_refused: dict[ListKind, int] = Field(default_factory=dict)
    """Lists of which an older version lies here than was in force before, and that version."""
    lists_older: tuple[ListKind, ...] = ()
    """Lists whose next version may be an older one, because a technician said so."""
    clock_behind: bool = False
    """The clock shows a time that lies behind one that it has shown before."""
    liveness: str = ""
    """The mode that is in force; '' from a gate process that does not tell."""
