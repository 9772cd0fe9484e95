"""Give the synthetic people what pages show besides passages: documents, papers, requests, payrolls."""

from collections import Counter
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import models, transaction
from django.db.models import Count
from django.utils import timezone
from stdnum.cn import ric

from district.attendance.models import Correction, Day, Passage, Payroll, PayrollLine, Shift
from district.attendance.rules.ledger import month_days
from district.fields import index_of
from district.people.models import AccessCard, Certificate, Consent, IdDocument, Person
from district.people.registry.persons import document_index
from district.people.rules import RESIDENT
from district.places.models import Gate, Project

_BATCH, REQUESTS, PAYROLLS = 5_000, 2_000, 60


@transaction.atomic
def write_papers(seed: int, today: date) -> None:
    """Give people their documents, trainings, certificates, consents and cards. A few have none."""
    drawn, given, last = np.random.default_rng(seed + 2), Counter[str](), 0
    while people := list(Person.objects.filter(pk__gt=last).order_by("pk")[:_BATCH]):
        last = people[-1].pk
        made: dict[type[models.Model], list[Any]] = {
            model: [] for model in (IdDocument, Certificate, Consent, AccessCard)
        }
        for person in people:
            for row in _papers(person, drawn, given, today):
                made[type(row)].append(row)
        for model, rows in made.items():
            model._base_manager.bulk_create(rows)


@transaction.atomic
def write_requests(today: date) -> None:
    """Write shifts, requests for corrections, and last month's payrolls of the biggest sites. Days exist already."""
    projects = list(Project.objects.annotate(many=Count("assignments")).order_by("-many"))
    Shift.objects.bulk_create(
        [Shift(project=project, name="Day", starts=time(7), ends=time(18)) for project in projects[::3]]
        + [Shift(project=project, name="Night", starts=time(20), ends=time(6)) for project in projects[::3]]
    )
    flagged = Day.objects.filter(missing_exit=True, date__lt=today).order_by("-date", "pk")[:REQUESTS]
    Correction.objects.bulk_create([_request(number, day) for number, day in enumerate(flagged)])
    month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    for project in projects[:PAYROLLS]:
        _write_payroll(project, month)
    Gate.objects.update(last_heard=timezone.now())


def _papers(person: Person, drawn: Any, given: Counter[str], today: date) -> list[models.Model]:
    rows = list[models.Model]()
    if person.documented:
        begins = f"{person.province}0605{person.birth:%Y%m%d}"
        given[begins] += 1
        number = f"{begins}{given[begins] * 2 + (person.sex == 'm'):03}"
        number += ric.calc_check_digit(number + "0")
        index = document_index(number)
        rows.append(IdDocument(person=person, kind=RESIDENT, number=number, number_index=index))
    rows.append(Certificate(person=person, kind="Safety training", is_training=True, expires=_soon(drawn, today)))
    if drawn.random() < 0.4:
        rows.append(Certificate(person=person, kind="Qualification", expires=_soon(drawn, today)))
    if person.way == Person.Way.FACE:
        rows.append(Consent(person=person, purpose=Consent.Purpose.FACE, text_version="1"))
    elif person.way == Person.Way.CARD:
        number = f"{person.pk:010}"
        rows.append(AccessCard(person=person, number=number, number_index=index_of(AccessCard, "number_index", number)))
    return rows


def _soon(drawn: Any, today: date) -> date:
    return today + timedelta(days=int(drawn.integers(-10, 356)))


def _request(number: int, day: Day) -> Correction:
    states = (Correction.State.APPROVED, Correction.State.OPEN, Correction.State.REFUSED)
    return Correction(
        kind=Correction.Kind.ADD,
        project_id=day.project_id,
        person_id=day.person_id,
        enterprise_id=day.enterprise_id,
        utc=timezone.make_aware(datetime.combine(day.date, time(18))),
        direction=Passage.Direction.OUT,
        why="The gate had no power.",
        state=states[number % 3],
        asked=timezone.now() - timedelta(minutes=number),
        asked_by="synthetic clerk",
    )


def _write_payroll(project: Project, month: date) -> None:
    """Pay each person of the general contractor on the site for the days that were seen, some for one more."""
    days = month_days(month)
    seen = Day.objects.filter(
        project=project, enterprise=project.general_contractor, date__gte=days[0], date__lte=days[-1]
    )
    counted = seen.order_by().values_list("person").annotate(many=Count("pk"))
    payroll = Payroll.objects.create(project=project, enterprise=project.general_contractor, month=month)
    PayrollLine.objects.bulk_create(
        PayrollLine(payroll=payroll, person_id=person, days=Decimal(many + (person % 20 == 0)), amount=Decimal(6_000))
        for person, many in counted
    )
