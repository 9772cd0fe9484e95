"""Reads from the registry what the platform should have of one site."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.utils import timezone

from district.fields import cipher
from district.people.models import Assignment, IdDocument, Team
from district.places.models import Enterprise, Project, Subcontract
from district.realname.models import SiteUpload, Upload
from district.realname.photos import platform_photos
from district.realname.rules import bodies
from district.realname.rules.lacks import Lack
from district.realname.rules.signers import as_json


@dataclass(frozen=True)
class Wanted:
    """One thing that the platform should have. `digest`: of the whole, keyed."""

    kind: Upload.Kind
    subject_id: int
    enterprise_id: int
    digest: str = ""
    person_id: int | None = None
    team_id: int | None = None
    lack: Lack | None = None
    group: str = ""

    @property
    def key(self) -> tuple[int, int, str]:
        """Return what names it on its site."""
        return int(self.kind), self.subject_id, self.group


@dataclass
class SiteFacts:
    """What the registry says of one site today."""

    project: Project
    subcontracts: dict[int, Subcontract]
    teams: dict[int, Team]
    assignments: list[Assignment]
    documents: dict[int, IdDocument]
    photos: dict[int, str]

    def company(self, enterprise: Enterprise) -> bodies.CompanyFacts:
        """Return the facts of a company."""
        contract = self.subcontracts.get(enterprise.pk)
        return bodies.CompanyFacts(
            self.project.code,
            enterprise.uscc,
            enterprise.name,
            enterprise.kind,
            contract.starts if contract else None,
            contract.ends if contract else None,
        )

    def team(self, team: Team) -> bodies.TeamFacts:
        """Return the facts of a team."""
        return bodies.TeamFacts(self.company(team.enterprise), team.name, team.platform_number)

    def worker(self, assignment: Assignment) -> bodies.WorkerFacts:
        """Return the facts of a worker."""
        person, document = assignment.person, self.documents.get(assignment.person_id)
        team = self.teams.get(assignment.team_id or 0)
        return bodies.WorkerFacts(
            self.team(team) if team else None,
            person.name,
            document.kind if document else "",
            document.number if document else "",
            document.issuer if document else "",
            assignment.trade,
            assignment.role,
            bool(team and team.leader_id == person.pk),
            person.nation,
            person.address,
            person.phone,
            self.photos.get(person.pk, ""),
        )


def site_facts(project: Project, persons: Sequence[int] | None = None) -> SiteFacts:
    """Read a site: in six queries, for any number of its people. `persons`: of these alone."""
    assigned = Assignment.objects.filter(project=project, person__merged_into=None, person__erased=None)
    if persons is not None:
        assigned = assigned.filter(person__in=persons)
    assignments = list(assigned.select_related("person", "enterprise").order_by("starts", "pk"))
    people = {assignment.person_id for assignment in assignments}
    documents = IdDocument.objects.filter(person__in=people).order_by("-kind", "pk")
    return SiteFacts(
        project,
        {row.enterprise_id: row for row in Subcontract.objects.filter(project=project).order_by("starts")},
        {team.pk: team for team in Team.objects.filter(project=project).select_related("enterprise")},
        assignments,
        {document.person_id: document for document in documents},
        platform_photos(people),
    )


def wanted(facts: SiteFacts, today: date) -> Iterator[Wanted]:
    """Return all that the platform should have of a site, in the order in which it goes."""
    enterprises = Enterprise.objects.in_bulk(
        {a.enterprise_id for a in facts.assignments} | set(facts.subcontracts) | {facts.project.general_contractor_id}
    )
    for enterprise in enterprises.values():
        known = facts.company(enterprise)
        yield Wanted(Upload.Kind.CORP, enterprise.pk, enterprise.pk, digest(bodies.corp(known)))
        body = bodies.company(known)
        yield Wanted(Upload.Kind.COMPANY, enterprise.pk, enterprise.pk, digest(body))
    for team in facts.teams.values():
        yield Wanted(Upload.Kind.TEAM, team.pk, team.enterprise_id, team_digest(facts, team), team_id=team.pk)
    newest = {assignment.person_id: assignment for assignment in facts.assignments}
    for assignment in newest.values():
        yield _worker(facts, assignment)
    for assignment in facts.assignments:
        lack = None if newest[assignment.person_id].team_id else Lack.TEAM
        yield from _entry_and_exit(assignment, today, lack)


def _worker(facts: SiteFacts, assignment: Assignment) -> Wanted:
    worker = facts.worker(assignment)
    lack = bodies.worker_lack(worker)
    return Wanted(
        Upload.Kind.WORKER,
        assignment.person_id,
        assignment.enterprise_id,
        worker_digest(worker),
        person_id=assignment.person_id,
        team_id=assignment.team_id,
        lack=None if lack is Lack.TEAM_NUMBER else lack,
    )


def _entry_and_exit(assignment: Assignment, today: date, lack: Lack | None) -> Iterator[Wanted]:
    for kind, day in ((Upload.Kind.ENTRY, assignment.starts), (Upload.Kind.EXIT, assignment.ends)):
        if day is not None and day <= today:
            yield Wanted(
                kind,
                assignment.pk,
                assignment.enterprise_id,
                digest({"day": day.isoformat()}),
                person_id=assignment.person_id,
                team_id=assignment.team_id,
                lack=lack,
            )


def team_digest(facts: SiteFacts, team: Team) -> str:
    """Return the digest of a team. The number that the platform gave is no change of the team."""
    return digest(bodies.team(bodies.TeamFacts(facts.company(team.enterprise), team.name)))


def worker_digest(worker: bodies.WorkerFacts) -> str:
    """Return the digest of a worker. The team's number is no change of the worker, and a photo is named by its time."""
    plain = bodies.worker(replace(worker, photo=None), str)
    return digest(plain | {"team": worker.team.name if worker.team else "", "photo": worker.photo_taken})


def digest(body: bodies.Body) -> str:
    """Return a keyed digest: it changes with the body, and says nothing without the key."""
    return cipher().index(as_json(body), "realname_upload.digest")


def today_of() -> date:
    """Return the district's day."""
    return timezone.localdate()


def sites_to_upload() -> Iterator[SiteUpload]:
    """Return the sites whose uploads are on, with their projects."""
    yield from SiteUpload.objects.filter(enabled=True).select_related("project__place")
