"""Sites, people and their work."""

from datetime import datetime

from django.db.models import Q
from django.http import HttpRequest
from ninja import Field, Path, Query, Router
from ninja.errors import HttpError

from district.api import schemas
from district.api.routes.lists import REFUSALS, NoQuery, Paging, WorkerId, need, page_of, site_of
from district.people.models import Assignment, Person, in_force
from district.permissions import Permission
from district.places.models import Place, Project
from district.realname.gather import today_of

router = Router(tags=["register"])


class PeopleQuery(Paging):
    """Which people."""

    changed_since: datetime | None = Field(None, description="Only those whose record changed since then.")


class WorkQuery(Paging):
    """Which assignments."""

    site_id: str = Field("", max_length=63)
    worker_id: str = Field("", max_length=40)
    present: bool = Field(False, description="Only those that hold today.")


@router.get("/sites", response={200: schemas.SitePage, **REFUSALS}, operation_id="list_sites")
def sites(request: HttpRequest, query: Query[Paging]) -> dict[str, object]:
    """List the sites."""
    token = need(request, Permission.SEE_SITES, query)
    rows = Project.objects.visible_to(token).select_related("place", "general_contractor")
    page = page_of(rows, ("pk",), query)
    names = _names({path for row in page.rows for path in row.place.ancestor_paths})
    return {"rows": [_site(row, names) for row in page.rows], "cursor": page.next_cursor}


@router.get("/people", response={200: schemas.PersonPage, **REFUSALS}, operation_id="list_people")
def people(request: HttpRequest, query: Query[PeopleQuery]) -> dict[str, object]:
    """List the people who work or worked where the token sees."""
    rows = Person.objects.visible_to(need(request, Permission.SEE_PEOPLE, query)).filter(merged_into=None)
    if query.changed_since is not None:
        rows = rows.filter(changed__gte=query.changed_since)
    page = page_of(rows, ("pk",), query)
    return {"rows": [person_out(row) for row in page.rows], "cursor": page.next_cursor}


@router.get("/people/{worker_id}", response={200: schemas.PersonOut, **REFUSALS}, operation_id="show_person")
def person(request: HttpRequest, worker_id: Path[WorkerId]) -> dict[str, object]:
    """Show one person."""
    token = need(request, Permission.SEE_PEOPLE, NoQuery())
    found = Person.objects.visible_to(token).filter(worker_id=worker_id.replace("\0", ""), merged_into=None).first()
    if found is None:
        raise HttpError(404, "no such person, or not yours")
    return person_out(found)


@router.get("/assignments", response={200: schemas.AssignmentPage, **REFUSALS}, operation_id="list_assignments")
def assignments(request: HttpRequest, query: Query[WorkQuery]) -> dict[str, object]:
    """List who works or worked on which site, for whom and as what."""
    token = need(request, Permission.SEE_PEOPLE, query)
    wanted = Q()
    if query.site_id:
        wanted &= Q(project=site_of(token, query.site_id, Permission.SEE_PEOPLE))
    if query.worker_id:
        wanted &= Q(person__worker_id=query.worker_id.replace("\0", ""))
    if query.present:
        wanted &= in_force(today_of())
    rows = Assignment.objects.visible_to(token).filter(wanted, person__merged_into=None)
    page = page_of(rows.select_related("person", "project", "enterprise", "team"), ("pk",), query)
    return {"rows": [assignment_out(row) for row in page.rows], "cursor": page.next_cursor}


def _names(paths: set[str]) -> dict[str, str]:
    return dict(Place.objects.filter(path__in=paths).order_by().values_list("path", "name"))


def _site(row: Project, names: dict[str, str]) -> dict[str, object]:
    return {
        "site_id": row.site_id,
        "name": str(row),
        "code": row.code,
        "place": [names[path] for path in row.place.ancestor_paths if path in names],
        "general_contractor": row.general_contractor.uscc,
        "starts": row.starts,
        "ends": row.ends,
        "resumed": row.resumed,
        "closed": row.closed,
    }


def person_out(row: Person) -> dict[str, object]:
    """Return a person as the API shows it."""
    return {
        "worker_id": row.worker_id,
        "name": row.name,
        "pinyin": row.pinyin,
        "way": row.way,
        "erased": row.erased is not None,
        "changed": row.changed,
    }


def assignment_out(row: Assignment) -> dict[str, object]:
    """Return an assignment as the API shows it."""
    return {
        "assignment_id": row.pk,
        "worker_id": row.person.worker_id,
        "site_id": row.project.site_id,
        "employer": row.enterprise.name,
        "employer_code": row.enterprise.uscc,
        "team": row.team.name if row.team else "",
        "trade": row.trade,
        "role": row.role,
        "starts": row.starts,
        "ends": row.ends,
    }
