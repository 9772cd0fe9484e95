"""The words of the gate: values only, no behaviour that touches the world."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from contract.messages import (
    Advice,
    DataTier,
    Direction,
    LivenessVerdict,
    NoticeCode,
    PolicySnapshot,
    Reason,
    RiskEntry,
)

Image = NDArray[np.uint8]
"""(height, width, 3), BGR, 0-255."""
Points = NDArray[np.float32]
"""(n, 2), x and y in pixels."""
Vector = NDArray[np.float32]
"""(dimension,), unit length."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One camera picture. `monotonic_s` is when it was captured; `number` grows by one per captured frame."""

    image: Image
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

    vector: Vector
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
    the candidate resembles too much for the face alone to decide, if there is one. While `challenge` is set the person
    is being asked to do it, and nothing is decided yet.
    """

    sight: Sight
    approach: int = 0
    candidate: Candidate | None = None
    threshold: float | None = None
    frames: int = 0
    usable_since_s: float | None = None
    look_alike: str | None = None
    liveness: LivenessVerdict = LivenessVerdict.NOT_CHECKED
    challenge: Advice | None = None


@dataclass(frozen=True, slots=True)
class Worker:
    """A person on the roster, as far as the gate needs to know; templates live in the gallery."""

    worker_id: str
    sites: frozenset[str] = frozenset()
    active: bool = True
    valid_from: date | None = None
    valid_until: date | None = None
    training_valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class ListAge:
    """A list's version (0 = none yet) and when HQ issued it."""

    version: int = 0
    issued_utc: datetime | None = None


@dataclass(frozen=True, slots=True)
class RosterState:
    """Everything HQ told this gate, verified: workers and risk entries by worker id, the policy, and their ages."""

    workers: dict[str, Worker] = field(default_factory=dict)
    risks: dict[str, RiskEntry] = field(default_factory=dict)
    templates: tuple[tuple[str, Template], ...] = ()
    policy: PolicySnapshot | None = None
    roster: ListAge = ListAge()
    risk: ListAge = ListAge()
    policy_age: ListAge = ListAge()


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
    detail: str = ""

    @property
    def granted(self) -> bool:
        return self.reason in (Reason.GRANTED, Reason.REMOTE_OPEN)


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
    FIRE_ON = "fire_on"
    FIRE_OFF = "fire_off"
    TAMPER = "tamper"


@dataclass(frozen=True, slots=True)
class CameraStatus:
    ok: bool
    detail: str
    frames_per_s: float = 0.0
    reopened: int = 0


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

    model_config = ConfigDict(frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    worker_id: str
    consent_ref: str
    model_id: str
    sealed_record: bytes


class LiveState(BaseModel):
    """The lane at this moment, for the screen and for health telemetry; overwritten, never history."""

    model_config = ConfigDict(frozen=True)

    utc: datetime
    direction: Direction
    gate_state: str
    tone: Tone
    advice: Advice | None = None
    camera_ok: bool = False
    camera_detail: str = ""
    frames_per_s: float = 0.0
    gallery_size: int = 0
    threshold: float | None = None
    clock_trusted: bool = False
    roster_tier: DataTier = DataTier.EXPIRED
    risk_tier: DataTier = DataTier.EXPIRED
