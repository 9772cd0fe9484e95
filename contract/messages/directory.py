"""The directory of a site: who its workers are. It is sealed for the screen process alone."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contract.messages.base import Id
from contract.messages.lists import SnapshotHeader

_ONE_LINE = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"

Name = Annotated[str, Field(max_length=80, pattern=_ONE_LINE)]
"""One line of text: no control character, so that it can be shown and printed anywhere."""
Greeting = Annotated[str, Field(min_length=1, max_length=20, pattern=_ONE_LINE)]
Phone = Annotated[str, Field(max_length=40, pattern=_ONE_LINE)]


class DirectoryEntry(BaseModel):
    """A worker as people know them. No other message, no event and no log holds a name or a phone number."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    worker_id: Id
    name: Name | None = Field(default=None, repr=False)
    employer: Name | None = Field(default=None, repr=False)
    team: Name | None = Field(default=None, repr=False)
    trade: Name | None = Field(default=None, repr=False)
    phone: Phone | None = Field(default=None, repr=False)
    greeting: Greeting | None = Field(default=None, repr=False)
    """A short name that the lane may show when the worker is admitted. Only with the worker's consent."""


class DirectorySnapshot(SnapshotHeader):
    """The directory entries of one part: the workers who may pass at the site."""

    type: Literal["directory"] = "directory"
    entries: tuple[DirectoryEntry, ...] = ()


class DirectoryDelta(SnapshotHeader):
    """How a directory differs from one snapshot. `entries`: added, or replacing the entry of the same worker."""

    type: Literal["directory_delta"] = "directory_delta"
    entries: tuple[DirectoryEntry, ...] = ()
    removed: tuple[Id, ...] = ()
