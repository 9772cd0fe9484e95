"""Store declarations and temperatures; say how long a declaration holds, and what is remembered."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import BigIntegerField, DateField, Exists
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.audit.record import record
from district.days import start_of_day
from district.declarations.asking import AskingSite, asked_of, check_asked
from district.declarations.models import (
    DeclarationPolicy,
    DeclaredState,
    HealthDeclaration,
    Stopover,
    TemperatureReading,
    Trip,
)
from district.declarations.rules import (
    Answers,
    Asked,
    DeclarationRefused,
    DraftStopover,
    DraftTrip,
    abnormal_of,
    checked_answers,
    declared_at,
    degrees_of,
    remembered_answers,
)
from district.declarations.signals import declared as declared_signal
from district.declarations.states import count_again, given_at, store_state
from district.declarations.trips import keep_stopovers, keep_trips
from district.declarations.warnings import warn_of_declaration, warn_of_temperature
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import measure_at, running
from district.emergency.rules import MeasureKind
from district.outgoing import send_worker
from district.people.models import Assignment, Person, in_force
from district.people.registry.base import check_living, living
from district.places.models import Project
from district.prepared import Given, PreparedQuery

A_DAY = 30  # a phone that sends more declarations of one day is out of order, or in wrong hands


class _Earlier(NamedTuple):
    """An earlier declaration of a worker, as its columns are named."""

    pk: int
    client_key: str
    day: date
    declared: datetime
    abnormal: str
    way: str
    kept: bool
    """Whether its measure is not over."""


_PERSON, _TODAY = Given("person", BigIntegerField()), Given("today", DateField())
_EARLIER = PreparedQuery(
    lambda: (
        HealthDeclaration.objects.filter(person=_PERSON)
        .mark_kept(_TODAY)
        .order_by("declared", "pk")
        .values_list(*_Earlier._fields)
    )
)
_HELD = PreparedQuery(
    lambda: (
        Person.objects.select_for_update(no_key=True)
        .filter(pk=_PERSON)
        .annotate(
            asks=Exists(running(MeasureKind.DECLARATIONS, today=_TODAY).filter(pk=Given("measure", BigIntegerField())))
        )
        .values_list("merged_into", "erased", "asks")
    )
)
"""Locks the worker's record, and asks whether the measure still holds."""


@transaction.atomic
def declare(
    by: object,
    person: Person,
    site: AskingSite,
    answers: Answers,
    *,
    way: str = HealthDeclaration.Way.PHONE,
    client_key: str = "",
    claimed: datetime | None = None,
    why: str = "",
) -> HealthDeclaration:
    """Store what a worker declares at a site that asks. The same `client_key` again returns the row that it made.

    `claimed` is when the phone says that it was answered. `why` is of a clerk who writes it on behalf of the worker.
    Raises DeclarationRefused, RecordRefused.
    """
    merged_into, gone, asks = _HELD.rows(person=person.pk, measure=site.measure.pk, today=timezone.localdate())[0]
    check_living(merged_into, gone)
    earlier = [_Earlier(*row) for row in _EARLIER.rows(person=person.pk, today=timezone.localdate())]
    client_key = client_key[:40]
    if client_key and (before := [one.pk for one in earlier if one.client_key == client_key]):
        return HealthDeclaration.objects.get(pk=before[0])
    if way == HealthDeclaration.Way.CLERK and len(why.strip()) < 2:
        raise DeclarationRefused(gettext_noop("Say why you declare for the worker."))
    check_asked(asks)
    when = declared_at(claimed, timezone.now())
    day = timezone.localtime(when).date()
    checked = checked_answers(answers, site.asked, day)
    if sum(one.day == day for one in earlier) >= A_DAY:
        raise DeclarationRefused(gettext_noop("That is often enough for one day: go to the site office."))
    made = HealthDeclaration.objects.create(
        measure=site.measure,
        person=person,
        project=site.project,
        enterprise_id=site.employer,
        by=str(by)[:150],
        way=way,
        day=day,
        declared=when,
        symptoms=" ".join(checked.symptoms),
        temperature=checked.temperature,
        contact_with_case=checked.contact_with_case,
        abnormal=" ".join(abnormal_of(checked, site.asked)),
        origin_code=checked.origin_code,
        living_code=checked.living_code,
        client_key=client_key,
    )
    keep_trips(person, site, checked.trips)
    keep_stopovers(person, site, checked.stopovers)
    record(by, "declare health", made, fields=("symptoms", "temperature", "trips"), why=why, details={"way": way})
    _followed(made, [one for one in earlier if one.kept], site)
    return made


@transaction.atomic
def take_temperature(
    source: str,
    person: Person,
    project: Project,
    degrees: str,
    *,
    taken: datetime | None = None,
    key: str = "",
    by_hand: bool = True,
) -> TemperatureReading | None:
    """Store a temperature from a gate or a clerk. None: no measure asks for it there, so nothing is kept.

    The same `key` again returns the row that it made. Raises DeclarationRefused, RecordRefused.
    """
    person = living(person)
    measure = measure_at(MeasureKind.DECLARATIONS, project.place.path)
    if measure is None:
        return None
    before: TemperatureReading | None = TemperatureReading.objects.filter(key=key).first() if key else None
    if before is not None:
        return before
    found = degrees_of(degrees)
    if found is None:
        raise DeclarationRefused(gettext_noop("Write the temperature."))
    made = TemperatureReading.objects.create(
        measure=measure,
        person=person,
        project=project,
        enterprise_id=_employer(person, project),
        taken=min(taken or timezone.now(), timezone.now()),
        degrees=str(found),
        high=found * 10 >= asked_of(measure).fever_tenths,
        source=source[:80],
        key=key[:80],
    )
    if by_hand:  # the gate's journal says it of the others
        record(source, "take temperature", made, fields=("degrees",))
    if made.high:
        warn_of_temperature(made)
    return made


@transaction.atomic
def set_policy(by: object, measure: EmergencyMeasure, asked: Asked, why: str = "") -> DeclarationPolicy:
    """Say what a measure asks of workers. Raises DeclarationRefused."""
    if not (1 <= asked.valid_hours <= 720 and 1 <= asked.look_back_days <= 60 and 360 <= asked.fever_tenths <= 400):
        raise DeclarationRefused(
            gettext_noop("Hours from 1 to 720, days from 1 to 60, temperatures from 36.0 to 40.0: correct it.")
        )
    values = {
        "valid_hours": asked.valid_hours,
        "look_back_days": asked.look_back_days,
        "fever_tenths": asked.fever_tenths,
        "twice_daily_trades": " ".join(sorted(asked.twice_daily_trades)),
        "at_gate": asked.at_gate,
    }
    made, _new = DeclarationPolicy.objects.update_or_create(measure=measure, defaults=values)
    waiting = DeclaredState.objects.filter(measure=measure).exclude(held=None)
    count_again(list(waiting.values_list("person", flat=True)))
    record(by, "set declaration policy", made, fields=sorted(values), why=why, place_path=measure.place.path)
    return made


def last_answers(person: Person, measure: EmergencyMeasure) -> Answers:
    """Return what a form shows next time. The worker's own page shows it: nobody else's."""
    last = HealthDeclaration.objects.kept().filter(person=person, measure=measure).order_by("-declared", "-pk").first()
    if last is None:
        return Answers()
    # A row that the worker took out stays stored, for tracing. It is not shown as an answer again.
    said = {"person": person, "measure": measure, "made__gte": last.made}
    trips = Trip.objects.kept().filter(**said).order_by("-day", "pk")
    stays = Stopover.objects.kept().filter(**said).order_by("-from_day", "pk")
    answers = Answers(
        origin_code=last.origin_code,
        living_code=last.living_code,
        trips=tuple(
            DraftTrip(one.mode, one.day, one.number, one.carriage, one.seat, one.from_code, one.to_code)
            for one in trips[:20]
        ),
        stopovers=tuple(DraftStopover(one.area, one.from_day, one.until_day) for one in stays[:20]),
    )
    return remembered_answers(answers, asked_of(measure), timezone.localdate())


def temperatures_of_day(person: Person, day: date) -> list[datetime]:
    """Return when temperatures of a person were taken on a day of the district, in declarations and apart."""
    begins = start_of_day(day)
    ends = begins + timedelta(days=1)
    apart = TemperatureReading.objects.kept().filter(person=person, taken__gte=begins, taken__lt=ends)
    declared = HealthDeclaration.objects.kept().filter(person=person, declared__gte=begins, declared__lt=ends)
    own = [row.declared for row in declared if row.temperature]
    return sorted([*apart.values_list("taken", flat=True), *own])


def _employer(person: Person, project: Project) -> int | None:
    """Return the employer on a site of today, or of the work that begins next."""
    rows = Assignment.objects.filter(in_force(timezone.localdate()), person=person, project=project)
    found: int | None = rows.order_by("starts", "pk").values_list("enterprise", flat=True).first()
    return found


def _followed(made: HealthDeclaration, earlier: Iterable[_Earlier], site: AskingSite) -> None:
    """Do what follows a declaration: count again, tell other apps, warn, and let gates know."""
    given = [given_at(one.declared, one.abnormal, one.way) for one in earlier]
    given.append(given_at(made.declared, made.abnormal, made.way))
    store_state(made, given, site.asked.valid_hours)
    declared_signal.send(HealthDeclaration, person=made.person, declaration=made)
    if made.abnormal:
        warn_of_declaration(made)
    if site.asked.at_gate:
        send_worker(made.person.worker_id)
