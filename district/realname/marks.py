"""Notes which sites have something new to upload, in the transaction that stores it.

A note only makes it sooner: each site is looked at from time to time in any case (`look.LOOK_EVERY`). So a change that
is stored without a signal is found too.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.signals import post_delete, post_save

from district.attendance.models import Passage
from district.enrolment.models import PlatformPhoto
from district.people.models import Assignment, BankAccount, Certificate, Employment, IdDocument, Person, Team
from district.people.signals import stored
from district.realname.models import SiteUpload

_Paper = PlatformPhoto | IdDocument | BankAccount | Certificate | Employment


def connect() -> None:
    """Listen to what people and attendance store."""
    for model in (Assignment, Team):
        post_save.connect(_of_project, model, dispatch_uid=f"realname.{model.__name__}")
        post_delete.connect(_of_project, model, dispatch_uid=f"realname.{model.__name__}.deleted")
        stored.connect(_of_projects, model, dispatch_uid=f"realname.{model.__name__}.stored")
    stored.connect(_of_people, Person, dispatch_uid="realname.Person.stored")
    post_save.connect(_of_person, Person, dispatch_uid="realname.Person")
    for paper in (IdDocument, BankAccount, Certificate, Employment, PlatformPhoto):
        post_save.connect(_of_paper, paper, dispatch_uid=f"realname.{paper.__name__}")
        stored.connect(_of_papers, paper, dispatch_uid=f"realname.{paper.__name__}.stored")
    post_delete.connect(_of_paper, PlatformPhoto, dispatch_uid="realname.PlatformPhoto.deleted")
    post_save.connect(_of_passage, Passage, dispatch_uid="realname.Passage")


def changed(projects: Collection[int]) -> None:
    """Note that people, teams or companies of some sites changed."""
    SiteUpload.objects.filter(project__in=projects, enabled=True, looked__isnull=False).update(looked=None)


def passages(first: Mapping[str, datetime]) -> None:
    """Note new passages: of each site id the earliest time."""
    for site_id, utc in sorted(first.items()):
        _note(SiteUpload.objects.filter(project__site_id=site_id), utc)


def _of_project(instance: Assignment | Team, **_: Any) -> None:
    _of_projects([instance])


def _of_projects(rows: Iterable[Assignment | Team], **_: Any) -> None:
    changed({row.project_id for row in rows})


def _of_person(instance: Person, created: bool, **_: Any) -> None:
    _of_people([instance], created)


def _of_people(rows: Iterable[Person], created: bool, **_: Any) -> None:
    if not created:
        _where_they_work({row.pk for row in rows})


def _of_paper(instance: _Paper, **_: Any) -> None:
    _of_papers([instance])


def _of_papers(rows: Iterable[_Paper], **_: Any) -> None:
    _where_they_work({row.person_id for row in rows})


def _where_they_work(people: Collection[int]) -> None:
    changed(set(Assignment.objects.filter(person__in=people).order_by().values_list("project", flat=True)))


def _of_passage(instance: Passage, **_: Any) -> None:
    if instance.granted and instance.person_id is not None:
        _note(SiteUpload.objects.filter(project=instance.project_id), instance.utc)


def _note(site: QuerySet[SiteUpload], utc: datetime) -> None:
    """Write in any case, also what is noted already. So a look that takes the note away waits for this transaction."""
    site.filter(enabled=True).update(
        changed_from=Case(
            When(changed_from__lt=utc, then=F("changed_from")), default=Value(utc, models.DateTimeField())
        )
    )
