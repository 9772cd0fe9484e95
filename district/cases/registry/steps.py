"""The steps of a case. Each locks it, asks the table of the life cycle, and adds a row to its history."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.accounts.models import User
from district.audit.record import record
from district.cases.clocks import CONFIRM_MINUTES, Deadlines, deadlines, next_escalation
from district.cases.models import Case, CasePhoto, CaseStep, ResponseStep
from district.cases.photos import clean_photo
from district.cases.registry.duty import calendar_at
from district.cases.registry.sides import check_owner, sides_of, stands_above
from district.cases.registry.telling import tell
from district.cases.response import Proof, check_proof
from district.cases.rules import (
    WITH_DESK_OR_OWNER,
    CaseAction,
    CaseKind,
    CaseRefused,
    CaseSide,
    CaseState,
    check_said,
    next_state,
)
from district.people.models import Person
from district.places.models import Place

PROGRAM = "worker"
"""Who opens a case without a reporter, and who gives it its first owner."""
PHOTOS_MAX = 12


@dataclass(frozen=True)
class Phone:
    """A worker's own phone, for a case that the worker reported. `name` is what the history shows."""

    name: str

    @classmethod
    def of(cls, person: Person, *, discreet: bool) -> "Phone":
        """Return a worker's phone. In a case that is kept from the site it names nobody."""
        return cls("phone" if discreet else f"worker {person.worker_id}")

    def __str__(self) -> str:
        return self.name


@transaction.atomic
def assign(by: User, case: Case, to: User, said: str = "") -> Case:
    """Give a case an owner. Raises CaseRefused."""
    now = timezone.now()
    found = _may(by, case, CaseAction.ASSIGN, now)
    check_owner(to, found)
    found.owner = to
    return _done(by, found, CaseAction.ASSIGN, said, now)


@transaction.atomic
def hand_over(by: User, case: Case, to: Place, said: str) -> Case:
    """Give a case to the desk of another place, with a reason. Its clocks go on. Raises CaseRefused."""
    now, said = timezone.now(), check_said(said)
    found = _may(by, case, CaseAction.HAND_OVER, now)
    if to.pk == found.desk_id and found.owner_id is None:
        raise CaseRefused(gettext_noop("This place has the case already: choose another."))
    if to.retired is not None or to.kind == Place.Kind.SITE:
        raise CaseRefused(gettext_noop("Choose a district, town, community or grid that is in use."))
    found.desk, found.owner = to, None
    return _done(by, found, CaseAction.HAND_OVER, said, now)


@transaction.atomic
def progress(by: User, case: Case, said: str, photos: Sequence[bytes] = ()) -> Case:
    """Note what was done. The first note is the first answer; at the desk it takes the case. Raises CaseRefused."""
    now, said = timezone.now(), check_said(said)
    found = _may(by, case, CaseAction.PROGRESS, now)
    keep_photos(by, found, photos, now)
    found.owner = found.owner or by
    found.answered = found.answered or now
    return _done(by, found, CaseAction.PROGRESS, said, now)


@transaction.atomic
def respond(by: User, case: Case, number: int, said: str = "", photo: bytes = b"") -> ResponseStep:
    """Mark a task of the check-list as done, with its proof. Raises CaseRefused."""
    now = timezone.now()
    found = _may(by, case, CaseAction.RESPOND, now)
    step: ResponseStep | None = found.response.filter(number=number).first()
    if step is None or step.done is not None:
        raise CaseRefused(gettext_noop("This task is done, or not of this case: load the page again."))
    check_proof(Proof(step.proof), said, photo)
    step.said = check_said(said) if said.strip() else ""
    step.photo = base64.b64encode(clean_photo(photo)).decode() if photo else ""
    step.done, step.done_by = now, str(by)[:150]
    step.save()
    if stands_above(by, found.desk) or found.owner_id == by.pk:
        found.answered = found.answered or now
    _done(by, found, CaseAction.RESPOND, step.task, now)
    return step


@transaction.atomic
def resolve(by: User, case: Case, said: str) -> Case:
    """Say that a case is solved, and how. Its check-list must be done. Raises CaseRefused."""
    now, said = timezone.now(), check_said(said)
    found = _may(by, case, CaseAction.RESOLVE, now)
    if found.response.filter(done=None).exists():
        raise CaseRefused(gettext_noop("Do the tasks of the check-list first."))
    found.resolved, found.resolved_by = now, by
    found.confirm_due = calendar_at(found.reporter_place, now).due_after(now, CONFIRM_MINUTES)
    return _done(by, found, CaseAction.RESOLVE, said, now)


@transaction.atomic
def confirm(by: User | Phone, case: Case, said: str = "") -> Case:
    """Say for the reporter's side that the solution holds. Raises CaseRefused."""
    now = timezone.now()
    return _done(by, _may(by, case, CaseAction.CONFIRM, now), CaseAction.CONFIRM, said, now)


@transaction.atomic
def close(by: User, case: Case, said: str = "") -> Case:
    """Close a confirmed case. Raises CaseRefused."""
    now = timezone.now()
    found = _may(by, case, CaseAction.CLOSE, now)
    found.closed = now
    return _done(by, found, CaseAction.CLOSE, said, now)


@transaction.atomic
def reopen(by: User | Phone, case: Case, said: str) -> Case:
    """Give a case back to its owner, with a reason and new deadlines. Raises CaseRefused."""
    now, said = timezone.now(), check_said(said)
    found = _may(by, case, CaseAction.REOPEN, now)
    if found.key and Case.objects.still_open().filter(key=found.key).exclude(pk=found.pk).exists():
        raise CaseRefused(gettext_noop("The same was reported again and is open: work on that case."))
    due = deadlines(calendar_at(found.place, now), CaseKind(found.kind), now)
    found.answer_due, found.solution_due = due.answer, due.solution
    found.answered = found.resolved = found.resolved_by = found.confirm_due = found.closed = None
    found.reopened += 1
    found.response.update(done=None, done_by="", said="", photo="")
    return _done(by, found, CaseAction.REOPEN, said, now)


@transaction.atomic
def take_back(by: User, case: Case, said: str) -> None:
    """Close an open case whose reporter wants nothing any more: nobody solves or confirms it."""
    now = timezone.now()
    found: Case | None = Case.objects.kept().select_for_update(of=("self",)).filter(pk=case.pk).first()
    if found is not None and found.state != CaseState.CLOSED:
        found.state, found.closed, found.owner = CaseState.CLOSED.value, now, found.owner or by
        _done(by, found, CaseAction.CLOSE, said, now)


@transaction.atomic
def add_news(case: Case, said: str) -> None:
    """Add what a gate reported to a case's history. It changes no state and no clock."""
    now = timezone.now()
    found: Case | None = Case.objects.kept().select_for_update(of=("self",)).filter(pk=case.pk).first()
    if found is not None and found.state != CaseState.CLOSED:
        tell(found, write_step(PROGRAM, found, CaseAction.NEWS, said, now), now)


def keep_photos(by: object, case: Case, photos: Sequence[bytes], now: datetime) -> None:
    """Keep photos of a report or a note, without metadata. Raises CaseRefused."""
    if case.photos.count() + len(photos) > PHOTOS_MAX:
        raise CaseRefused(gettext_noop("A case has at most %(count)s photos."), count=PHOTOS_MAX)
    for photo in photos:
        text = base64.b64encode(clean_photo(photo)).decode()
        CasePhoto.objects.create(case=case, photo=text, at=now, by=str(by)[:150])


def _may(by: User | Phone, case: Case, action: CaseAction, now: datetime) -> Case:
    """Lock a case, and set the state that a step of an account leads to. Raises CaseRefused."""
    found: Case | None = Case.objects.kept().select_for_update(of=("self",)).filter(pk=case.pk).first()
    if found is None:
        raise CaseRefused(gettext_noop("This case is gone: its measure is over."))
    sides = frozenset({CaseSide.REPORTER}) if isinstance(by, Phone) else sides_of(by, found, now)
    found.state = next_state(CaseState(found.state), action, sides).value
    return found


def _done(by: object, case: Case, action: CaseAction, said: str, now: datetime) -> Case:
    """Store a case after a step, with its next escalation, and tell of it."""
    case.escalate_at = escalation_of(case, now)
    case.save()
    tell(case, write_step(by, case, action, said, now), now)
    return case


def escalation_of(case: Case, now: datetime) -> datetime | None:
    """Return when a case goes up if nothing happens; None while the reporter has the next step."""
    if CaseState(case.state) not in WITH_DESK_OR_OWNER:
        return None
    return next_escalation(
        calendar_at(case.place, now),
        CaseKind(case.kind),
        now,
        Deadlines(case.answer_due, case.solution_due),
        answered=case.answered is not None,
        at_top=case.desk.depth == 1,
    )


def write_step(by: object, case: Case, action: CaseAction, said: str, now: datetime) -> CaseStep:
    """Add a row to a case's history and to the audit record."""
    user: Any = by if isinstance(by, User) else None
    step = CaseStep.objects.create(
        case=case,
        action=action.value,
        state=case.state,
        by=str(by)[:150],
        user=user,
        owner=case.owner,
        desk=case.desk,
        at=now,
        said=said.strip(),
    )
    record(by, "add" if action is CaseAction.REPORT else "change", case, details={"kind": action.value})
    return step
