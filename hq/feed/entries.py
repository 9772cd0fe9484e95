"""What the feed gives to its readers: entries, pages, and journals of which HQ holds less than the reader."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from contract.messages import Utc


class FeedKind(StrEnum):
    """What an entry is about."""

    EVENT = "event"
    """An event that this reader did not have."""
    CHANGED = "changed"
    """An event that this reader has. HQ changed it since: `why`. It replaces the earlier one."""
    MISSING = "missing"
    """HQ does not hold the events `seq` to `last_seq` of this journal."""
    RESTART = "restart"
    """HQ holds another line under this name than the reader. Set aside what you have of it: it follows from its
    beginning."""


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One entry. (`gate_id`, `line`, `seq`) names an event for ever.

    `line`: the journal's epoch, or EPOCH~HASH of a branch. `utc`: as the gate's clock showed it; `corrected_utc`: the
    right time, where that differs. `body`: the event as the gate wrote it, JSON. `reason`, `worker_id`: of it, for
    filters.
    """

    kind: FeedKind
    site_id: str
    gate_id: str
    line: str
    seq: int = 0
    type: str = ""
    reason: str = ""
    worker_id: str | None = None
    utc: Utc | None = None
    corrected_utc: Utc | None = None
    received_utc: Utc | None = None
    body: str = ""
    prev_hash: str = ""
    hash: str = ""
    why: str = ""
    last_seq: int = 0


class FeedLag(BaseModel):
    """A journal of which HQ holds less than the reader: HQ's database was restored from a backup."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    gate_id: str
    line: str
    reader_seq: int
    hq_seq: int


class FeedPage(BaseModel):
    """Entries, and the cursor after them. Store both in one transaction. `more`: the next page is not empty now.

    `behind` repeats in every page as long as it is true.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    entries: tuple[FeedEntry, ...]
    cursor: str
    more: bool
    behind: tuple[FeedLag, ...] = ()
