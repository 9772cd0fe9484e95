"""What a program changes: people, their work, and requests for corrections. Each is checked as on the pages, and
recorded with the account that made the token.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Schema, Status
from ninja.errors import HttpError
from pydantic import ConfigDict, field_validator

from district.api import schemas
from district.api.models import ApiToken
from district.api.routes import musters, register
from district.api.routes.lists import REFUSALS, NoQuery, WorkerId, need, site_of
from district.api.routes.musters import correction_out
from district.api.routes.register import assignment_out, person_out
from district.attendance import requests
from district.audit.record import record
from district.people import registry, rules
from district.people.asked_numbers import count_asked
from district.people.models import Assignment, Person, Team
from district.permissions import Permission
from district.places.models import Enterprise, Project
from district.web.days import FIRST_DAY, LAST_DAY

_people, _corrections = register.router, musters.router
ROUTERS = (_people, _corrections)
"""One router holds all methods of an address: these have the reading ones too."""
_REFUSALS = {**REFUSALS, 409: schemas.Problem}
_REFUSED = (registry.RecordRefused, rules.WrongName, rules.WrongNumber, requests.CorrectionRefused)
_ID_MAX = 2**63 - 1
_DAYS_MAX = 366
Done = TypeVar("Done")
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
"""As on the pages: a day without a day after it is refused."""


class Body(Schema):
    """What a call brings. A misspelt field is refused: without it less would change than was meant."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        """Take out what no database stores: NUL, and half characters."""
        return value.replace("\0", "").encode("utf-8", "replace").decode() if isinstance(value, str) else value


class PersonChange(Body):
    """Fields of a person. What is left out stays."""

    name: str = Field("", min_length=1, max_length=60)
    sex: Literal["", "m", "f"] = ""
    birth: Day | None = None
    nation: str = Field("", max_length=20)
    phone: str = Field("", max_length=40)
    address: str = Field("", max_length=200)
    emergency_contact: str = Field("", max_length=120)
    language: str = Field("", max_length=10)
    slow: bool = False


class WorkNew(Body):
    """Where somebody works, for whom and as what."""

    site_id: str = Field(max_length=63)
    employer_code: str = Field(max_length=18, description="Unified social credit code.")
    starts: Day
    ends: Day | None = None
    team: str = Field("", max_length=80, description="By its name; empty: none.")
    trade: str = Field(rules.OTHER_TRADE, max_length=4, description="The national platform's `workType`.")
    role: Literal[10, 20] = Field(20, description="10 manager, 20 worker.")


class PersonNew(Body):
    """A new person, with the work for which they come."""

    name: str = Field(min_length=1, max_length=60)
    id_kind: Literal["01", "08", "10", "12"] = "01"
    id_number: str = Field(min_length=1, max_length=40, description="Kept encrypted. No call shows it.")
    nation: str = Field("", max_length=20)
    phone: str = Field("", max_length=40)
    address: str = Field("", max_length=200)
    work: WorkNew


class AssignmentNew(WorkNew):
    """The work of somebody who is known."""

    worker_id: WorkerId


class AssignmentChange(Body):
    """Another team, trade or role from a day on. What is left out stays."""

    team: str = Field("", max_length=80, description="By its name; empty: none.")
    trade: str = Field("", max_length=4)
    role: Literal[10, 20] = 20
    since: Day | None = Field(None, description="The first day of the change; today if it is left out.")


class AssignmentEnd(Body):
    """The end of some work."""

    ends: Day = Field(description="The last day on which gates open.")
    why: str = Field("", max_length=200)


class CorrectionNew(Body):
    """A passage that no gate saw. Somebody else decides it."""

    site_id: str = Field(max_length=63)
    worker_id: WorkerId
    direction: Literal["in", "out"]
    utc: datetime = Field(description="With a time zone.")
    why: str = Field(min_length=1, max_length=300)


class AddedOut(Schema):
    """Who was added."""

    worker_id: str
    known: bool = Field(description="Somebody with this document was known already, and is the same person.")


@_people.post("/people", response={201: AddedOut, **_REFUSALS}, operation_id="add_person")
def add_person(request: HttpRequest, body: PersonNew) -> Status[dict[str, object]]:
    """Add a person with their work. The same document is the same person."""
    token = need(request, Permission.CHANGE_PEOPLE, NoQuery())
    site, employer, team = _where(token, body.work)
    given = body.model_dump(exclude={"work"})

    def do() -> registry.Added:
        with registry.together(token.made_by):
            added = registry.add_person(token.made_by, registry.PersonDraft(**given))
            _assign(token, added.person, site, employer, team, body.work)
        return added

    try:
        count_asked(token.made_by, given["id_kind"], given["id_number"])
    except _REFUSED as refused:
        raise HttpError(409, str(refused)) from None
    added = _changed(token, "add person", do)
    return Status(201, {"worker_id": added.person.worker_id, "known": added.known})


@_people.patch("/people/{worker_id}", response={200: schemas.PersonOut, **_REFUSALS}, operation_id="change_person")
def change_person(request: HttpRequest, worker_id: Path[WorkerId], body: PersonChange) -> dict[str, object]:
    """Change fields of somebody who works where the token may change."""
    token = need(request, Permission.CHANGE_PEOPLE, NoQuery())
    person, changes = _person(token, worker_id), body.model_dump(exclude_unset=True)
    changed = _changed(token, "change person", lambda: registry.change_person(token.made_by, person, changes))
    return person_out(changed)


@_people.post("/assignments", response={201: schemas.AssignmentOut, **_REFUSALS}, operation_id="start_assignment")
def start(request: HttpRequest, body: AssignmentNew) -> Status[dict[str, object]]:
    """Let a person work on a site. The gates open from the first day on."""
    token = need(request, Permission.CHANGE_PEOPLE, NoQuery())
    person, where = _person(token, body.worker_id), _where(token, body)
    return Status(201, assignment_out(_changed(token, "assign", lambda: _assign(token, person, *where, body))))


@_people.patch(
    "/assignments/{assignment_id}",
    response={200: schemas.AssignmentOut, **_REFUSALS},
    operation_id="change_assignment",
)
def change(request: HttpRequest, assignment_id: int, body: AssignmentChange) -> dict[str, object]:
    """Change team, trade or role. What was stays in the history, so the answer may name another assignment."""
    token = need(request, Permission.CHANGE_PEOPLE, NoQuery())
    row, given = _work(token, assignment_id), body.model_dump(exclude_unset=True)
    if body.since is not None and abs((body.since - timezone.localdate()).days) > _DAYS_MAX:
        raise HttpError(422, "since: it is more than a year away, compare the year")
    team = row.team
    if "team" in given:
        team = _team(token, row.project, row.enterprise, given["team"])

    def do() -> Assignment:
        return registry.change_assignment(
            token.made_by,
            row,
            team=team,
            trade=given.get("trade") or row.trade,
            role=given.get("role", row.role),
            since=given.get("since"),
        )

    return assignment_out(_changed(token, "change assignment", do))


@_people.post(
    "/assignments/{assignment_id}/end",
    response={200: schemas.AssignmentOut, **_REFUSALS},
    operation_id="end_assignment",
)
def end(request: HttpRequest, assignment_id: int, body: AssignmentEnd) -> dict[str, object]:
    """End the work on a site. The gates stay shut from the day after on."""
    token = need(request, Permission.CHANGE_PEOPLE, NoQuery())
    row = _work(token, assignment_id)
    ended = _changed(token, "end assignment", lambda: registry.end_assignment(token.made_by, row, body.ends, body.why))
    return assignment_out(ended)


@_corrections.post("/corrections", response={201: schemas.CorrectionOut, **_REFUSALS}, operation_id="ask_correction")
def ask(request: HttpRequest, body: CorrectionNew) -> Status[dict[str, object]]:
    """Ask to add a passage. It counts once somebody else approves it."""
    token = need(request, Permission.CORRECT, NoQuery())
    if body.utc.tzinfo is None:
        raise HttpError(422, "utc: it needs a time zone, such as 2026-11-20T17:30:00+08:00")
    site = site_of(token, body.site_id, Permission.CORRECT)
    named = Person.objects.visible_to(token, Permission.CORRECT).living()
    person = named.filter(worker_id=body.worker_id.replace("\0", "")).first()
    if person is None:
        raise HttpError(404, "no such person, or not yours")
    asked = _changed(
        token,
        "ask correction",
        lambda: requests.ask_for_passage(token.made_by, site, person, body.direction, body.utc, body.why),
    )
    return Status(201, correction_out(asked))


def _changed(token: ApiToken, what: str, do: Callable[[], Done]) -> Done:
    """Do a change, and record which program asked for it. Raises HttpError with the registry's own words."""
    try:
        with transaction.atomic():
            done = do()
            record(token.made_by, "api.change", token, details={"what": what})
            return done
    except _REFUSED as refused:
        raise HttpError(409, str(refused)) from None


def _person(token: ApiToken, worker_id: str) -> Person:
    people = Person.objects.visible_to(token, Permission.CHANGE_PEOPLE).changeable_by(token).living()
    found: Person | None = people.filter(worker_id=worker_id.replace("\0", "")).first()
    if found is None:
        raise HttpError(404, "no such person, or not yours to change")
    return found


def _work(token: ApiToken, key: int) -> Assignment:
    rows = Assignment.objects.visible_to(token, Permission.CHANGE_PEOPLE)
    rows = rows.select_related("person", "project__place", "enterprise", "team")
    found: Assignment | None = rows.filter(pk=key).first() if 0 < key <= _ID_MAX else None
    if found is None:
        raise HttpError(404, "no such assignment, or not yours to change")
    return found


def _where(token: ApiToken, work: WorkNew) -> tuple[Project, Enterprise, Team | None]:
    """Find site, employer and team among those that the token may use. Raises HttpError."""
    site = site_of(token, work.site_id, Permission.CHANGE_PEOPLE)
    employers = Enterprise.objects.visible_to(token, Permission.CHANGE_PEOPLE)
    scope = token.scope(Permission.CHANGE_PEOPLE)
    if not scope.ranges:
        employers = employers.filter(pk__in=scope.enterprises)
    employer = employers.filter(uscc=work.employer_code.replace("\0", "")).first()
    if employer is None:
        raise HttpError(404, "no such employer, or not yours")
    return site, employer, _team(token, site, employer, work.team)


def _team(token: ApiToken, site: Project, employer: Enterprise, name: str) -> Team | None:
    if not name:
        return None
    teams = Team.objects.visible_to(token, Permission.CHANGE_PEOPLE)
    found: Team | None = teams.filter(project=site, enterprise=employer, name=name.replace("\0", "")).first()
    if found is None:
        raise HttpError(404, "this employer has no team of that name on the site")
    return found


def _assign(
    token: ApiToken, person: Person, site: Project, employer: Enterprise, team: Team | None, work: Any
) -> Assignment:
    return registry.assign(
        token.made_by,
        person,
        site,
        employer,
        starts=work.starts,
        ends=work.ends,
        team=team,
        trade=work.trade,
        role=work.role,
    )
