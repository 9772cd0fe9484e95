"""Tell of a step: notices for the page and for mails, a row for the broker, a signal."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from district.accounts.models import Grant, User
from district.cases.clocks import CLOCKS, told_at
from district.cases.models import Case, CaseBroadcast, CaseNotice, CaseStep
from district.cases.registry.duty import quiet_at
from district.cases.registry.sides import works_on
from district.cases.rules import CaseAction, CaseKind
from district.cases.signals import stepped
from district.permissions import PERMISSIONS, Permission
from district.places.models import Place

WORKING = [role.value for role, granted in PERMISSIONS.items() if Permission.WORK_CASES in granted]
"""Roles that work on cases."""
MAILED_MAX = 30
"""Accounts that one step tells."""


def tell(case: Case, step: CaseStep, now: datetime) -> None:
    """Tell everybody of a step whom it concerns. Call it inside the step's transaction, after the case is stored."""
    urgent = CLOCKS[CaseKind(case.kind)].urgent
    leaves = told_at(quiet_at(case.desk), now, urgent=urgent)
    concerned = [user for user in _concerned(case, CaseAction(step.action), now) if user.pk != step.user_id]
    told = [user for user in dict.fromkeys(concerned) if works_on(user, case)][:MAILED_MAX]
    CaseNotice.objects.bulk_create(
        [
            CaseNotice(
                case=case, step=step, user=user, made=now, leaves=leaves, mailed=None if user.email.strip() else now
            )
            for user in told
        ],
        ignore_conflicts=True,
    )
    if settings.BROKER.host:
        CaseBroadcast.objects.create(case=case, step=step)
    stepped.send(Case, case=case, step=step)


def desk_people(place: Place, now: datetime) -> list[User]:
    """Return who works on cases at a place; if nobody does, at the nearest place above."""
    found = list(_grants(now).filter(place__path__in=place.ancestor_paths))
    nearest = max((grant.place.depth for grant in found if grant.place), default=0)
    return [grant.user for grant in found if grant.place and grant.place.depth == nearest]


def _concerned(case: Case, action: CaseAction, now: datetime) -> Iterable[User]:
    owner = [case.owner] if case.owner is not None else []
    match action:
        case CaseAction.REPORT:
            desk = [] if owner else desk_people(case.desk, now)
            return [*owner, *desk, *([] if case.discreet else _site_people(case, now))]
        case CaseAction.ASSIGN | CaseAction.REOPEN | CaseAction.RESPOND:
            return owner
        case CaseAction.HAND_OVER | CaseAction.ESCALATE:
            return [*owner, *desk_people(case.desk, now)]
        case CaseAction.PROGRESS:
            return [case.reporter] if case.reporter is not None else []
        case CaseAction.RESOLVE:
            return _reporters(case, now)
        case CaseAction.CONFIRM | CaseAction.NEWS:
            return owner or desk_people(case.desk, now)
        case _:
            return [*owner, *([case.reporter] if case.reporter is not None else [])]


def _reporters(case: Case, now: datetime) -> list[User]:
    """Return who is to confirm: the reporter, or who works at the place of a program. A worker's phone is not told."""
    if case.reporter is not None:
        return [case.reporter]
    if case.reporter_person_id is not None:
        return []
    return [user for user in desk_people(case.reporter_place, now) if user.pk != case.resolved_by_id]


def _site_people(case: Case, now: datetime) -> list[User]:
    return [grant.user for grant in _grants(now).filter(place=case.place_id)]


def _grants(now: datetime) -> "QuerySet[Grant]":
    working: QuerySet[Grant] = Grant.objects.filter(Grant.in_force(now), role__in=WORKING, user__is_active=True)
    return working.select_related("user", "place").order_by("pk")
