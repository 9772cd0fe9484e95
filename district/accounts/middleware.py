"""Looks at the session of each request."""

from collections.abc import Callable

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase

from district.accounts.clients import note_seen, same_client
from district.accounts.models import User
from district.audit.record import record


class OneBrowserMiddleware:
    """Ends a session that another browser uses: its cookie was stolen. Notes when each session was last used."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request."""
        user = request.user
        if isinstance(user, User):
            if same_client(request):
                note_seen(request)
            else:
                record(user, "session_refused", user, why="another browser than the one that signed in")
                logout(request)
        return self._get_response(request)
