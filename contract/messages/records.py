"""Content that is sealed or signed inside an event: an enrolment for HQ, and a technician's self-test."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from contract.messages.base import Id, Message, Sha256, Text, Utc
from contract.messages.lists import SealedTemplate
from contract.messages.words import CommissioningOutcome, StepState


class EnrolmentRecord(Message):
    """A capture subject's templates and the consent for them. It travels only sealed for HQ."""

    type: Literal["enrolment_record"] = "enrolment_record"
    worker_id: Id
    consent_ref: str = Field(min_length=1, max_length=120)
    captured_utc: Utc
    templates: tuple[SealedTemplate, ...] = Field(min_length=1)


class CommissioningStep(BaseModel):
    """One step of a self-test: what was measured, and what the technician saw."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    name: str = Field(min_length=1, max_length=40)
    state: StepState
    measured: Text = ""
    seen: Text = ""
    """The technician's answers."""


class CommissioningRecord(Message):
    """A whole self-test, signed by the gate (`CommissioningEvent`). `technician` is an id."""

    type: Literal["commissioning_record"] = "commissioning_record"
    gate_id: Id
    site_id: Id
    technician: Id
    software: str = Field(max_length=40)
    config_sha256: Sha256
    started_utc: Utc
    finished_utc: Utc
    outcome: CommissioningOutcome
    steps: tuple[CommissioningStep, ...] = Field(min_length=1, max_length=50)
