"""Events in a gate's journal, the batches that carry them to HQ, and HQ's answers."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contract.messages.base import Id, Message, Sha256, Signature, Text, Utc
from contract.messages.words import (
    Advice,
    CommissioningOutcome,
    DataTier,
    Direction,
    LivenessVerdict,
    NoticeCode,
    Origin,
    PassageOutcome,
    Reason,
    TrainingStep,
)
from contract.policy import Factor


class Event(Message):
    """The fields of every event. `seq` counts from 1 without holes within one `epoch` (one journal file)."""

    gate_id: Id
    site_id: Id
    epoch: Id
    seq: int = Field(ge=1)
    boot_id: Id
    utc: Utc
    monotonic_ms: int = Field(ge=0)
    clock_trusted: bool


class AskedEvent(Event):
    """An event that a person may have asked for. `by`: the name of their account, or "". `origin`: where they asked."""

    by: str = Field(default="", max_length=64)
    origin: Origin | None = None


class AccessEvent(AskedEvent):
    """A decision, with all that it depended on."""

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
    presence_version: int = Field(default=0, ge=0)
    """The presence list that told who is inside; 0: this gate's own count."""
    roster_tier: DataTier = DataTier.EXPIRED
    risk_tier: DataTier = DataTier.EXPIRED
    factors: tuple[Factor, ...] = ()
    alerts: tuple[Text, ...] = Field(default=(), max_length=20)
    """What the manager should know about an admitted worker: the name of a risk list, a soft anti-passback."""
    temperature_c: float | None = Field(default=None, ge=-50, le=150)
    detail: Text = ""


class PassageEvent(AskedEvent):
    """What happened after a release, or without one. With `by`: no sensor saw it, but this person recorded it."""

    type: Literal["passage"] = "passage"
    outcome: PassageOutcome
    direction: Direction
    access_seq: int | None = Field(default=None, ge=1)
    worker_id: Id | None = None


class NoticeEvent(AskedEvent):
    """Something that the manager or HQ should know."""

    type: Literal["notice"] = "notice"
    code: NoticeCode
    detail: Text = ""


class EnrolmentEvent(Event):
    """A template made at this gate. Inside the seal, which only HQ can open: an `EnrolmentRecord`."""

    type: Literal["enrolment"] = "enrolment"
    worker_id: Id
    consent_ref: str = Field(min_length=1, max_length=120)
    model_id: str
    sealed_record: bytes = Field(repr=False)


class CommissioningEvent(Event):
    """A technician's self-test of this gate. `signed_record`: a signed envelope (purpose "commissioning") around a
    `CommissioningRecord`. `public_key`: the raw Ed25519 key of the gate that signed it."""

    type: Literal["commissioning"] = "commissioning"
    outcome: CommissioningOutcome
    signed_record: bytes = Field(max_length=40_000)
    public_key: bytes = Field(min_length=32, max_length=32)


class TrainingEvent(Event):
    """A code of a training session was shown. It opened nothing. `proven`: the code's worker stood before the gate, by
    a live face or by a guard's word. `code_ref`: the code. `by`: the guard, or nobody. Without a proof `detail` says
    why."""

    type: Literal["training"] = "training"
    session_id: Id
    step: TrainingStep
    proven: bool
    code_ref: Id
    worker_id: Id | None = None
    score: float | None = Field(default=None, ge=-1, le=1)
    threshold: float | None = Field(default=None, ge=-1, le=1)
    frames: int = Field(default=0, ge=0)
    liveness: LivenessVerdict = LivenessVerdict.NOT_CHECKED
    model_id: str = ""
    gallery_size: int = Field(default=0, ge=0)
    roster_version: int = Field(default=0, ge=0)
    factors: tuple[Factor, ...] = ()
    by: str = Field(default="", max_length=40)
    may_confirm: bool = False
    """A guard at the gate may still confirm who learned: only the face is missing."""
    detail: Text = ""


class ClockEvent(Event):
    """The wall clock was set (`contract.times`). `utc`: the new time. `was_utc`: the time that the clock would have
    shown otherwise. `was_trusted`: whether that time was trusted. It stands before the first event with the new
    time."""

    type: Literal["clock"] = "clock"
    was_utc: Utc
    was_trusted: bool


AnyEvent = Annotated[
    AccessEvent | PassageEvent | NoticeEvent | EnrolmentEvent | CommissioningEvent | ClockEvent | TrainingEvent,
    Field(discriminator="type"),
]


class EventRecord(BaseModel):
    """One record of the journal. `hash` = SHA-256(bytes of `prev_hash` ‖ UTF-8 bytes of `body`), hex. `body`: the
    event's JSON."""

    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64"
    )

    seq: int = Field(ge=1)
    prev_hash: Sha256
    hash: Sha256
    body: str = Field(max_length=65_536, repr=False)
    erased: Signature | None = None
    """The sealed content of an enrolment was erased after HQ held it. `hash` is that of the whole body, so it does not
    prove the remaining one. This signature of the gate's key does (`contract.identity.erasure`)."""
    signature: Signature | None = None
    """By the gate's key (`contract.identity.head`), over this record and so over all records before it."""


class EventBatch(Message):
    """Consecutive records of one journal, in order. The last record carries the gate's signature. So does each record
    before a break in the chain. HQ takes only records that a signature covers."""

    type: Literal["event_batch"] = "event_batch"
    site_id: Id
    gate_id: Id
    epoch: Id
    records: tuple[EventRecord, ...] = Field(min_length=1, max_length=500)
    base_seq: int | None = Field(default=None, ge=0, le=2**53)
    """The journal holds no records up to this number (0: it holds all). So nothing can precede the next one."""
    set_aside: bool = False
    """The last events of a damaged journal that was set aside. A newer journal is in use."""


class Ack(Message):
    """HQ's promise: it holds every event of `epoch` up to and including `seq` (0: none yet). `hash`: that record's
    hash. If a gate's own record has another hash, a copy of the gate (a cloned card) is meant. `batch_seq` and
    `batch_hash`: the last record of the answered batch, if HQ already had all of it."""

    type: Literal["ack"] = "ack"
    gate_id: Id
    epoch: Id
    seq: int = Field(ge=0)
    utc: Utc
    hash: Sha256 | None = None
    batch_seq: int | None = Field(default=None, ge=1)
    batch_hash: Sha256 | None = None


class Refusal(Message):
    """HQ reports to a gate that something from it did not verify and is in quarantine. `seq` 0: a whole message, not an
    event.
    `more`: the number of others that this message also reports. So a flood of refusals makes few messages."""

    type: Literal["refusal"] = "refusal"
    gate_id: Id
    epoch: str = Field(default="", max_length=64)
    seq: int = Field(default=0, ge=0)
    reason: Text
    more: int = Field(default=0, ge=0)
    utc: Utc
