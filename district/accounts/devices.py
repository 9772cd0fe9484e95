"""Remembers in a signed cookie which names a browser has signed in with. It lets nobody in; it only has attempts of
its own when a storm uses up the others.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from district.fields import cipher

COOKIE = "device"
_SALT = "district.accounts.device"
_AGE_S = 180 * 24 * 3600
_NAMES = 5


def known_device(request: HttpRequest, name: str) -> str:
    """Return the id of the browser if it has signed in with the name before, else ""."""
    device, names = _read(request)
    return device if _index(name) in names else ""


def remember(request: HttpRequest, response: HttpResponseBase, name: str) -> None:
    """Remember that the browser has signed in with the name."""
    device, names = _read(request)
    kept = [_index(name), *(index for index in names if index != _index(name))][:_NAMES]
    response.set_cookie(
        COOKIE,
        signing.dumps([device or secrets.token_urlsafe(12), kept], salt=_SALT),
        max_age=_AGE_S,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def _read(request: HttpRequest) -> tuple[str, list[str]]:
    try:
        device, names = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=_AGE_S)
    except (signing.BadSignature, ValueError, TypeError):
        return "", []
    return device, names


def _index(name: str) -> str:
    return cipher().index(name.lower(), "accounts.device")[:16]
