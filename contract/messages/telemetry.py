"""State of gates and of HQ: the retained status, and the health that is sent often and never stored."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contract.messages.base import Id, KeyId, Message, Sha256, Signature, Utc
from contract.messages.words import ListKind


class ListBase(BaseModel):
    """A list that HQ published whole: its version, and the digest of its parts (`PartHeader`)."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    list_version: int = Field(ge=1)
    digest: Sha256


class ListInForce(BaseModel):
    """A list that a gate holds, by version and digest. Changes have the digest of their sealed content."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    kind: ListKind
    list_version: int = Field(ge=1, le=2**53)
    digest: Sha256


class GateStatus(Message):
    """Birth, planned death and Will of a gate's sync process. Retained."""

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
    """The model whose templates the gate compares."""
    python: str = ""
    system: str = ""
    """Operating system and machine."""
    trusts: tuple[KeyId, ...] = Field(default=(), max_length=8)
    """HQ's signing keys that this gate trusts; unknown while it is offline."""
    opens: tuple[KeyId, ...] = Field(default=(), max_length=8)
    """Sealing keys of the site that this gate holds."""
    takes_changes: bool = False
    """The gate reads changes of lists (`DeltaHeader`). Otherwise HQ sends whole lists."""
    roster_kept: ListBase | None = None
    """The roster in the gate's files: the whole list below its changes."""
    roster_used: ListBase | None = None
    """The same for the roster in the memory of the gate process; unknown while that process is silent."""
    sealed_enrolments: int | None = Field(default=None, ge=0)
    """Number of enrolments at the gate whose sealed content is not erased yet. An older gate does not say."""
    lists_kept: tuple[ListInForce, ...] = Field(default=(), max_length=8)
    """The lists in the gate's files, with their changes."""
    lists_used: tuple[ListInForce, ...] = Field(default=(), max_length=8)
    """The highest version of each list that was ever in force in the gate process. The gate uses no lower one."""
    utc: Utc | None = None
    connection: int = Field(default=0, ge=0, le=2**53)
    """The `serial` at the start of this connection to the broker. A Will ends only its own connection."""
    serial: int = Field(default=0, ge=0, le=2**53)
    """Grows with each message of the gate's network process. HQ takes no message twice, and none after a newer one."""
    signature: Signature | None = None
    """By the gate's link key, over all bytes before it (`contract.identity.sign_message`). Always the last field."""


class Health(Message):
    """Telemetry of a gate, every few seconds, never queued."""

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
    """Days until the disk or the journal budget is full, at the present rate. None: it does not fill, or not known
    yet."""
    cpu_temperature_c: float | None = None
    roster_age_s: float | None = Field(default=None, ge=0)
    """Since HQ issued the list in force; none without a list."""
    risk_age_s: float | None = Field(default=None, ge=0)
    policy_age_s: float | None = Field(default=None, ge=0)
    lists_refused: tuple[ListKind, ...] = Field(default=(), max_length=3)
    """Lists with an older version on the disk than was in force before. The gate admits nobody by them."""
    topics_refused: tuple[Annotated[str, Field(max_length=200)], ...] = Field(default=(), max_length=20)
    """What the broker refuses to this gate: "read" or "write", and the topic."""
    threshold: float | None = None
    threshold_proposed: float | None = None
    """The threshold that the gate's own scores suggest, if it differs."""
    drift_alarms: tuple[str, ...] = Field(default=(), max_length=20)
    gallery_size: int = Field(default=0, ge=0)
    model_id: str = ""
    clock_trusted: bool = False
    uptime_s: float = Field(default=0, ge=0)
    """Uptime of the gate process."""
    memory_mb: float = Field(default=0, ge=0)
    """Resident memory of the gate process."""
    journal_mb: float = Field(default=0, ge=0)
    passages: int = Field(default=0, ge=0)
    """People who passed in the gate's own direction since the gate process started."""
    serial: int = Field(default=0, ge=0, le=2**53)
    """See `GateStatus`."""
    signature: Signature | None = None
    """See `GateStatus`."""


class HqState(Message):
    """Birth and Will of HQ. Retained."""

    type: Literal["hq_state"] = "hq_state"
    online: bool
    utc: Utc | None = None
