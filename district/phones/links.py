"""Links that open a worker's phone: made by a clerk, used once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from district.audit.record import record, record_many
from district.people.models import IdDocument, Invitation, Person
from district.phones.models import LinkTries, WorkerPhone
from district.phones.rules import LINK_DAYS, WRONG_MAX, Known, hash_of, new_secret
from district.places.models import Project


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A link, shown once: the database keeps only a hash of its secret."""

    person: Person
    secret: str
    invitation: Invitation


@transaction.atomic
def make_links(by: object, project: Project, people: Sequence[Person], days: int = LINK_DAYS) -> list[MadeLink]:
    """Make a link for each person. Their unused links end."""
    now = timezone.now()
    Invitation.objects.filter(person__in=people, used=None, expires__gt=now).update(expires=now)
    made = []
    for person in people:
        secret = new_secret()
        invitation = Invitation(
            person=person,
            project=project,
            secret_hash=hash_of(secret),
            made=now,
            made_by=str(by)[:150],
            expires=now + timedelta(days=days),
        )
        made.append(MadeLink(person, secret, invitation))
    Invitation.objects.bulk_create([one.invitation for one in made], batch_size=500)
    record_many(by, "make link", list(people), place_path=project.place.path)
    return made


def open_link(secret: str) -> Invitation | None:
    """Return the invitation of a link that still opens a phone."""
    found = (
        Invitation.objects.filter(secret_hash=hash_of(secret), used=None, expires__gt=timezone.now())
        .select_related("person", "project__place")
        .first()
    )
    gone = found is None or found.person.erased is not None or found.person.merged_into_id is not None
    return None if gone else found


def known_of(person: Person) -> Known:
    """Return what a link may ask about a person."""
    numbers = IdDocument.objects.filter(person=person).values_list("number", flat=True)
    return Known(tuple(number for number in numbers if number), person.birth)


def use_link(invitation: Invitation, answer: str, kind: str) -> str | None:
    """Open a phone with a link. Return the phone's secret; None if the answer is wrong, or the link ended meanwhile.

    Phones that were opened before end: a person has one. A used link opens no second phone.
    """
    if not known_of(invitation.person).agrees(answer):
        _count_wrong(invitation)
        return None
    now, secret = timezone.now(), new_secret()
    with transaction.atomic():
        fresh = Invitation.objects.filter(pk=invitation.pk, used=None, expires__gt=now)
        if not fresh.update(used=now):
            return None
        WorkerPhone.objects.filter(person=invitation.person, ended=None).update(ended=now)
        WorkerPhone.objects.create(person=invitation.person, secret_hash=hash_of(secret), kind=kind[:120])
        record("worker", "open phone", invitation.person, place_path=invitation.project.place.path)
    return secret


@transaction.atomic
def _count_wrong(invitation: Invitation) -> None:
    """Count a wrong answer. The count survives an error of the caller, and too many end the link."""
    tries, _ = LinkTries.objects.get_or_create(invitation=invitation)
    LinkTries.objects.filter(pk=tries.pk).update(wrong=F("wrong") + 1)
    if LinkTries.objects.filter(pk=tries.pk, wrong__gte=WRONG_MAX).exists():
        Invitation.objects.filter(pk=invitation.pk).update(expires=timezone.now())
        record("worker", "link ended after wrong answers", invitation.person)


def tries_left(invitation: Invitation) -> int:
    """Return how often somebody may still answer."""
    tries = LinkTries.objects.filter(invitation=invitation).first()
    return max(0, WRONG_MAX - (tries.wrong if tries else 0))
