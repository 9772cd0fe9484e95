"""Keep an application's case in step with it: the case holds the owner, the clocks and the escalation."""

from django.db import transaction
from django.utils import timezone

from district.accounts.models import User
from district.cases.models import Case
from district.cases.registry import assign, close, confirm, open_case, progress, resolve, take_back
from district.cases.registry.sides import sides_of
from district.cases.rules import WITH_DESK_OR_OWNER, CaseKind, CaseRefused, CaseSide, CaseState
from district.support.models import SupportApplication


def open_application_case(by: object, application: SupportApplication) -> Case:
    """Open the case of a new application. The applicant is its reporter."""
    enterprise = application.enterprise
    return open_case(
        CaseKind.SUPPORT,
        enterprise.place,
        title=f"{enterprise.name} · {application.measure}",
        enterprise=enterprise,
        reporter=by if isinstance(by, User) else None,
        source="support",
        key=f"support:{application.pk}",
    )


def follow(by: object, case: Case | None, said: str) -> None:
    """Note the office's question in the case: it is the first answer. An account without a side changes nothing."""
    try:
        with transaction.atomic():
            _taken(by, case, said)
    except CaseRefused:
        return


def settle(by: object, case: Case | None, said: str) -> None:
    """Resolve the case with the office's decision. A case that somebody else holds is left to its owner."""
    try:
        with transaction.atomic():
            taken = _taken(by, case, said)
            if taken is not None and isinstance(by, User):
                resolve(by, taken, said)
    except CaseRefused:
        return


def close_case(by: object, case: Case | None) -> bool:
    """Confirm a resolved case for the reporter, and close it. Return whether that was possible."""
    if case is None or not isinstance(by, User) or CaseState(case.state) is not CaseState.RESOLVED:
        return False
    try:
        with transaction.atomic():
            close(by, confirm(by, case))
    except CaseRefused:
        return False
    return True


def end_case(by: object, case: Case | None, said: str) -> None:
    """Close the case of an application that its enterprise took back: nobody has to work on it."""
    if case is not None and isinstance(by, User):
        take_back(by, case, said)


def _taken(by: object, case: Case | None, said: str) -> Case | None:
    """Make an account the owner of a case, with a note. Raises CaseRefused."""
    if case is None or not isinstance(by, User) or CaseState(case.state) not in WITH_DESK_OR_OWNER:
        return None
    sides = sides_of(by, case, timezone.now())
    if case.owner_id not in (None, by.pk) and CaseSide.DESK in sides:
        case = assign(by, case, by)
    return progress(by, case, said)
