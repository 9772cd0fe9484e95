"""Open cases."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.accounts.models import User
from district.cases.clocks import CLOCKS, deadlines
from district.cases.models import Case, MeasureCase, ResponseStep
from district.cases.registry.duty import calendar_at, on_duty
from district.cases.registry.sides import works_on
from district.cases.registry.steps import PROGRAM, Phone, escalation_of, keep_photos, write_step
from district.cases.registry.telling import tell
from district.cases.response import RESPONSE
from district.cases.rules import CaseAction, CaseKind, CaseRefused, CaseState, check_said
from district.emergency.models import EmergencyMeasure
from district.people.models import Person
from district.places.models import Enterprise, Place, Responsibility


@transaction.atomic
def open_case(
    kind: CaseKind,
    place: Place,
    *,
    title: str,
    text: str = "",
    person: Person | None = None,
    measure: EmergencyMeasure | None = None,
    source: str = "",
    key: str = "",
    due: datetime | None = None,
    reporter: User | None = None,
    enterprise: Enterprise | None = None,
    category: str = "",
    photos: Sequence[bytes] = (),
    reporter_person: Person | None = None,
    discreet: bool = False,
) -> Case:
    """Open a case, or return the open one with the same key. Call it inside the transaction of what causes it.

    `reporter_person`: a worker who reports on a phone. `discreet`: keep it from the site, and the worker's name from
    everybody.

    The responsible liaison or officer owns it at once; outside office hours night duty owns what is urgent. Without
    either it waits at the desk of the nearest place. Raises CaseRefused if the title says nothing.
    """
    title = " ".join(check_said(title).split())[:200]
    known = _open_with(key)
    if known is not None:
        return known
    now = timezone.now()
    first = deadlines(calendar_at(place, now), kind, now, None if due is None else max(due, now))
    case = Case(
        kind=kind.value,
        place=place,
        desk=_desk(place),
        reporter=reporter,
        reporter_place=place if reporter is not None else _desk(place),
        person=person,
        enterprise=enterprise,
        reporter_person=reporter_person,
        discreet=discreet,
        category=category,
        title=title,
        text=text.replace("\0", "").strip()[:4_000],
        source=source[:80],
        key=key,
        made=now,
        answer_due=first.answer,
        solution_due=first.solution,
    )
    try:
        with transaction.atomic():
            case.save()
    except IntegrityError:
        known = _open_with(key)
        if known is None:
            raise
        return known
    keep_photos(_opener(case), case, photos, now)
    return _begin(case, measure, now)


def _opener(case: Case) -> object:
    """Return who opened a case: an account, a worker's phone, or the program."""
    if case.reporter_person is not None:
        return Phone.of(case.reporter_person, discreet=case.discreet)
    return case.reporter or PROGRAM


def _begin(case: Case, measure: EmergencyMeasure | None, now: datetime) -> Case:
    """Give a new case its measure, check-list, history and first owner, and tell of it."""
    if measure is not None:
        MeasureCase.objects.create(measure=measure, case=case, made=now)
    ResponseStep.objects.bulk_create(
        ResponseStep(case=case, number=number, task=task, proof=proof.value)
        for number, (task, proof) in enumerate(RESPONSE.get(CaseKind(case.kind), ()), 1)
    )
    step = write_step(_opener(case), case, CaseAction.REPORT, "", now)
    found = _first_owner(case, now)
    if found is not None:
        case.desk, case.owner = found
        case.state = CaseState.ASSIGNED.value
        write_step(PROGRAM, case, CaseAction.ASSIGN, "", now)
    case.escalate_at = escalation_of(case, now)
    case.save()
    tell(case, step, now)
    return case


def _open_with(key: str) -> Case | None:
    if len(key) > 120:
        raise CaseRefused(gettext_noop("The key of a case has at most 120 characters."))
    found: Case | None = Case.objects.still_open().filter(key=key).first() if key else None
    return found


def _desk(place: Place) -> Place:
    """Return the nearest place that is no site: a site does not watch itself."""
    parent: Place | None = Place.objects.get_parent(place) if place.kind == Place.Kind.SITE else None
    return parent or place


def _first_owner(case: Case, now: datetime) -> tuple[Place, User] | None:
    """Return who owns a new case: night duty, or the nearest liaison or officer; never the reporter."""
    kind = CaseKind(case.kind)
    if CLOCKS[kind].urgent and not calendar_at(case.place, now).is_open(now):
        user = on_duty(case.place, now)
        if user is not None and user.pk != case.reporter_id and works_on(user, case):
            return case.desk, user
    rows = Responsibility.objects.filter(place__path__in=case.place.ancestor_paths, ends=None)
    nearest = sorted(rows.select_related("place", "user"), key=lambda row: (-row.place.depth, row.kind != "liaison"))
    for row in nearest:
        if row.user_id != case.reporter_id and works_on(row.user, case):
            return _desk(row.place), row.user
    return None
