"""Visitors as plain data, for the guard's page and the muster list. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contract.messages import DirectoryEntry
from edge.core.domain.visitors import VisitRecord


class VisitorState(StrEnum):
    """How far a visit is."""

    OVERTIME = "overtime"
    """Inside, although the visit should be over."""
    INSIDE = "inside"
    EXPECTED = "expected"
    EXPIRED = "expired"
    LEFT = "left"


ORDER = tuple(VisitorState)


@dataclass(frozen=True, slots=True)
class VisitorRow:
    """One visitor. `since`: inside since; `host`: the worker's name, if the directory has it."""

    visitor_id: str
    name: str
    company: str
    phone: str
    host: str
    host_phone: str
    purpose: str
    badge_number: str
    state: VisitorState
    since: datetime | None
    until: datetime
    by: str
    ended: datetime | None
    ended_by: str

    @property
    def lasts(self) -> bool:
        return self.state is not VisitorState.LEFT


def visitor_rows(
    visits: Iterable[VisitRecord],
    inside: Mapping[str, datetime],
    directory: Mapping[str, DirectoryEntry],
    now: datetime,
) -> list[VisitorRow]:
    """Return a row for each visit: first those who should have left, then those inside. `inside`: since when."""
    rows = [_row(visit, inside.get(visit.visitor_id), directory, now) for visit in visits]
    return sorted(rows, key=lambda row: (ORDER.index(row.state), -(row.since or row.until).timestamp()))


def _row(
    visit: VisitRecord, since: datetime | None, directory: Mapping[str, DirectoryEntry], now: datetime
) -> VisitorRow:
    told, host = visit.details, directory.get(visit.details.host)
    return VisitorRow(
        visit.visitor_id,
        told.name,
        told.company,
        told.phone,
        (host.name if host else None) or told.host,
        (host.phone if host else None) or "",
        told.purpose,
        told.badge_number,
        _state(visit, since, now),
        None if visit.ended_utc else since,
        visit.visitor_pass.until_utc,
        visit.by,
        visit.ended_utc,
        visit.ended_by,
    )


def _state(visit: VisitRecord, since: datetime | None, now: datetime) -> VisitorState:
    if visit.ended_utc is not None:
        return VisitorState.LEFT
    over = now >= visit.visitor_pass.until_utc
    if since is not None:
        return VisitorState.OVERTIME if over else VisitorState.INSIDE
    return VisitorState.EXPIRED if over else VisitorState.EXPECTED
