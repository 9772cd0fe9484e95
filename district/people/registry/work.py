"""Employers, sites and teams of people, each for a time."""

import re
from datetime import date, timedelta
from functools import partial
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from district.people import rules
from district.people.models import Assignment, Employment, Person, Team, in_force, lasts
from district.people.registry.base import (
    RecordRefused,
    change_of_people,
    followed,
    held,
    keep,
    later,
    living,
    remembered,
    rows_of,
)
from district.people.registry.leaders import leave_lead
from district.places.models import Enterprise, Project, Subcontract

AHEAD_DAYS = 366
"""A beginning later than this is a typing error."""
FIRST_DAY = date(1990, 1, 1)
_NUMBER = re.compile(r"[0-9]{3,4}")


@change_of_people
def employ(
    by: object,
    person: Person,
    enterprise: Enterprise,
    *,
    starts: date,
    ends: date | None = None,
    contract_number: str = "",
    contract_ends: date | None = None,
) -> Employment:
    """Record an employer. A time that touches a recorded one at the same enterprise makes that one longer. Raises
    RecordRefused.
    """
    person = living(person)
    _in_order(starts, ends)
    _not_retired(enterprise, starts)
    found = _touching(person, enterprise, starts, ends)
    employment = found or Employment(person=person, enterprise=enterprise, starts=starts, ends=ends)
    if found is not None:
        employment.starts = min(starts, found.starts)
        employment.ends = None if ends is None or found.ends is None else max(ends, found.ends)
    employment.contract_number = contract_number.strip()[:60] or employment.contract_number
    employment.contract_ends = contract_ends or employment.contract_ends
    keep(employment)
    followed(by, "employ", person, employment, fields=("enterprise", "starts", "ends"), moved=True)
    return employment


@change_of_people
def end_employment(by: object, employment: Employment, ends: date, why: str = "") -> Employment:
    """End an employment and the person's work on sites for that employer. Raises RecordRefused."""
    person = living(employment.person_id)
    employment = held(employment, person)
    _in_order(employment.starts, ends)
    employment.ends = ends
    keep(employment)
    open_there = Assignment.objects.filter(
        Q(ends__isnull=True) | Q(ends__gt=ends), person=person, enterprise=employment.enterprise_id
    )
    for assignment in open_there:
        end_assignment(by, assignment, max(ends, assignment.starts), why)
    followed(by, "end employment", person, employment, fields=("ends",), moved=True, why=why)
    return employment


@change_of_people
def assign(
    by: object,
    person: Person,
    project: Project,
    enterprise: Enterprise,
    *,
    starts: date,
    ends: date | None = None,
    team: Team | None = None,
    trade: str = rules.OTHER_TRADE,
    role: int = Assignment.Role.WORKER,
) -> Assignment:
    """Let a person work on a site for an employer; the employment is recorded if none covers the beginning.

    Raises RecordRefused, also if the enterprise has no contract on the site, or the person works there already.
    """
    person = living(person)
    _in_order(starts, ends)
    may_work(project, enterprise, starts)
    there = [one for one in rows_of(Assignment, person) if one.project_id == project.pk and lasts(one, starts)]
    if any(ends is None or one.starts <= ends for one in there):
        raise RecordRefused(_("This person works on this site at that time already: change or end that work instead."))
    hired = [one for one in rows_of(Employment, person) if one.enterprise_id == enterprise.pk and one.starts <= starts]
    if not any(lasts(one, starts) for one in hired):
        employ(by, person, enterprise, starts=starts)
    assignment = Assignment(person=person, project=project, enterprise=enterprise, starts=starts, ends=ends)
    _describe(assignment, team, trade, role)
    keep(assignment)
    followed(by, "assign", person, assignment, fields=("project", "enterprise", "starts", "ends"), moved=True)
    return assignment


@change_of_people
def change_assignment(
    by: object, assignment: Assignment, *, team: Team | None, trade: str, role: int, since: date | None = None
) -> Assignment:
    """Change team, trade or role. Work that began earlier ends the day before `since` (today), so that the history
    stays true. Return the assignment with the change. Raises RecordRefused.
    """
    person = living(assignment.person_id)
    assignment = held(assignment, person)
    since = since or timezone.localdate()
    if (assignment.team, assignment.trade, assignment.role) == (team, trade, role):
        return assignment
    if assignment.ends is not None and assignment.ends < since:
        raise RecordRefused(_("This work has ended: the past stays as it was recorded."))
    if assignment.starts < since:
        followed_by = Assignment(
            person=person,
            project=assignment.project,
            enterprise=assignment.enterprise,
            starts=since,
            ends=assignment.ends,
        )
        assignment.ends = since - timedelta(days=1)
        keep(assignment)
        assignment = followed_by
    _describe(assignment, team, trade, role)
    keep(assignment)
    followed(by, "change", person, assignment, fields=("team", "trade", "role"), moved=True)
    return assignment


@change_of_people
def end_assignment(by: object, assignment: Assignment, ends: date, why: str = "") -> Assignment:
    """End the work on a site: `ends` is the last day on which gates open. Raises RecordRefused."""
    person = living(assignment.person_id)
    assignment = held(assignment, person)
    _in_order(assignment.starts, ends)
    if assignment.ends != ends:
        assignment.ends = ends
        keep(assignment)
        if ends < timezone.localdate():
            later(partial(leave_lead, person, [assignment.project_id]))
        followed(by, "end assignment", person, assignment, fields=("ends",), moved=True, why=why)
    return assignment


def _describe(assignment: Assignment, team: Team | None, trade: str, role: int) -> None:
    if team is not None and (team.project_id, team.enterprise_id) != (assignment.project_id, assignment.enterprise_id):
        raise RecordRefused(_("This team belongs to another site or employer: choose one of this site."))
    if team is not None and team.retired is not None:
        raise RecordRefused(_("This team has ended: choose another."))
    if role not in Assignment.Role.values:
        raise RecordRefused(_("The role is manager or worker."))
    code = rules.trade_code(trade) or (trade if _NUMBER.fullmatch(trade) else None)
    if code is None:
        raise RecordRefused(_("This trade is not in the national table: choose one of it."))
    assignment.team, assignment.trade, assignment.role = team, code, role


def _in_order(starts: date, ends: date | None) -> None:
    if not FIRST_DAY <= starts <= timezone.localdate() + timedelta(days=AHEAD_DAYS):
        raise RecordRefused(_("The first day is too long ago or too far ahead: compare the year."))
    if ends is not None and ends < starts:
        raise RecordRefused(_("The last day is before the first day: exchange or correct them."))


def _not_retired(enterprise: Enterprise, starts: date) -> None:
    if enterprise.retired is not None and enterprise.retired <= starts:
        raise RecordRefused(_("This enterprise has been retired: choose another."))


def may_work(project: Project, enterprise: Enterprise, starts: date, *, ever: bool = False) -> None:
    """Check that an enterprise has a contract on an open site; `ever`: it had one. Raises RecordRefused."""
    if project.closed is not None and project.closed <= starts and not ever:
        raise RecordRefused(_("This site is closed: choose another, or an earlier day."))
    if project.general_contractor_id == enterprise.pk:
        return
    there: Any = Subcontract.objects.filter(Q() if ever else in_force(starts), project=project, enterprise=enterprise)
    if not remembered(("contract", project.pk, enterprise.pk, None if ever else starts), there.exists):
        raise RecordRefused(_("This enterprise has no contract on the site at that time: add the contract first."))


def _touching(person: Person, enterprise: Enterprise, starts: date, ends: date | None) -> Employment | None:
    """Return the employment at an enterprise that overlaps a time or meets it."""
    before = max(starts, date.min + timedelta(days=1)) - timedelta(days=1)
    there = [one for one in rows_of(Employment, person) if one.enterprise_id == enterprise.pk]
    touching = [one for one in there if lasts(one, before) and (ends is None or (one.starts - ends).days <= 1)]
    return min(touching, key=lambda one: one.starts, default=None)
