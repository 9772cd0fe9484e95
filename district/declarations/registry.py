"""Store declarations and temperatures; say how long a declaration holds, and what is remembered."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.audit.record import record
from district.days import start_of_day
from district.declarations.models import (
    DeclarationPolicy,
    DeclaredState,
    HealthDeclaration,
    OfDeclarant,
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
    GivenAt,
    abnormal_of,
    checked_answers,
    counting,
    declared_at,
    degrees_of,
    remembered_answers,
)
from district.declarations.signals import declared as declared_signal
from district.declarations.warnings import warn_of_declaration, warn_of_temperature
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import measure_at
from district.emergency.rules import MeasureKind
from district.outgoing import send_worker
from district.people.models import Assignment, Person, in_force
from district.people.registry.base import living
from district.places.models import Project

A_DAY = 30  # a phone that sends more declarations of one day is out of order, or in wrong hands
_POLICY = ("measure__declaration_policy",)
_SAME_TRIP = ("mode", "number", "day", "from_code", "to_code")


@transaction.atomic
def declare(
    by: object,
    person: Person,
    project: Project,
    answers: Answers,
    *,
    way: str = HealthDeclaration.Way.PHONE,
    client_key: str = "",
    claimed: datetime | None = None,
    why: str = "",
) -> HealthDeclaration:
    """Store what a worker declares. The same `client_key` again returns the row that it made.

    `claimed`: when the phone says that it was answered; `why`: of a clerk who writes it on behalf of the worker.
    Raises DeclarationRefused, RecordRefused.
    """
    person = living(person)
    if (before := _sent_before(person, client_key)) is not None:
        return before
    if way == HealthDeclaration.Way.CLERK and len(why.strip()) < 2:
        raise DeclarationRefused(gettext_noop("Say why you declare for the worker."))
    place, now = _where(person, project), timezone.now()
    asked, when = asked_of(place["measure"]), declared_at(claimed, now)
    day = timezone.localtime(when).date()
    checked = checked_answers(answers, asked, day)
    if HealthDeclaration.objects.filter(person=person, day=day).count() >= A_DAY:
        raise DeclarationRefused(gettext_noop("That is often enough for one day: go to the site office."))
    made = HealthDeclaration.objects.create(
        **place,
        by=str(by)[:150],
        way=way,
        day=day,
        declared=when,
        symptoms=" ".join(checked.symptoms),
        temperature=checked.temperature,
        contact_with_case=checked.contact_with_case,
        abnormal=" ".join(abnormal_of(checked, asked)),
        origin_code=checked.origin_code,
        living_code=checked.living_code,
        client_key=client_key[:40],
    )
    _keep_trips(place, checked.trips)
    _keep_stopovers(place, checked.stopovers)
    record(by, "declare health", made, fields=("symptoms", "temperature", "trips"), why=why, details={"way": way})
    _count(made)
    declared_signal.send(HealthDeclaration, person=person, declaration=made)
    if made.abnormal:
        warn_of_declaration(made)
    if asked.at_gate:
        send_worker(person.worker_id)
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


def asked_of(measure: EmergencyMeasure) -> Asked:
    """Return what a measure asks for; the usual if nobody set it."""
    held = DeclarationPolicy.objects.filter(measure=measure).first()
    if held is None:
        return Asked()
    return Asked(
        valid_hours=held.valid_hours,
        look_back_days=held.look_back_days,
        fever_tenths=held.fever_tenths,
        twice_daily_trades=frozenset(held.twice_daily_trades.split()),
        at_gate=held.at_gate,
    )


def declared_for_gates(people: Iterable[int]) -> dict[int, datetime]:
    """Return when the declaration was made that counts at gates, of those whose measure lets gates ask for it."""
    asking = DeclaredState.objects.kept().filter(measure__declaration_policy__at_gate=True)
    rows = asking.filter(person__in=list(people)).exclude(counts=None).select_related(*_POLICY)
    now = timezone.now()
    return {row.person_id: row.counts for row in rows if row.counts + hours_of(row.measure) > now}


def count_again(people: Iterable[int]) -> None:
    """Make the rows of what counts again, of people whose declarations changed otherwise: by a merge, a new policy."""
    people = list(people)
    DeclaredState.objects.filter(person__in=people).delete()
    latest = HealthDeclaration.objects.kept().filter(person__in=people).select_related(*_POLICY, "person")
    for row in {row.person_id: row for row in latest.order_by("declared", "pk")}.values():
        _count(row)


def hours_of(measure: EmergencyMeasure) -> timedelta:
    """Return how long a declaration of a measure holds."""
    policy = getattr(measure, "declaration_policy", None)
    return timedelta(hours=policy.valid_hours if policy else Asked().valid_hours)


def last_answers(person: Person, measure: EmergencyMeasure) -> Answers:
    """Return what a form shows next time. The worker's own page shows it: nobody else's."""
    last = HealthDeclaration.objects.kept().filter(person=person, measure=measure).order_by("-declared", "-pk").first()
    if last is None:
        return Answers()
    trips = Trip.objects.kept().filter(person=person, measure=measure).order_by("-day", "pk")
    stays = Stopover.objects.kept().filter(person=person, measure=measure).order_by("-from_day", "pk")
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


def _count(made: HealthDeclaration) -> None:
    """Store what counts of a worker's declarations, with the newest one."""
    rows = HealthDeclaration.objects.kept().filter(person=made.person).order_by("declared", "pk")
    seen = [
        GivenAt(when, bool(abnormal), way == HealthDeclaration.Way.CLERK)
        for when, abnormal, way in rows.values_list("declared", "abnormal", "way")
    ]
    found = counting(seen, int(hours_of(made.measure).total_seconds() // 3600))
    values = {"counts": found.counts, "held": found.held, "made": timezone.now()}
    place = {"measure": made.measure, "project": made.project, "enterprise": made.enterprise}
    DeclaredState.objects.update_or_create(person=made.person, defaults=values | place)


def _sent_before(person: Person, client_key: str) -> HealthDeclaration | None:
    rows = HealthDeclaration.objects.filter(person=person, client_key=client_key[:40])
    found: HealthDeclaration | None = rows.first() if client_key else None
    return found


def _where(person: Person, project: Project) -> dict[str, Any]:
    """Return measure, site and employer of a new row. Raises DeclarationRefused."""
    measure = measure_at(MeasureKind.DECLARATIONS, project.place.path)
    if measure is None:
        raise DeclarationRefused(gettext_noop("No measure asks for declarations on this site: nothing is stored."))
    employer = _employer(person, project)
    if employer is None:
        raise DeclarationRefused(gettext_noop("The worker has no work on this site: add it to the record first."))
    return {"measure": measure, "person": person, "project": project, "enterprise_id": employer}


def _employer(person: Person, project: Project) -> int | None:
    """Return the employer on a site of today, or of the work that begins next."""
    rows = Assignment.objects.filter(in_force(timezone.localdate()), person=person, project=project)
    found: int | None = rows.order_by("starts", "pk").values_list("enterprise", flat=True).first()
    return found


def _keep_trips(place: dict[str, Any], trips: Iterable[DraftTrip]) -> None:
    """Store trips. What is known of the same trip from before stays known."""
    for one in trips:
        same = {name: getattr(one, name) for name in _SAME_TRIP}
        known = {name: text for name in ("carriage", "seat") if (text := getattr(one, name))}
        _keep(Trip, place, same, known)


def _keep_stopovers(place: dict[str, Any], stopovers: Iterable[DraftStopover]) -> None:
    for one in stopovers:
        _keep(Stopover, place, {"area": one.area, "from_day": one.from_day}, {"until_day": one.until_day})


def _keep(model: type[OfDeclarant], place: dict[str, Any], same: dict[str, Any], known: dict[str, Any]) -> None:
    """Store a row, or renew the same one: its time to be erased begins again."""
    key = {"measure": place["measure"], "person": place["person"], **same}
    others = {"project": place["project"], "enterprise_id": place["enterprise_id"]}
    model.objects.update_or_create(
        **key, defaults={**others, **known, "made": timezone.now()}, create_defaults={**others, **known}
    )
