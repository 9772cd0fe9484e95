"""Who holds a phone: a cookie with a random secret, of which the database keeps the hash."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from district.people.models import Person
from district.phones.models import WorkerPhone
from district.phones.rules import PHONE_DAYS, hash_of

COOKIE = "sitegate_phone"
_NOTED_EVERY = timedelta(hours=1)


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
    found = (
        WorkerPhone.objects.filter(secret_hash=hash_of(secret), ended=None, seen__gt=now - PHONE_DAYS)
        .select_related("person__merged_into")
        .first()
    )
    if found is not None and now - found.seen > _NOTED_EVERY:
        WorkerPhone.objects.filter(pk=found.pk).update(seen=now)
    return found


def person_of(phone: WorkerPhone) -> Person | None:
    """Return whose phone it is now: after a merge, the record that stayed. None after an erasure."""
    person: Person = phone.person
    while person.merged_into is not None:
        person = person.merged_into
    return None if person.erased is not None else person
