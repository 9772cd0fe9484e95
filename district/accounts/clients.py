"""Notices a session that moves to another browser: its cookie may be stolen."""

import time
from hashlib import sha256

from allauth.core.internal.httpkit import get_client_ip
from allauth.usersessions.models import UserSession
from django.http import HttpRequest
from django.utils import timezone

_KEY = "client"
_SEEN_EVERY_S = 300
_SESSIONS_KEPT = 10_000


class _LastSeen:
    """When this process last noted each session. Noting every request would write to the database each time."""

    def __init__(self) -> None:
        self._noted: dict[str, float] = {}

    def due(self, key: str) -> bool:
        """Say whether to note the session now."""
        now = time.monotonic()
        if now - self._noted.get(key, -_SEEN_EVERY_S) < _SEEN_EVERY_S:
            return False
        if len(self._noted) > _SESSIONS_KEPT:
            self._noted.clear()
        self._noted[key] = now
        return True


_last_seen = _LastSeen()


def note_client(request: HttpRequest) -> None:
    """Keep which browser signed in."""
    request.session[_KEY] = _client(request)


def same_client(request: HttpRequest) -> bool:
    """Say whether the browser is the one that signed in."""
    return bool(request.session.get(_KEY, _client(request)) == _client(request))


def note_seen(request: HttpRequest) -> None:
    """Keep when and from where the session was last used, every five minutes."""
    key = request.session.session_key
    if key and _last_seen.due(key):
        UserSession.objects.filter(session_key=key).update(last_seen_at=timezone.now(), ip=client_address(request))


def client_address(request: HttpRequest) -> str:
    """Return the internet address of the browser; behind a proxy the one that the proxy names."""
    return get_client_ip(request) or "0.0.0.0"


def _client(request: HttpRequest) -> str:
    return sha256(request.headers.get("User-Agent", "").encode()).hexdigest()[:16]
