"""What a gate and HQ say of their own state: retained status, and health that is sent often and never kept."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from contract.messages.base import Id, KeyId, Message, Sha256, Signature, Utc
from contract.messages.words import ListKind


class ListBase(BaseModel):
    """A list that was published whole: its version, and the digest that binds its parts (`PartHeader`)."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    list_version: int = Field(ge=1)
    digest: Sha256


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
    model_id: str = ""
    """The weights templates are compared with."""
    python: str = ""
    system: str = ""
    """Operating system and machine."""
    trusts: tuple[KeyId, ...] = Field(default=(), max_length=8)
    """HQ's signing keys that this gate believes; unknown while it is offline."""
    opens: tuple[KeyId, ...] = Field(default=(), max_length=8)
    """Sealing keys of the site that this gate holds."""
    takes_changes: bool = False
    """Reads the changes of lists (`DeltaHeader`): without it HQ sends whole lists."""
    roster_kept: ListBase | None = None
    """The roster in the gate's files, as it was published whole, before its changes."""
    roster_used: ListBase | None = None
    """The same of the roster in the memory of the gate process; unknown while that is silent."""
    sealed_enrolments: int | None = Field(default=None, ge=0)
    """Enrolments that still lie at the gate with what is sealed in them; unknown to an older gate."""
    utc: Utc | None = None
    connection: int = Field(default=0, ge=0, le=2**53)
    """The `serial` at which this connection to the broker began. A Will ends this connection and no other."""
    serial: int = Field(default=0, ge=0, le=2**53)
    """Grows with each message of the gate's network process; HQ takes none twice, and none after a newer one."""
    signature: Signature | None = None
    """By the gate's link key. The last field: it covers all bytes before it (`contract.identity.sign_message`)."""


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
    disk_step: str = ""
    disk_days_left: float | None = Field(default=None, ge=0)
    """Until disk or journal budget is full, as it goes now; none: it does not fill, or that is not known yet."""
    cpu_temperature_c: float | None = None
    roster_age_s: float | None = Field(default=None, ge=0)
    """Since HQ issued the list in force; nothing while there is none."""
    risk_age_s: float | None = Field(default=None, ge=0)
    policy_age_s: float | None = Field(default=None, ge=0)
    lists_refused: tuple[ListKind, ...] = Field(default=(), max_length=3)
    """Of these the gate had a newer version in force than lies there now: it admits nobody on them."""
    threshold: float | None = None
    threshold_proposed: float | None = None
    """What the gate's own scores ask for, while that is something else."""
    drift_alarms: tuple[str, ...] = Field(default=(), max_length=20)
    gallery_size: int = Field(default=0, ge=0)
    model_id: str = ""
    clock_trusted: bool = False
    uptime_s: float = Field(default=0, ge=0)
    """Of the gate process."""
    memory_mb: float = Field(default=0, ge=0)
    """Resident memory of the gate process."""
    journal_mb: float = Field(default=0, ge=0)
    passages: int = Field(default=0, ge=0)
    """People who passed the gate's own way since the gate process started."""
    serial: int = Field(default=0, ge=0, le=2**53)
    """See `GateStatus`."""
    signature: Signature | None = None
    """See `GateStatus`."""


class HqState(Message):
    """Retained birth and Will of HQ itself."""

    type: Literal["hq_state"] = "hq_state"
    online: bool
    utc: Utc | None = None
