"""Make tokens, and know them again."""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from district.accounts.models import User
from district.api.models import READABLE, ApiToken
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
        permissions=sorted(set(permissions) & set(READABLE)),
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


class TokenBearer(HttpBearer):
    """Knows the program by `Authorization: Bearer sg_…`."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """Return the token; None if it is unknown, ended or expired."""
        found: ApiToken | None = (
            ApiToken.objects.filter(secret_hash=hash_of(token)).select_related("place", "made_by").first()
        )
        if found is None or not found.alive:
            return None
        now = timezone.now()
        if found.last_used is None or found.last_used < now - _USED_EVERY:
            ApiToken.objects.filter(pk=found.pk).update(last_used=now)
        return found
