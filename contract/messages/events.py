"""Events: what a gate writes in its journal, how the records travel to HQ, and what HQ answers."""

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
    PassageOutcome,
    Reason,
)
from contract.policy import Factor


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
    factors: tuple[Factor, ...] = ()
    alerts: tuple[Text, ...] = Field(default=(), max_length=20)
    """What the manager should know of somebody who was admitted all the same: a list's name, a soft anti-passback."""
    temperature_c: float | None = Field(default=None, ge=-50, le=150)
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
    sealed_record: bytes = Field(repr=False)


class CommissioningEvent(Event):
    """A technician's self-test of this gate. `signed_record` is a signed envelope (purpose "commissioning") around a
    `CommissioningRecord`, `public_key` the raw Ed25519 key of the gate that signed it."""

    type: Literal["commissioning"] = "commissioning"
    outcome: CommissioningOutcome
    signed_record: bytes = Field(max_length=40_000)
    public_key: bytes = Field(min_length=32, max_length=32)


class ClockEvent(Event):
    """The wall clock was set (`contract.times`): `utc` is the new time, `was_utc` what the clock would have shown at the same
    moment without it, `was_trusted` whether that was believed. It stands before the first event with the new time."""

    type: Literal["clock"] = "clock"
    was_utc: Utc
    was_trusted: bool


AnyEvent = Annotated[
    AccessEvent | PassageEvent | NoticeEvent | EnrolmentEvent | CommissioningEvent | ClockEvent,
    Field(discriminator="type"),
]


class EventRecord(BaseModel):
    """One journal line. `hash` = SHA-256(bytes of `prev_hash` ‖ UTF-8 bytes of `body`), hex; `body` is the event's JSON."""

    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64"
    )

    seq: int = Field(ge=1)
    prev_hash: Sha256
    hash: Sha256
    body: str = Field(max_length=65_536, repr=False)
    erased: Signature | None = None
    """What was sealed in the body (of an enrolment) was erased after HQ held it. `hash` is that of the whole body, and proves no
    more what stands here: the gate's key has signed that (`contract.identity.erasure`)."""
    signature: Signature | None = None
    """By the gate's key (`contract.identity.head`), over this record and so over all before it."""


class EventBatch(Message):
    """Consecutive records of one journal, in order. The last one carries the gate's signature, and so does a record that
    the next one does not follow from: HQ takes no record that none of them covers."""

    type: Literal["event_batch"] = "event_batch"
    site_id: Id
    gate_id: Id
    epoch: Id
    records: tuple[EventRecord, ...] = Field(min_length=1, max_length=500)
    base_seq: int | None = Field(default=None, ge=0, le=2**53)
    """The journal no longer holds anything up to here (0: it holds all), so nothing can precede what begins after it."""
    set_aside: bool = False
    """Saved from a journal that was damaged and set aside: its last events, while a newer journal goes on."""


class Ack(Message):
    """HQ's promise: it holds every event of `epoch` up to and including `seq` (0 = none yet). `hash` is that record's: a gate
    whose own record has another one is not meant, but a copy of it (a cloned card). `batch_seq` and `batch_hash`: the last
    record of the batch that is answered, if HQ had all of that already."""

    type: Literal["ack"] = "ack"
    gate_id: Id
    epoch: Id
    seq: int = Field(ge=0)
    utc: Utc
    hash: Sha256 | None = None
    batch_seq: int | None = Field(default=None, ge=1)
    batch_hash: Sha256 | None = None


class Refusal(Message):
    """HQ tells a gate that something of its own did not verify and was kept aside. `seq` 0: no event, a whole message.
    `more`: so many others are meant too. One message at a time, so that a flood of refusals is none of messages."""

    type: Literal["refusal"] = "refusal"
    gate_id: Id
    epoch: str = Field(default="", max_length=64)
    seq: int = Field(default=0, ge=0)
    reason: Text
    more: int = Field(default=0, ge=0)
    utc: Utc
