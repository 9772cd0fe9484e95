"""Reads from the registry which contracts, trainings and wages the platform should have of one site."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from district.attendance.models import Day, PayrollLine
from district.people.models import Assignment, BankAccount, Certificate, Employment
from district.realname.gather import SiteFacts, Wanted, digest
from district.realname.models import SiteUpload, Upload
from district.realname.rules.lacks import Lack
from district.realname.rules.paper_bodies import ContractFacts, Identity, PaperFacts, TrainingFacts, WageFacts

KINDS = (Upload.Kind.CONTRACT, Upload.Kind.TRAINING, Upload.Kind.PAYROLL)


@dataclass(frozen=True)
class Paper:
    """One contract, training or month's wages of one worker."""

    wanted: Wanted
    facts: PaperFacts


def papers(facts: SiteFacts, site: SiteUpload) -> Iterator[Paper]:
    """Return all that the platform should have of the people of a site."""
    newest = {assignment.person_id: assignment for assignment in facts.assignments}
    yield from _contracts(facts, newest)
    yield from _trainings(facts, site, newest)
    yield from _wages(facts, site)


def identity(facts: SiteFacts, person: int) -> Identity:
    """Return by which document the platform knows a worker."""
    document = facts.documents.get(person)
    return Identity(document.kind, document.number) if document else Identity()


def account_of(person: int) -> str:
    """Return the number of the account to which wages go; "" without one."""
    account = BankAccount.objects.filter(person=person).order_by("-pk").first()
    return account.number if account else ""


def _contracts(facts: SiteFacts, newest: dict[int, Assignment]) -> Iterator[Paper]:
    """Return the recorded contracts with the employers for whom people work here. One without an end of its own lasts
    until the site is built.
    """
    recorded = Employment.objects.filter(~Q(contract_number="") | Q(contract_ends__isnull=False), person__in=newest)
    for row in recorded.select_related("enterprise").order_by("pk"):
        if row.enterprise_id != newest[row.person_id].enterprise_id:
            continue
        ends = row.contract_ends or facts.project.ends
        contract = ContractFacts(facts.company(row.enterprise), row.starts, ends, row.contract_ends is None)
        group = f"{row.starts} – {ends or ''}"
        yield _paper(Upload.Kind.CONTRACT, row.pk, group, newest[row.person_id], contract, facts)


def _trainings(facts: SiteFacts, site: SiteUpload, newest: dict[int, Assignment]) -> Iterator[Paper]:
    """Return the trainings that were given while people worked on the site."""
    first: dict[int, date] = {}
    for assignment in facts.assignments:
        first[assignment.person_id] = min(first.get(assignment.person_id, assignment.starts), assignment.starts)
    for row in Certificate.objects.filter(person__in=newest, is_training=True).order_by("pk"):
        if row.issued is not None and row.issued < first[row.person_id]:
            continue
        assignment = newest[row.person_id]
        team = facts.teams.get(assignment.team_id or 0)
        training = TrainingFacts(
            facts.project.code,
            row.kind,
            row.issued,
            site.training_hours,
            site.training_type,
            team.platform_number if team else "",
        )
        group = f"{row.issued or ''} {row.kind}"
        yield _paper(Upload.Kind.TRAINING, row.pk, group, assignment, training, facts)


def _wages(facts: SiteFacts, site: SiteUpload) -> Iterator[Paper]:
    """Return the lines of payrolls whose wages were paid. Before that they may change, and the platform takes none
    back.
    """
    lines: Any = PayrollLine.objects.filter(
        payroll__project=facts.project,
        payroll__settled__gte=site.since,
        person__in={assignment.person_id for assignment in facts.assignments},
    )
    lines = list(lines.select_related("payroll").order_by("pk"))
    people = {line.person_id for line in lines}
    accounts = BankAccount.objects.filter(person__in=people).order_by("pk")
    banks = {one: (bank, index) for one, bank, index in accounts.values_list("person", "bank", "number_index")}
    hours = _hours(facts, {line.payroll.month for line in lines}, people)
    for line in lines:
        payroll = line.payroll
        worked = _in_month(facts, line.person_id, payroll.enterprise_id, payroll.month)
        team = facts.teams.get(worked.team_id or 0) if worked else None
        wage = WageFacts(
            facts.team(team) if team else None,
            payroll.month,
            payroll.settled,
            f"P{payroll.pk:08d}W{line.person_id:010d}",
            line.amount,
            line.days,
            hours.get((line.person_id, payroll.month), Decimal(0)),
            *banks.get(line.person_id, ("", "")),
            site.pay_bank,
            site.pay_account,
        )
        group = f"{payroll.month:%Y-%m} #{payroll.enterprise_id}"
        assignment = worked or next(a for a in facts.assignments if a.person_id == line.person_id)
        yield _paper(Upload.Kind.PAYROLL, line.person_id, group, assignment, wage, facts, payroll.enterprise_id)


def _in_month(facts: SiteFacts, person: int, enterprise: int, month: date) -> Assignment | None:
    """Return a person's last work for an employer in a month."""
    after = (month + timedelta(days=32)).replace(day=1)
    fitting = [
        a
        for a in facts.assignments
        if (a.person_id, a.enterprise_id) == (person, enterprise)
        and a.starts < after
        and (a.ends is None or a.ends >= month)
    ]
    return fitting[-1] if fitting else None


def _hours(facts: SiteFacts, months: set[date], people: set[int]) -> dict[tuple[int, date], Decimal]:
    """Return the hours inside by person and month, as the month ledger has them."""
    found: dict[tuple[int, date], Decimal] = {}
    for month in months:
        after = (month + timedelta(days=32)).replace(day=1)
        days: Any = Day.objects.filter(
            project=facts.project, person__in=people, date__gte=month, date__lt=after
        ).order_by()
        for person, seconds in days.values_list("person").annotate(seconds=Sum("seconds")):
            found[person, month] = round(Decimal(seconds or 0) / 3600, 1)
    return found


def _paper(
    kind: Upload.Kind,
    subject: int,
    group: str,
    assignment: Assignment,
    facts: PaperFacts,
    of_site: SiteFacts,
    enterprise: int | None = None,
) -> Paper:
    lack = facts.lack
    if lack is None and assignment.person_id not in of_site.documents:
        lack = Lack.DOCUMENT
    if lack is None and assignment.team_id is None:
        lack = Lack.TEAM
    wanted = Wanted(
        kind,
        subject,
        enterprise or assignment.enterprise_id,
        digest({key: str(value) for key, value in asdict(facts).items()}),
        person_id=assignment.person_id,
        team_id=assignment.team_id,
        lack=lack,
        group=group,
    )
    return Paper(wanted, facts)
