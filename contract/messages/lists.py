"""The roster and the risk list, which HQ publishes to a site, signed and sealed. Policy:
`contract.messages.policy_snapshot`."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contract.messages.base import Id, Message, Sha256, Utc


class SealedTemplate(BaseModel):
    """A template inside a sealed enrolment or import: a unit vector, float16 little-endian."""

    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64"
    )

    model_id: str = Field(min_length=1, max_length=80)
    vector: bytes = Field(repr=False)


class WorkerEntry(BaseModel):
    """A worker on the roster. Without a `consent_ref` the gate loads no template."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    worker_id: Id
    sites: tuple[Id, ...] = ()
    active: bool = True
    valid_from: date | None = None
    valid_until: date | None = None
    training_valid_until: date | None = None
    employer: str | None = Field(default=None, max_length=80)
    trade: str | None = Field(default=None, max_length=80)
    declared_utc: Utc | None = None
    """The worker's last health declaration."""
    slow: bool = False
    """The worker needs more time to pass."""
    cards: tuple[Sha256, ...] = Field(default=(), max_length=10, repr=False)
    """SHA-256 of the site id, a line feed, and the card's number as the reader sends it."""
    pin: str | None = Field(default=None, max_length=200, repr=False)
    """scrypt of the PIN code: base64 salt, "$", base64 hash (n = 2^14, r = 8, p = 1, 32 bytes)."""
    consent_ref: str | None = Field(default=None, max_length=120)


class SiteDates(BaseModel):
    """A worker's dates at one site. A date that is not given is the worker's own."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")

    site_id: Id
    valid_from: date | None = None
    valid_until: date | None = None
    training_valid_until: date | None = None


class WorkerRecord(WorkerEntry):
    """A worker with templates, as HQ imports it."""

    templates: tuple[SealedTemplate, ...] = ()
    site_dates: tuple[SiteDates, ...] = Field(default=(), max_length=200)
    """Dates that differ by site. A site's list carries that site's dates alone."""


DIMENSION_MAX = 4096
"""Maximum numbers in a template."""


class TemplateBlock(BaseModel):
    """Templates of one model. Template i belongs to `workers[owners[i]]`. The vectors follow the list's JSON as raw
    bytes, block
    after block: float16 little-endian, unit length, `dimension` numbers each."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    model_id: str = Field(min_length=1, max_length=80)
    dimension: int = Field(ge=1, le=DIMENSION_MAX)
    owners: tuple[Annotated[int, Field(ge=0)], ...]


class SnapshotHeader(Message):
    """The fields of every list. A gate refuses a lower `list_version` than it has."""

    site_id: Id
    list_version: int = Field(ge=1)
    issued_utc: Utc


class RosterSnapshot(SnapshotHeader):
    """The workers of one part, and the directory of the template vectors after it."""

    type: Literal["roster"] = "roster"
    workers: tuple[WorkerEntry, ...] = ()
    templates: tuple[TemplateBlock, ...] = ()


class RiskEntry(BaseModel):
    """A worker on a risk list. Nothing of it is shown in the lane."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    worker_id: Id
    list_name: str = Field(default="key-screening", max_length=80)
    reason_code: str | None = Field(default=None, max_length=40)
    """HQ's code for the reason, for the desk."""
    valid_from_utc: Utc | None = None
    """The gate applies the entry from this moment on; none: at once."""
    valid_until_utc: Utc | None = None
    """The gate applies the entry up to this moment; none: until HQ takes it off the list."""
    officer: str | None = Field(default=None, max_length=80)
    """Whom the desk asks about the entry."""


class RiskSnapshot(SnapshotHeader):
    """The risk entries of one part."""

    type: Literal["risk"] = "risk"
    entries: tuple[RiskEntry, ...] = ()
