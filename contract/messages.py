"""Every message that crosses the wire or enters the journal, as frozen pydantic models.

Compatibility: a reader ignores fields it does not know (so a newer minor version is readable) and refuses
a major version it does not know (`contract.codec`). Times are UTC. Worker ids are opaque to this project:
no message carries a name, a picture, or a readable template.
"""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

VERSION = "1.0"


def _as_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time needs its zone, for example 2026-11-21T06:00:00Z")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time outside the years 1 to 9999") from error


Utc = Annotated[datetime, AfterValidator(_as_utc)]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, Field(max_length=500)]


class Message(BaseModel):
    """The root of all messages: frozen, unknown fields ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64")

    version: str = Field(default=VERSION, pattern=r"^\d+\.\d+$")


# --- Words both sides use -------------------------------------------------------------------------------


class Reason(StrEnum):
    """Why the gate opened or stayed shut: exactly one per decision."""

    GRANTED = "granted"
    UNKNOWN = "unknown"
    NOT_THIS_SITE = "not_this_site"
    NOT_ACTIVE = "not_active"
    TRAINING_LAPSED = "training_lapsed"
    RISK_HOLD = "risk_hold"
    SECOND_FACTOR = "second_factor"
    LIVENESS_DOUBT = "liveness_doubt"
    LOW_QUALITY = "low_quality"
    MULTIPLE_FACES = "multiple_faces"
    ROSTER_EXPIRED = "roster_expired"
    CLOCK_UNTRUSTED = "clock_untrusted"
    REMOTE_OPEN = "remote_open"
    NO_DECISION = "no_decision"


class Advice(StrEnum):
    """The next step for the person in the lane."""

    WALK_THROUGH = "walk_through"
    COME_CLOSER = "come_closer"
    MORE_LIGHT = "more_light"
    LESS_LIGHT = "less_light"
    HOLD_STILL = "hold_still"
    LOOK_AT_CAMERA = "look_at_camera"
    LOOK_UP = "look_up"
    LOOK_DOWN = "look_down"
    UNCOVER_FACE = "uncover_face"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    ONE_BY_ONE = "one_by_one"
    SEE_DESK = "see_desk"
    WAIT = "wait"


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class DataTier(StrEnum):
    """How old a list is, by the limits of the policy in force."""

    FRESH = "fresh"
    STALE = "stale"
    EXPIRED = "expired"


class LivenessVerdict(StrEnum):
    """What presentation attack detection (ISO/IEC 30107) said of the person."""

    NOT_CHECKED = "not_checked"
    LIVE = "live"
    DOUBTFUL = "doubtful"


class PassageOutcome(StrEnum):
    PASSED = "passed"
    NOT_TAKEN = "not_taken"
    FORCED = "forced"


class NoticeCode(StrEnum):
    """Everything a gate records that is neither a decision, a passage nor an enrolment."""

    GATE_STARTED = "gate_started"
    GATE_STOPPED = "gate_stopped"
    CAMERA_LOST = "camera_lost"
    CAMERA_BACK = "camera_back"
    LIST_APPLIED = "list_applied"
    LIST_REFUSED = "list_refused"
    LOOK_ALIKE = "look_alike"
    MESSAGE_REFUSED = "message_refused"
    COMMAND_DONE = "command_done"
    COMMAND_REFUSED = "command_refused"
    REQUEST_REFUSED = "request_refused"
    JOURNAL_RESTARTED = "journal_restarted"
    REPLICA_RESTARTED = "replica_restarted"
    FIRE_ON = "fire_on"
    FIRE_OFF = "fire_off"
    TAMPER = "tamper"


class ListKind(StrEnum):
    """The signed lists HQ publishes to a site."""

    ROSTER = "roster"
    RISK = "risk"
    POLICY = "policy"


# --- Events: what the gate writes in its journal and HQ receives ----------------------------------------


class Event(Message):
    """What every event carries. `seq` counts from 1 without holes within one `epoch` (one journal file)."""

    gate_id: Id
    site_id: Id
    epoch: Id
    seq: int = Field(ge=1)
    boot_id: Id
    utc: Utc
    monotonic_ms: int = Field(ge=0)
    clock_trusted: bool


class AccessEvent(Event):
    """A decision, with everything it was decided with."""

    type: Literal["access"] = "access"
    reason: Reason
    granted: bool
    advice: Advice
    direction: Direction
    worker_id: Id | None = None
    score: float | None = Field(default=None, ge=-1, le=1)
    threshold: float | None = Field(default=None, ge=-1, le=1)
    frames: int = Field(default=0, ge=0)
    liveness: LivenessVerdict = LivenessVerdict.NOT_CHECKED
    model_id: str = ""
    gallery_size: int = Field(default=0, ge=0)
    roster_version: int = Field(default=0, ge=0)
    risk_version: int = Field(default=0, ge=0)
    policy_version: int = Field(default=0, ge=0)
    roster_tier: DataTier = DataTier.EXPIRED
    risk_tier: DataTier = DataTier.EXPIRED
    detail: Text = ""


class PassageEvent(Event):
    """What became of an opened gate, or of one that somebody forced."""

    type: Literal["passage"] = "passage"
    outcome: PassageOutcome
    direction: Direction
    access_seq: int | None = Field(default=None, ge=1)
    worker_id: Id | None = None


class NoticeEvent(Event):
    type: Literal["notice"] = "notice"
    code: NoticeCode
    detail: Text = ""


class EnrolmentEvent(Event):
    """A template made at this gate, sealed so that only HQ can read it (`EnrolmentRecord` inside)."""

    type: Literal["enrolment"] = "enrolment"
    worker_id: Id
    consent_ref: str = Field(min_length=1, max_length=120)
    model_id: str
    sealed_record: bytes


AnyEvent = Annotated[AccessEvent | PassageEvent | NoticeEvent | EnrolmentEvent, Field(discriminator="type")]


class EventRecord(BaseModel):
    """One journal line. `hash` = SHA-256(bytes of `prev_hash` ‖ UTF-8 bytes of `body`), hex; `body` is the event's JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    seq: int = Field(ge=1)
    prev_hash: Sha256
    hash: Sha256
    body: str = Field(max_length=65_536)


class EventBatch(Message):
    """Consecutive records of one journal, in order."""

    type: Literal["event_batch"] = "event_batch"
    site_id: Id
    gate_id: Id
    epoch: Id
    records: tuple[EventRecord, ...] = Field(min_length=1, max_length=500)


class Ack(Message):
    """HQ's promise: it holds every event of `epoch` up to and including `seq` (0 = none yet)."""

    type: Literal["ack"] = "ack"
    gate_id: Id
    epoch: Id
    seq: int = Field(ge=0)
    utc: Utc


# --- Presence -------------------------------------------------------------------------------------------


class GateStatus(Message):
    """Retained birth, planned death and Will of a gate's sync process."""

    type: Literal["gate_status"] = "gate_status"
    gate_id: Id
    site_id: Id
    online: bool
    planned: bool = False
    software: str = ""
    roster_version: int = Field(default=0, ge=0)
    risk_version: int = Field(default=0, ge=0)
    policy_version: int = Field(default=0, ge=0)
    utc: Utc | None = None


class Health(Message):
    """Telemetry, every few seconds, never queued."""

    type: Literal["health"] = "health"
    gate_id: Id
    site_id: Id
    utc: Utc
    unsent_events: int = Field(ge=0)
    oldest_unsent_s: float = Field(default=0, ge=0)
    camera_ok: bool = False
    frames_per_s: float = Field(default=0, ge=0)
    gate_state: str = ""
    disk_free_mb: int = Field(default=0, ge=0)
    cpu_temperature_c: float | None = None


class HqState(Message):
    """Retained birth and Will of HQ itself."""

    type: Literal["hq_state"] = "hq_state"
    online: bool
    utc: Utc | None = None


# --- Lists: what HQ publishes to a site, signed and sealed ----------------------------------------------


class SealedTemplate(BaseModel):
    """A template inside an already sealed list: unit vector, float16 little-endian."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64")

    model_id: str = Field(min_length=1, max_length=80)
    vector: bytes


class WorkerRecord(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    worker_id: Id
    sites: tuple[Id, ...] = ()
    active: bool = True
    valid_from: date | None = None
    valid_until: date | None = None
    training_valid_until: date | None = None
    consent_ref: str | None = Field(default=None, max_length=120)
    templates: tuple[SealedTemplate, ...] = ()


class SnapshotHeader(Message):
    """What every list carries. A gate refuses a `list_version` lower than the one it has."""

    site_id: Id
    list_version: int = Field(ge=1)
    issued_utc: Utc


class RosterSnapshot(SnapshotHeader):
    type: Literal["roster"] = "roster"
    workers: tuple[WorkerRecord, ...] = ()


class RiskEntry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    worker_id: Id
    list_name: str = Field(default="key-screening", max_length=80)


class RiskSnapshot(SnapshotHeader):
    type: Literal["risk"] = "risk"
    entries: tuple[RiskEntry, ...] = ()


class PolicySnapshot(SnapshotHeader):
    """The site's rules. The defaults hold until HQ's first policy arrives (policy version 0)."""

    type: Literal["policy"] = "policy"
    list_version: int = Field(default=0, ge=0)
    roster_stale_after_h: float = Field(default=24, gt=0, le=24 * 90)
    roster_expired_after_h: float = Field(default=24 * 7, gt=0, le=24 * 365)
    risk_stale_after_h: float = Field(default=24, gt=0, le=24 * 90)
    risk_expired_after_h: float = Field(default=72, gt=0, le=24 * 365)
    admit_on_stale: bool = True
    training_required: bool = True
    look_alike_second_factor: bool = True


class SealedList(SnapshotHeader):
    """What travels, signed: one of the lists above, sealed for the site. The header stands outside the seal, so that
    whoever carries it can refuse an old version; whoever opens it checks that the list inside says the same."""

    type: Literal["sealed_list"] = "sealed_list"
    kind: ListKind
    sealed: bytes


# --- Commands -------------------------------------------------------------------------------------------


class CommandAction(StrEnum):
    OPEN_ONCE = "open_once"


class Command(Message):
    """An order to one gate: addressed, expiring, single-use, with who and why."""

    type: Literal["command"] = "command"
    command_id: Id
    gate_id: Id
    action: CommandAction
    issued_utc: Utc
    expires_utc: Utc
    issued_by: Id
    why: Text


class EnrolmentRecord(Message):
    """A capture subject's templates and the consent they rest on; only ever sealed for HQ."""

    type: Literal["enrolment_record"] = "enrolment_record"
    worker_id: Id
    consent_ref: str = Field(min_length=1, max_length=120)
    captured_utc: Utc
    templates: tuple[SealedTemplate, ...] = Field(min_length=1)


AnyMessage = (
    EventBatch | Ack | GateStatus | Health | HqState | RosterSnapshot | RiskSnapshot | PolicySnapshot | SealedList
    | Command | EnrolmentRecord
)  # fmt: skip
