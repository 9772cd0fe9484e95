"""Makes the calls for one queued thing: the body, and the questions whether the platform has it already."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from district.people.models import IdDocument
from district.realname import gather, paper_calls
from district.realname.connector import ZONE, Connector
from district.realname.models import PassageUpload, SiteUpload, Upload
from district.realname.photos import photo_of
from district.realname.prepared import Lacking, NotTaken, Prepared
from district.realname.rules import bodies
from district.realname.rules.answers import PlatformAnswer, Verdict
from district.realname.rules.codes import DIRECTIONS
from district.realname.rules.lacks import Lack
from district.realname.rules.signers import PlatformCredentials

PAGE = 50
"""Rows of one answer to a query."""
PAGES_MAX = 400
METHODS = {
    Upload.Kind.CORP: "Corp",
    Upload.Kind.COMPANY: "ProjectSubContractor",
    Upload.Kind.TEAM: "Team",
    Upload.Kind.WORKER: "ProjectWorker",
    Upload.Kind.ENTRY: "WorkerEntryExit",
    Upload.Kind.EXIT: "WorkerEntryExit",
    Upload.Kind.ATTENDANCE: "WorkerAttendance",
}


@dataclass
class SiteCalls:
    """The platform, from the view of one site."""

    connector: Connector
    site: SiteUpload
    credentials: PlatformCredentials

    def call(self, method: str, body: Mapping[str, Any]) -> PlatformAnswer:
        """Make one call for this site. Raises NoAnswer."""
        return self.connector.call(method, body, self.credentials)

    @cached_property
    def encrypt(self) -> Any:
        """Return the encryption of this project's numbers."""
        return self.connector.encrypt(self.credentials)

    @property
    def project_code(self) -> str:
        """Return the platform's name of the site. Raises Lacking."""
        if not self.site.project.code:
            raise Lacking(Lack.PROJECT_CODE)
        return self.site.project.code

    def prepare(self, row: Upload) -> Prepared:
        """Make the call for a row, from what the registry says now. Raises Lacking, SecretError."""
        _ = self.project_code
        if row.kind == Upload.Kind.ATTENDANCE:
            return self._attendance(row)
        facts = gather.site_facts(self.site.project, [row.person_id] if row.person_id else [])
        if row.kind in (Upload.Kind.CORP, Upload.Kind.COMPANY, Upload.Kind.TEAM):
            return self._company_or_team(row, facts)
        if row.group:
            if not uploaded(row, Upload.Kind.WORKER, row.person_id or 0):
                raise Lacking(Lack.WORKER)
            return paper_calls.prepared(row, facts, self.site, self.encrypt)
        return self._worker_or_entry(row, facts)

    def rows(self, method: str, body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Ask a query, page by page. Raises NoAnswer, NotTaken."""
        for page in range(PAGES_MAX):
            answer = self.ask(method, body, page, PAGE)
            yield from answer.rows
            if len(answer.rows) < PAGE or (page + 1) * PAGE >= answer.total:
                return

    def ask(self, method: str, body: Mapping[str, Any], page: int, size: int) -> PlatformAnswer:
        """Ask for one page. Raises NoAnswer, NotTaken."""
        of_site = {} if method == "Corp.Query" else {"projectCode": self.project_code}
        whole = {**of_site, "pageIndex": page, "pageSize": size, **body}
        answer = self.call(method, whole)
        if answer.verdict is not Verdict.TAKEN:
            raise NotTaken(answer)
        return answer

    def found(self, row: Upload) -> Mapping[str, Any] | None:
        """Ask whether the platform has a company, team, worker or paper. Raises NoAnswer, NotTaken, Lacking."""
        facts = gather.site_facts(self.site.project, [row.person_id] if row.person_id else [])
        if row.group:
            return paper_calls.found(row, facts, self)
        if row.kind in (Upload.Kind.CORP, Upload.Kind.COMPANY) and row.enterprise:
            wanted = {"corpCode": row.enterprise.uscc}
            return self._first(f"{METHODS[Upload.Kind(row.kind)]}.Query", wanted)
        if row.kind == Upload.Kind.TEAM and row.team:
            wanted = {"corpCode": row.team.enterprise.uscc, "teamName": row.team.name}
            return self._first("Team.Query", wanted)
        if row.kind == Upload.Kind.WORKER and row.person_id in facts.documents:
            document = facts.documents[row.person_id]
            wanted = {"idCardType": document.kind, "idCardNumber": self.encrypt(document.number)}
            number = document.number
            return next(
                (one for one in self.rows("ProjectWorker.Query", wanted) if self.number_of(one) == number), None
            )
        return None

    def _first(self, method: str, wanted: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return the row that has all that was asked for: a platform may answer with others."""
        return next((one for one in self.rows(method, wanted) if wanted.items() <= one.items()), None)

    def number_of(self, row: Mapping[str, Any]) -> str:
        """Return the plain number of a row's id document. Raises SecretError."""
        return self.connector.signer.decrypt(str(row.get("idCardNumber", "")), self.credentials)

    def attendance_of(self, days: Sequence[str]) -> set[tuple[str, str, str]]:
        """Return the passages that the platform holds of some days: number, time, direction."""
        return {
            (
                self.number_of(row),
                str(row.get("date", "")),
                str(row.get("direction", "")),
            )
            for day in days
            for row in self.rows("WorkerAttendance.Query", {"date": day})
        }

    def _company_or_team(self, row: Upload, facts: gather.SiteFacts) -> Prepared:
        if row.enterprise is None:
            raise Lacking(Lack.COMPANY)
        if row.kind == Upload.Kind.CORP:
            body = bodies.corp(facts.company(row.enterprise))
            return Prepared("Corp.Upload", body, gather.digest(body))
        if row.kind == Upload.Kind.COMPANY:
            body = bodies.company(facts.company(row.enterprise))
            return Prepared(self._method(row), body, gather.digest(body))
        team = facts.teams.get(row.subject_id)
        if team is None:
            raise Lacking(Lack.TEAM)
        if not uploaded(row, Upload.Kind.COMPANY, row.enterprise.pk):
            raise Lacking(Lack.COMPANY)
        return Prepared(self._method(row), bodies.team(facts.team(team)), gather.team_digest(facts, team))

    def _worker_or_entry(self, row: Upload, facts: gather.SiteFacts) -> Prepared:
        assignments = [a for a in facts.assignments if row.kind == Upload.Kind.WORKER or a.pk == row.subject_id]
        if not assignments:
            raise Lacking(Lack.TEAM)
        worker = facts.worker(assignments[-1])
        update = row.kind == Upload.Kind.WORKER and bool(row.uploaded_digest)
        lack = bodies.worker_lack(worker)
        if lack and not (lack is Lack.PHOTO and (update or row.kind != Upload.Kind.WORKER)):
            raise Lacking(lack)
        if row.kind == Upload.Kind.WORKER:
            worker = replace(worker, photo=photo_of(assignments[-1].person_id))
            if worker.photo is None and not update:
                raise Lacking(Lack.PHOTO)
            body = bodies.worker_update(worker, self.encrypt) if update else bodies.worker_add(worker, self.encrypt)
            return Prepared(self._method(row), body, gather.worker_digest(worker))
        if not uploaded(row, Upload.Kind.WORKER, assignments[-1].person_id):
            raise Lacking(Lack.WORKER)
        leaves = row.kind == Upload.Kind.EXIT
        day = assignments[-1].ends if leaves else assignments[-1].starts
        if day is None:
            raise Lacking(Lack.WORKER)
        body = bodies.entry_or_exit(worker, day, leaves, self.encrypt)
        return Prepared(self._method(row), body, gather.digest({"day": day.isoformat()}))

    def _attendance(self, row: Upload) -> Prepared:
        passages = [facts for _row, facts in passages_of(row, self.site)]
        if row.team is None or not row.team.platform_number:
            raise Lacking(Lack.TEAM_NUMBER)
        if not passages:
            raise Lacking(Lack.DOCUMENT)
        body = bodies.attendance(self.project_code, row.team.platform_number, passages, self.encrypt)
        return Prepared(self._method(row), body)

    @staticmethod
    def _method(row: Upload) -> str:
        kind = Upload.Kind(row.kind)
        has_update = kind in (Upload.Kind.COMPANY, Upload.Kind.TEAM, Upload.Kind.WORKER)
        return f"{METHODS[kind]}.{'Update' if has_update and row.uploaded_digest else 'Add'}"


def passages_of(batch: Upload, site: SiteUpload) -> list[tuple[PassageUpload, bodies.PassageFacts]]:
    """Return the passages of a batch whose people still have an id document."""
    rows = list(batch.passages.order_by("utc", "pk"))
    documents = {
        document.person_id: document
        for document in IdDocument.objects.filter(person__in={row.person_id for row in rows}).order_by("-kind", "pk")
    }
    return [
        (
            row,
            bodies.PassageFacts(
                documents[row.person_id].kind,
                documents[row.person_id].number,
                row.utc.astimezone(ZONE),
                row.direction,
                site.project.longitude,
                site.project.latitude,
            ),
        )
        for row in rows
        if row.person_id in documents
    ]


def uploaded(row: Upload, kind: Upload.Kind, subject_id: int) -> bool:
    """Say whether the platform has another thing of the same site."""
    same = Upload.objects.filter(project=row.project_id, kind=kind, subject_id=subject_id)
    return same.exclude(uploaded_digest="").exists()


def key_of(facts: bodies.PassageFacts) -> tuple[str, str, str]:
    """Return what names a passage on the platform."""
    way = DIRECTIONS[facts.direction]
    return facts.id_number, f"{facts.local:%Y-%m-%d %H:%M:%S}", way


def local_day(moment: datetime) -> str:
    """Return the platform's day of a moment."""
    return f"{moment.astimezone(ZONE):%Y-%m-%d}"
