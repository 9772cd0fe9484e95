"""Who holds a phone: a cookie with a random secret, of which the database keeps the hash."""

from datetime import timedelta

from django.conf import settings
from django.db.models import CharField, DateTimeField
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from district.people.models import Person
from district.phones.models import WorkerPhone
from district.phones.rules import PHONE_DAYS, hash_of
from district.prepared import Given, PreparedQuery, columns_of, from_columns

COOKIE = "sitegate_phone"
_NOTED_EVERY = timedelta(hours=1)
_OWN = len(columns_of(WorkerPhone))
_PHONE = PreparedQuery(
    lambda: WorkerPhone.objects.filter(
        secret_hash=Given("secret_hash", CharField()), ended=None, seen__gt=Given("since", DateTimeField())
    ).values_list(*columns_of(WorkerPhone), *columns_of(Person, "person__"))
)


def remember(response: HttpResponseBase, secret: str) -> None:
    """Give the phone its secret. Scripts cannot read it, and other sites cannot send it."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(PHONE_DAYS.total_seconds()),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def forget(response: HttpResponseBase) -> None:
    """Take the secret from the phone."""
    response.delete_cookie(COOKIE, samesite="Lax")


def phone_of(request: HttpRequest) -> WorkerPhone | None:
    """Return the phone that sends a request; None for a stranger's, an ended or a long unused one."""
    secret = request.COOKIES.get(COOKIE, "")
    if not secret or len(secret) > 100:
        return None
    now = timezone.now()
    row = _PHONE.first(secret_hash=hash_of(secret), since=now - PHONE_DAYS)
    if row is None:
        return None
    found: WorkerPhone = from_columns(WorkerPhone, row[:_OWN])
    found.person = from_columns(Person, row[_OWN:])
    if now - found.seen > _NOTED_EVERY:
        WorkerPhone.objects.filter(pk=found.pk).update(seen=now)
    return found


def person_of(phone: WorkerPhone) -> Person | None:
    """Return whose phone it is now: after a merge, the record that stayed. None after an erasure."""
    person: Person = phone.person
    while person.merged_into is not None:
        person = person.merged_into
    return None if person.erased is not None else person
