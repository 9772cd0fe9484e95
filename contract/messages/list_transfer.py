"""How lists travel: in parts or as changes, with a header outside the seal, and a gate's request for a whole one."""

from typing import Literal

from pydantic import Field, model_validator

from contract.messages.base import Id, Message, Sha256, Signature
from contract.messages.lists import RiskEntry, SnapshotHeader, TemplateBlock, WorkerEntry
from contract.messages.words import ListKind

PARTS_MAX = 500
"""A list has at most so many parts; HQ puts about 1,000 workers into one."""


class RosterDelta(SnapshotHeader):
    """How a roster differs from one snapshot: `workers`, whole and with all their templates, were added or take the place of
    the one of that id, those `removed` are gone. Their vectors follow as they do in a roster."""

    type: Literal["roster_delta"] = "roster_delta"
    workers: tuple[WorkerEntry, ...] = ()
    templates: tuple[TemplateBlock, ...] = ()
    removed: tuple[Id, ...] = ()


class RiskDelta(SnapshotHeader):
    """How a risk list differs from one snapshot: `entries` are all those of the workers they name, those `removed` have none."""

    type: Literal["risk_delta"] = "risk_delta"
    entries: tuple[RiskEntry, ...] = ()
    removed: tuple[Id, ...] = ()


class PartHeader(SnapshotHeader):
    """Stands outside the seal of each part of a list, signed together with it, so that whoever carries it can refuse an
    old version; whoever opens it checks that the list inside says the same. `digest` binds the parts of one version:
    SHA-256 over the SHA-256 of each sealed part, in order. So none can be left out, changed, or taken from elsewhere."""

    type: Literal["list_part"] = "list_part"
    kind: ListKind
    part: int = Field(ge=1, le=PARTS_MAX)
    parts: int = Field(ge=1, le=PARTS_MAX)
    digest: Sha256


class DeltaHeader(SnapshotHeader):
    """Stands outside the seal of the changes of a list, signed together with it. They hold for no other list than the snapshot
    with this version and digest, and count from it: earlier changes are among them, so one that was missed does no harm."""

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
    """A gate that lacks parts of a list, or the list that changes belong to, asks HQ to send all of it again."""

    type: Literal["snapshot_request"] = "snapshot_request"
    gate_id: Id
    site_id: Id
    kind: ListKind
    have_version: int = Field(default=0, ge=0)
    """Of the list in force at the gate; 0: none."""
    serial: int = Field(default=0, ge=0, le=2**53)
    """See `GateStatus`."""
    signature: Signature | None = None
    """See `GateStatus`."""
