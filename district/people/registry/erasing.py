"""Erase people: at once what no law holds, the rest on the day after the last hold."""

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from district.outgoing import send_erasure, send_withdrawal
from district.people import signals
from district.people.holds import held_until, holds_of
from district.people.models import (
    AccessCard,
    BankAccount,
    Certificate,
    Consent,
    IdDocument,
    Insurance,
    Invitation,
    Person,
)
from district.people.registry.base import RecordRefused, followed, living
from district.people.registry.leaders import leave_lead
from district.people.registry.merging import records_of

_AT_ONCE: tuple[type[Any], ...] = (AccessCard, Certificate, Insurance, Invitation)
_AFTER_HOLDS: tuple[type[Any], ...] = (BankAccount, IdDocument, Consent)
"""A consent is the proof that the face was processed lawfully: it stays as long as the ledger."""
_EMPTIED_AT_ONCE = ("phone", "phone_index", "address", "emergency_contact", "language")


@transaction.atomic
def erase(by: object, person: Person, why: str) -> Person:
    """Erase a person who asks for it: faces, cards, phone, address now; the ledger's part when its holds end.

    Raises RecordRefused while the person works: a gate could not let anybody in who is erased.
    """
    person = living(person)
    until = held_until(person)
    if until is None:
        reasons = " ".join(hold.reason for hold in holds_of(person) if hold.until is None)
        raise RecordRefused(_("%(reasons)s End the work first, then erase.") % {"reasons": reasons})
    today = timezone.localdate()
    records = records_of(person)
    for one in records:
        _empty(one, _EMPTIED_AT_ONCE, _AT_ONCE)
        one.erase_asked, one.erase_on = (
            timezone.now(),
            max(until + timedelta(days=1), today) if until > date.min else today,
        )
        one.way, one.slow = Person.Way.UNDECIDED, False
        one.save()
        send_withdrawal(one.worker_id)
    Consent.objects.filter(person__in=records, withdrawn__isnull=True).update(withdrawn=timezone.now())
    followed(by, "ask erasure", person, fields=_EMPTIED_AT_ONCE, why=why)
    main = next(one for one in records if one.pk == person.pk)
    return _finish(by, main) if main.erase_on is not None and main.erase_on <= today else main


@transaction.atomic
def cancel_erasure(by: object, person: Person, why: str) -> Person:
    """Take back an erasure that waits for a hold, because the person works again. What is erased stays so."""
    person = living(person)
    if person.erase_on is None:
        raise RecordRefused(_("No erasure waits for this person."))
    for one in records_of(person):
        one.erase_asked = one.erase_on = None
        one.save()
    followed(by, "cancel erasure", person, why=why)
    person.refresh_from_db()
    return person


def erase_due(today: date, limit: int = 100) -> int:
    """Erase what waited for a hold that has ended. A hold that grew meanwhile moves the day. Return how many ended."""
    due = Person.objects.filter(erase_on__lte=today, erased=None, merged_into=None).values_list("pk", flat=True)[:limit]
    return sum(_erase_one_due(key, today) for key in list(due))


@transaction.atomic
def _erase_one_due(key: int, today: date) -> int:
    person = living(key)
    until = held_until(person)
    if until is None or until >= today:
        later = today + timedelta(days=30) if until is None else until + timedelta(days=1)
        Person.objects.filter(pk__in=[one.pk for one in records_of(person)]).update(erase_on=later)
        return 0
    _finish("retention", person)
    return 1


def _finish(by: object, person: Person) -> Person:
    """Take away everything that names a person. Days and passages stay, of nobody known."""
    for one in records_of(person):
        _empty(
            one, (*_EMPTIED_AT_ONCE, "name", "pinyin", "joined", "initials", "sex", "nation", "province"), _AFTER_HOLDS
        )
        one.birth, one.documented, one.erased = None, False, timezone.now()
        one.erase_asked = one.erase_asked or one.erased
        one.save()
        leave_lead(one)
        signals.erased.send(Person, person=one)
        send_erasure(one.worker_id)
        followed(by, "erase", one, moved=True)
    return Person.objects.get(pk=person.pk)


def _empty(person: Person, fields: tuple[str, ...], tables: tuple[type[Any], ...]) -> None:
    for name in fields:
        setattr(person, name, "")
    for table in tables:
        table.objects.filter(person=person).delete()
