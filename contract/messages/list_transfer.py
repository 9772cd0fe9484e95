"""How lists travel: as parts or as changes, each with a header outside the seal. And a gate's request for a whole
list."""

from typing import Literal

from pydantic import Field, model_validator

from contract.messages.base import Id, Message, Sha256, Signature
from contract.messages.lists import RiskEntry, SnapshotHeader, TemplateBlock, WorkerEntry
from contract.messages.words import ListKind

PARTS_MAX = 500
"""Maximum number of parts per list. HQ puts about 1,000 workers into one part."""


class RosterDelta(SnapshotHeader):
    """How a roster differs from one snapshot. `workers`: added, or replacing the worker of the same id; whole, with all
    their templates. `removed`: ids that are gone. The vectors follow as in a roster."""

    type: Literal["roster_delta"] = "roster_delta"
    workers: tuple[WorkerEntry, ...] = ()
    templates: tuple[TemplateBlock, ...] = ()
    removed: tuple[Id, ...] = ()


class RiskDelta(SnapshotHeader):
    """How a risk list differs from one snapshot. `entries`: all entries of each worker named there. `removed`: ids
    without entries."""

    type: Literal["risk_delta"] = "risk_delta"
    entries: tuple[RiskEntry, ...] = ()
    removed: tuple[Id, ...] = ()


class PartHeader(SnapshotHeader):
    """The header outside the seal of each part, signed together with it. So the sync process can refuse an old version.
    The gate process, which opens the part, checks that the list inside has the same header. `digest` binds the parts of
    one version: SHA-256 over the SHA-256 of each sealed part, in order. So no part can be left out, changed or
    exchanged."""

    type: Literal["list_part"] = "list_part"
    kind: ListKind
    part: int = Field(ge=1, le=PARTS_MAX)
    parts: int = Field(ge=1, le=PARTS_MAX)
    digest: Sha256


class DeltaHeader(SnapshotHeader):
    """The header outside the seal of a list's changes, signed together with it. The changes count from the snapshot
    with this version and digest, and apply to no other list. They include all earlier changes, so a missed message does
    no harm."""

    type: Literal["list_delta"] = "list_delta"
    kind: ListKind
    base_version: int = Field(ge=1)
    base_digest: Sha256

    @model_validator(mode="after")
    def _follows_its_base(self) -> "DeltaHeader":
        if self.base_version >= self.list_version:
            raise ValueError(f"version {self.list_version} cannot change version {self.base_version}")
        return self


class SnapshotRequest(Message):
    """A gate asks HQ to send a whole list again. Parts are missing, or the snapshot of its changes."""

    type: Literal["snapshot_request"] = "snapshot_request"
    gate_id: Id
    site_id: Id
    kind: ListKind
    have_version: int = Field(default=0, ge=0)
    """Version of the list in force at the gate; 0: none."""
    serial: int = Field(default=0, ge=0, le=2**53)
    """See `GateStatus`."""
    signature: Signature | None = None
    """See `GateStatus`."""
