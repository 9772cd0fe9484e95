"""The presence list of a site: who passed last at which gate. HQ makes it from the passages of all gates."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contract.messages.base import Id, Sha256
from contract.messages.lists import SnapshotHeader

ROWS_MAX = 100_000
"""Maximum number of workers in a presence list: a list of so many is 3 MB."""
_GATES_MAX = 1_000

Ago = Annotated[int, Field(ge=0, le=8 * 24 * 3_600_000)]
"""Milliseconds before the list was issued."""


class JournalEnd(BaseModel):
    """How far a journal is in the list: up to this passage, and all before it. `hash`: that record's hash."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    gate_id: Id
    epoch: Id
    seq: int = Field(ge=1)
    hash: Sha256


class LastPassages(BaseModel):
    """The last passages of workers, in columns: worker i passed `ago_ms[i]` ago at `gates[by[i]]` of the list."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    workers: tuple[Id, ...] = Field(default=(), max_length=ROWS_MAX)
    ago_ms: tuple[Ago, ...] = Field(default=(), max_length=ROWS_MAX)
    by: tuple[Annotated[int, Field(ge=0, lt=_GATES_MAX)], ...] = Field(default=(), max_length=ROWS_MAX)

    @model_validator(mode="after")
    def _same_length(self) -> "LastPassages":
        if not len(self.workers) == len(self.ago_ms) == len(self.by):
            raise ValueError("the columns have different lengths")
        return self


class PresenceRows(SnapshotHeader):
    """The fields of a presence list and of its changes. `list_version`: the issue time in milliseconds since 1970."""

    inside: LastPassages = LastPassages()
    """Workers whose last passage was inwards."""
    outside: LastPassages = LastPassages()
    """Workers whose last passage was outwards."""
    unnamed: int = Field(default=0, ge=0)
    """People inside whose name no gate knows. Always the whole number, also in changes."""
    gates: tuple[Id, ...] = Field(default=(), max_length=_GATES_MAX)
    ends: tuple[JournalEnd, ...] = Field(default=(), max_length=2 * _GATES_MAX)
    """A gate adds its own passages after these. A journal that is missing here is not in the list."""

    @model_validator(mode="after")
    def _known_gates(self) -> "PresenceRows":
        if max((*self.inside.by, *self.outside.by), default=-1) >= len(self.gates):
            raise ValueError("a passage at a gate that the list does not name")
        return self


class PresenceSnapshot(PresenceRows):
    """Everybody whose last passage is younger than the policy's `anti_passback_forgets_after_h`."""

    type: Literal["presence"] = "presence"


class PresenceDelta(PresenceRows):
    """What changed since one snapshot: whole rows, which replace those of the same worker or journal. Without rows it
    says that HQ is at work and nothing changed."""

    type: Literal["presence_delta"] = "presence_delta"
