"""Requests of people at this gate: desk and technician."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from contract.messages import CommissioningOutcome, Direction, Id, Reason, Utc


@dataclass(frozen=True, slots=True)
class DeskRequest:
    """A local request to be journalled. `ref` is unique; `body` is JSON of the kind's model."""

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
    """Upper bound: a longer event than `EventRecord` allows would block all later ones at HQ."""


class CommissioningRequest(BaseModel):
    """Body of a desk request of kind "commission": a signed self-test of this gate."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, ser_json_bytes="base64", val_json_bytes="base64")

    outcome: CommissioningOutcome
    signed_record: bytes = Field(max_length=40_000)
    public_key: bytes = Field(min_length=32, max_length=32)


ENROL, ADMIT, COMMISSION = "enrol", "admit", "commission"

LOCK_DOWN, RELEASE_LOCK_DOWN = "lock_down", "release_lock_down"
CONFIRM_TRAINING = "confirm_training"
"""Kinds of desk requests."""


class AdmitRequest(BaseModel):
    """Body of a desk request of kind "admit": a guard admits a person, with name and reason. `despite`: what stood
    against the worker on the guard's page."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    by: str = Field(min_length=1, max_length=40)
    reason: str = Field(min_length=2, max_length=200)
    """Two characters are a word in Chinese."""
    worker_id: Id | None = None
    direction: Direction
    despite: tuple[Reason, ...] = Field(default=(), max_length=20)
    asked_utc: Utc


class LockDownRequest(BaseModel):
    """Body of a desk request of kind "lock_down" or "release_lock_down". `ends`: the mark of the lock-down that the
    page showed (`LiveState.lock_down`). No other one is ended. "": whichever holds."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    by: str = Field(min_length=1, max_length=40)
    why: str = Field(default="", max_length=200)
    ends: str = Field(default="", max_length=120)
    asked_utc: Utc


class ConfirmTrainingRequest(BaseModel):
    """Body of a desk request of kind "confirm_training": a guard saw the worker of an unproven training code. `seq`,
    `epoch`: of its event."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    by: str = Field(min_length=1, max_length=40)
    seq: int = Field(ge=1)
    epoch: Id
    asked_utc: Utc


class TechnicianRequest(BaseModel):
    """A request that only a technician may make (`edge.storage.technician_request`). `ref` is unique."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    kind: Literal["take_older_lists", "believe_clock"]
    ref: str = Field(min_length=8, max_length=80)
    by: str = Field(min_length=1, max_length=40)
    why: str = Field(default="", max_length=300)
    asked_utc: Utc
