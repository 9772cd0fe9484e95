"""What the API answers. Fields are only added within a version."""

from datetime import date, datetime

from ninja import Schema
from pydantic import Field


class PageOf(Schema):
    """Part of a list. Ask again with `cursor` as `after`; an empty cursor is the end."""

    cursor: str = Field(description="Pass it as `after` for the next page. Empty: this is the last one.")


class SiteOut(Schema):
    """A building site."""

    site_id: str
    name: str
    code: str = Field(description="The national platform's project code.")
    place: list[str] = Field(description="From the district down to the site.")
    general_contractor: str
    starts: date | None
    ends: date | None
    resumed: date | None
    closed: date | None


class PersonOut(Schema):
    """A worker. Numbers of documents, addresses and phones are not in the API."""

    worker_id: str
    name: str
    pinyin: str
    way: str = Field(description="How the person passes a gate: face, code or card; empty: not chosen.")
    erased: bool
    changed: datetime


class AssignmentOut(Schema):
    """A person's work on a site, for a time."""

    assignment_id: int = Field(description="Names it for changes.")
    worker_id: str
    site_id: str
    employer: str
    employer_code: str = Field(description="Unified social credit code.")
    team: str
    trade: str
    role: int
    starts: date
    ends: date | None


class PresenceOut(Schema):
    """Somebody who is inside now."""

    worker_id: str
    site_id: str
    employer_code: str
    team: str
    trade: str
    came: datetime


class DayOut(Schema):
    """One person's working day on one site."""

    worker_id: str
    site_id: str
    employer_code: str
    date: date
    first_in: datetime | None
    last_out: datetime | None
    seconds: int
    night_seconds: int
    missing_exit: bool
    corrected: bool


class PassageOut(Schema):
    """A passage or a refusal. (gate_id, line, seq) names it for ever."""

    gate_id: str
    line: str
    seq: int
    site_id: str
    worker_id: str
    utc: datetime
    direction: str
    granted: bool
    reason: str
    source: str


class LedgerOut(Schema):
    """One person's month on one site, as the month ledger has it."""

    worker_id: str
    name: str
    site_id: str
    month: str = Field(description="Such as 2026-11.")
    trade: str
    days: int = Field(description="Days on which the person was there.")
    units: float = Field(description="Working days: whole and half ones.")
    hours: float
    night_hours: float
    flags: int = Field(description="Days that lack an entry or exit.")
    confirmation: str = Field(description="asked, agrees, objects, changed after the answer; empty: not asked.")


class MusterPersonOut(Schema):
    """Somebody on the muster list."""

    worker_id: str
    name: str
    employer_code: str
    came: datetime


class MusterTeamOut(Schema):
    """A team on the muster list; the name is empty for those without one."""

    team: str
    people: list[MusterPersonOut]


class MusterOut(Schema):
    """Who has to be counted at the meeting point."""

    site_id: str
    made: datetime
    feed_read: datetime | None = Field(description="When HQ last answered: the age of this list.")
    count: int
    teams: list[MusterTeamOut]
    perhaps: list[MusterPersonOut] = Field(description="No gate saw them leave, and they may be inside.")


class CorrectionOut(Schema):
    """A request to add a passage or to set one aside."""

    correction_id: int
    kind: str
    site_id: str
    worker_id: str
    utc: datetime
    direction: str
    why: str
    state: str
    asked: datetime
    decided: datetime | None
    answer: str


class CorrectionPage(PageOf):
    """Corrections."""

    rows: list[CorrectionOut]


class SitePage(PageOf):
    """Sites."""

    rows: list[SiteOut]


class PersonPage(PageOf):
    """People."""

    rows: list[PersonOut]


class AssignmentPage(PageOf):
    """Assignments."""

    rows: list[AssignmentOut]


class PresencePage(PageOf):
    """Who is inside."""

    rows: list[PresenceOut]
    feed_read: datetime | None = Field(description="When HQ last answered: the age of this answer.")


class DayPage(PageOf):
    """Working days."""

    rows: list[DayOut]


class PassagePage(PageOf):
    """Passages."""

    rows: list[PassageOut]


class Problem(Schema):
    """Why a call was refused, and what to do."""

    detail: str
