"""What a person agrees to, and how the person passes gates."""

from django.db import transaction
from django.utils import timezone

from district.outgoing import send_withdrawal
from district.people.models import Consent, Person
from district.people.registry.base import followed, living
from district.people.registry.merging import records_of


@transaction.atomic
def give_consent(
    by: object, person: Person, purpose: Consent.Purpose, text_version: str, given_on: str = "phone"
) -> Consent:
    """Record a consent to a text. A consent to an older text ends."""
    person = living(person)
    held: Consent | None = Consent.objects.filter(person=person, purpose=purpose, withdrawn__isnull=True).first()
    if held is not None and held.text_version == text_version:
        return held
    if held is not None:
        held.withdrawn = timezone.now()
        held.save()
    consent = Consent.objects.create(person=person, purpose=purpose, text_version=text_version, given_on=given_on)
    followed(by, "give consent", person, consent, fields=(purpose,))
    return consent


@transaction.atomic
def withdraw_consent(by: object, person: Person, purpose: Consent.Purpose) -> int:
    """Withdraw a consent of a person, also from records that were merged. Return how many ended.

    For the face, HQ removes the templates of every worker id the person had, and gates confirm that.
    """
    person = living(person)
    people = records_of(person)
    held = Consent.objects.filter(person__in=people, purpose=purpose, withdrawn__isnull=True)
    ended = held.update(withdrawn=timezone.now())
    if purpose == Consent.Purpose.FACE:
        for one in people:
            send_withdrawal(one.worker_id)
        if person.way == Person.Way.FACE:
            person.way = Person.Way.CODE
            person.save()
    followed(by, "withdraw consent", person, fields=(purpose,))
    return ended


@transaction.atomic
def choose_way(by: object, person: Person, way: Person.Way) -> Person:
    """Store how the person wants to pass. Choosing the face is no consent: that is given apart."""
    person = living(person)
    if person.way != way:
        person.way = way
        person.save()
        followed(by, "choose way", person, fields=("way",))
    return person
