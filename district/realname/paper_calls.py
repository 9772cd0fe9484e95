"""Makes the calls for contracts, trainings and wages, and finds them among what the platform has."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from district.realname import papers
from district.realname.connector import Connector
from district.realname.gather import SiteFacts
from district.realname.models import SiteUpload, Upload
from district.realname.papers import Paper
from district.realname.prepared import Lacking, Prepared
from district.realname.rules.lacks import Lack
from district.realname.rules.paper_bodies import TRAINED, ContractFacts, TrainingFacts, WageFacts
from district.realname.rules.signers import PlatformCredentials

METHODS = {
    Upload.Kind.CONTRACT: "WorkerContract",
    Upload.Kind.TRAINING: "ProjectTraining",
    Upload.Kind.PAYROLL: "Payroll",
}


class AskingPlatform(Protocol):
    """What is needed of a site's calls."""

    connector: Connector
    site: SiteUpload
    credentials: PlatformCredentials

    def rows(self, method: str, body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Ask a query, page by page."""


def prepared(row: Upload, facts: SiteFacts, site: SiteUpload, encrypt: Callable[[str], str]) -> Prepared:
    """Make the call for one paper. Raises Lacking, SecretError."""
    paper = _paper(row, facts, site)
    if paper.wanted.lack:
        raise Lacking(paper.wanted.lack)
    who, what = papers.identity(facts, row.person_id or 0), paper.facts
    if isinstance(what, ContractFacts):
        body = what.body(who, encrypt)
    elif isinstance(what, TrainingFacts):
        if not what.team_number:
            raise Lacking(Lack.TEAM_NUMBER)
        body = what.body(who, encrypt)
    else:
        if what.team is None or not what.team.number:
            raise Lacking(Lack.TEAM_NUMBER)
        body = what.body(who, papers.account_of(row.person_id or 0), encrypt)
    return Prepared(f"{METHODS[Upload.Kind(row.kind)]}.Add", body, paper.wanted.digest)


def found(row: Upload, facts: SiteFacts, calls: AskingPlatform) -> Mapping[str, Any] | None:
    """Ask whether the platform has a paper. Raises NoAnswer, NotTaken, Lacking."""
    paper = _paper(row, facts, calls.site)
    who = papers.identity(facts, row.person_id or 0)
    if not who.number:
        return None
    signer, credentials = calls.connector.signer, calls.credentials
    method, asked = f"{METHODS[Upload.Kind(row.kind)]}.Query", question(paper)
    if isinstance(paper.facts, ContractFacts):
        asked |= {"idCardType": who.kind, "idCardNumber": signer.encrypt(who.number, credentials)}

    def number_of(entry: Mapping[str, Any]) -> str:
        return signer.decrypt(str(entry.get("idCardNumber", "")), credentials)

    name = name_of(paper, who.number)
    return next((one for one in calls.rows(method, asked) if name in names_in(one, row.kind, number_of)), None)


def question(paper: Paper) -> dict[str, Any]:
    """Return what narrows the query for a paper."""
    what = paper.facts
    if isinstance(what, TrainingFacts):
        return {"trainingDate": what.day.isoformat()} if what.day else {}
    if isinstance(what, WageFacts):
        team = {"teamSysNo": int(what.team.number)} if what.team and what.team.number else {}
        return {"payMonth": f"{what.month:%Y-%m}", **team}
    return {}


def name_of(paper: Paper, number: str) -> tuple[str, ...]:
    """Return what names a worker's paper on the platform. `number`: of the worker's document."""
    what = paper.facts
    if isinstance(what, TrainingFacts):
        return number, what.name, what.day.isoformat() if what.day else ""
    if isinstance(what, WageFacts):
        return number, what.number
    return number, what.company.code, what.starts.isoformat()


def names_in(
    entry: Mapping[str, Any], kind: int, number_of: Callable[[Mapping[str, Any]], str]
) -> set[tuple[str, ...]]:
    """Return the names of all papers in one row of an answer: a training has many workers."""

    def text(name: str) -> str:
        return str(entry.get(name, ""))

    if kind == Upload.Kind.TRAINING:
        trained = entry.get(TRAINED)
        workers = [one for one in trained if isinstance(one, dict)] if isinstance(trained, list) else []
        return {(number_of(one), text("trainingName"), text("trainingDate")) for one in workers}
    if kind == Upload.Kind.PAYROLL:
        return {(number_of(entry), text("thirdPayRollCode"))}
    return {(number_of(entry), text("corpCode"), text("startDate"))}


def _paper(row: Upload, facts: SiteFacts, site: SiteUpload) -> Paper:
    key = (row.kind, row.subject_id, row.group)
    paper = next((one for one in papers.papers(facts, site) if one.wanted.key == key), None)
    if paper is None:
        raise Lacking(Lack.GONE)
    return paper
