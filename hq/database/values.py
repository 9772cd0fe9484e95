"""Values of a journal at HQ, without a database."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from contract.chain import GENESIS
from contract.erasure import scrubbed, without_sealed
from contract.messages import EventRecord

Journal = tuple[str, str]
"""Gate and epoch: one journal. The site that it names is not part of it."""
BRANCH_MARK = "~"
"""Separates an epoch from the hash that names a branch of it. No id may contain it."""
UNREAD_TYPE = "newer"
"""The type of an event that only a newer version of HQ can read. Its `reason` is the version that wrote it."""
BY_HQ = b""
"""In place of the gate's signature where HQ itself erased. The row of proofs shows that."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """The end of the chain that HQ holds of one journal."""

    seq: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class JournalKey:
    """One journal: a gate's epoch."""

    site_id: str
    gate_id: str
    epoch: str
    written_as: str = ""
    """The epoch as the gate names it, if this is a branch of it (`hq.ingest.forks`)."""

    @property
    def named(self) -> str:
        return self.written_as or self.epoch

    @property
    def journal(self) -> Journal:
        return self.gate_id, self.epoch


class EventRow(NamedTuple):
    """A row of the events, without its `id`."""

    site_id: str
    gate_id: str
    epoch: str
    seq: int
    type: str
    reason: str
    worker_id: str | None
    utc: datetime | None
    body: str
    prev_hash: str
    hash: str
    received_utc: datetime
    corrected_utc: datetime | None = None


def origin(epoch: str) -> str:
    """Name the epoch that a branch comes from; "" if this is no branch."""
    return epoch.partition(BRANCH_MARK)[0] if BRANCH_MARK in epoch else ""


def stored_form(record: EventRecord, *, believed: bool) -> EventRecord:
    """Return an enrolment's record as HQ stores it: without sealed templates.

    A record that is not `believed` is not marked as erased: its hash must stay wrong.
    """
    if believed and (body := without_sealed(record.body)) is not None:
        return record.model_copy(update={"body": body, "erased": BY_HQ})
    if believed and record.erased is not None:
        return record
    body = scrubbed(record.body.encode(errors="surrogatepass")).decode(errors="surrogatepass")
    return record.model_copy(update={"body": body, "erased": None})
