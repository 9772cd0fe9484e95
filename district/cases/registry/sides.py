"""On which sides of a case an account stands, and who can own it."""

from datetime import datetime

from django.utils.translation import gettext_noop

from district.accounts.models import User
from district.cases.models import Case
from district.cases.rules import CaseRefused, CaseSide, reports_side
from district.people.models import Person
from district.permissions import Permission
from district.places.models import Place


def works_on(user: User, case: Case) -> bool:
    """Say whether an account sees a case and may work on it."""
    return user.is_active and Case.objects.visible_to(user, Permission.WORK_CASES).filter(pk=case.pk).exists()


def stands_above(user: User, place: Place) -> bool:
    """Say whether an account works on the cases of a place, or of one above it."""
    return user.scope(Permission.WORK_CASES).holds(place.path)


def sides_of(user: User, case: Case, now: datetime) -> frozenset[CaseSide]:
    """Return the sides of an account; none if it does not see the case or only reads."""
    if not works_on(user, case):
        return frozenset()
    found = {CaseSide.DESK} if stands_above(user, case.desk) else set()
    if case.owner_id == user.pk:
        found.add(CaseSide.OWNER)
    if stands_above(user, case.place):
        found.add(CaseSide.SITE)
    waited = case.confirm_due is not None and case.confirm_due <= now
    if reports_side(
        is_reporter=case.reporter_id == user.pk,
        reporter_answers=not waited and _can_answer(case),
        stands_above=stands_above(user, case.reporter_place),
        resolved_it=case.resolved_by_id == user.pk,
    ):
        found.add(CaseSide.REPORTER)
    return frozenset(found)


def _can_answer(case: Case) -> bool:
    """Say whether there is a reporter who can still confirm: an account that works there, or a worker's phone."""
    person: Person | None = case.reporter_person
    if person is not None:
        return person.erased is None
    reporter: User | None = case.reporter
    return reporter is not None and works_on(reporter, case)


def check_owner(user: User, case: Case) -> None:
    """Refuse an owner who could not do the next step. Raises CaseRefused."""
    if not works_on(user, case):
        raise CaseRefused(gettext_noop("This account does not work on cases there: choose another."))
