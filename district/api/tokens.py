"""Make tokens, and know them again."""

import math
import secrets
import time
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Greatest
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from district.accounts.models import User
from district.api.models import GRANTABLE, ApiToken, TokenUse
from district.audit.record import record
from district.permissions import Permission
from district.places.models import Enterprise, Place

PREFIX = "sg_"
"""Makes a token that leaked into a file easy to find."""
DAYS_MAX = 366
_USED_EVERY = timedelta(minutes=1)


class NotYours(ValueError):
    """A token may not have more rights than its maker has at that place or enterprise."""


@transaction.atomic
def make_token(
    maker: User,
    name: str,
    permissions: Collection[Permission],
    expires: datetime,
    *,
    place: Place | None = None,
    enterprise: Enterprise | None = None,
) -> tuple[ApiToken, str]:
    """Make a token. Return it and its secret, which is shown once. Raises NotYours."""
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        name=name,
        place=place,
        enterprise=enterprise,
        made_by=maker,
        permissions=sorted(set(permissions) & set(GRANTABLE)),
        expires=expires,
        secret_hash=hash_of(secret),
        shown=secret[:8],
    )
    if not token.permissions or any(token.scope(Permission(wanted)).empty for wanted in token.permissions):
        raise NotYours
    token.save()
    record(maker, "api.token", token, fields=token.permissions)
    return token, secret


@transaction.atomic
def end_token(account: User, token: ApiToken) -> None:
    """End a token at once."""
    if token.ended is None:
        token.ended = timezone.now()
        token.save(update_fields=["ended"])
        record(account, "api.token.end", token)


def hash_of(secret: str) -> str:
    """Return what is kept of a secret. It has 256 random bits: a plain hash cannot be guessed."""
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


CALLS_AT_ONCE, CALL_PAUSE_S = 120, 0.1
"""So many calls of one token at once; one more is free after each pause: 600 a minute."""


class TooMany(Exception):
    """A token made too many calls."""

    def __init__(self, wait_s: int) -> None:
        """Keep how long to wait."""
        super().__init__(f"too many calls of this token: wait {wait_s} s")
        self.wait_s = wait_s


def count_call(token: ApiToken, now: float) -> None:
    """Take one call of a token, in a single statement. Raises TooMany."""
    row, longest = TokenUse.objects.filter(token=token), CALLS_AT_ONCE * CALL_PAUSE_S
    free = Q(full_at__lte=now + longest - CALL_PAUSE_S) | Q(full_at__gt=now + longest + 1)  # the clock was set back
    later = Case(When(full_at__gt=now + longest + 1, then=Value(now)), default=Greatest("full_at", Value(now)))
    if row.filter(free).update(full_at=later + CALL_PAUSE_S):
        return
    if TokenUse.objects.get_or_create(token=token, defaults={"full_at": now + CALL_PAUSE_S})[1]:
        return
    raise TooMany(max(1, math.ceil(CALL_PAUSE_S)))


class TokenBearer(HttpBearer):
    """Knows the program by `Authorization: Bearer sg_…`."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """Return the token; None if it is unknown, ended or expired. Raises TooMany."""
        found: ApiToken | None = (
            ApiToken.objects.filter(secret_hash=hash_of(token)).select_related("place", "made_by").first()
        )
        if found is None or not found.alive:
            return None
        count_call(found, time.time())
        now = timezone.now()
        if found.last_used is None or found.last_used < now - _USED_EVERY:
            ApiToken.objects.filter(pk=found.pk).update(last_used=now)
        return found
