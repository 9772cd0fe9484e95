"""Signing in and out."""

import contextlib

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge.core.ports import DeskError
from edge.screen.access.sessions import Refusal, Session, Sessions
from edge.screen.access.visitor import (
    COOKIE,
    DEVICE_COOKIE,
    DEVICE_LASTS_S,
    KEPT_COOKIE,
    is_here,
    is_private,
    visitor_of,
)
from edge.screen.context import PageContext, PageRequest, is_ours, read_form
from edge.screen.frame import FIRST_PAGE, NAVIGATION
from edge.screen.ports import GuardDesk
from edge.screen.translations import DeskWord


class SignInPages:
    """The handlers, with what they share."""

    def __init__(self, context: PageContext, sessions: Sessions, desk: GuardDesk) -> None:
        self._context, self._sessions, self._desk = context, sessions, desk

    def routes(self) -> list[Route]:
        """Return the routes of the sign-in."""
        self._context.forms.update({"/sign-in": "/sign-in", "/sign-out": "/sign-in"})
        return [
            self._context.open_page("/sign-in", self.page),
            Route("/sign-in", self.sign_in, methods=["POST"]),
            Route("/sign-out", self.sign_out, methods=["POST"]),
        ]

    async def page(self, request: PageRequest) -> Response:
        """Show the sign-in, or the first page of who is signed in."""
        if request.session is not None and not request.session.kept:
            return self._context.to(FIRST_PAGE[request.session.role])
        return self._context.sign_in_page(request)

    async def sign_in(self, http: Request) -> Response:
        """Check a password."""
        request = PageRequest(http, self._context.language(http))
        if not is_private(http):
            return self._context.sign_in_page(request, DeskWord.NOT_PRIVATE, 403)
        form, device = await read_form(http), http.cookies.get(DEVICE_COOKIE, "")
        name, password = form.get("name", ""), form.get("password", "")
        try:
            found = await self._sessions.sign_in(name, password, visitor_of(http), device)
        except DeskError:  # A sign-in without a record is none. The answer does not tell a right password.
            return self._context.sign_in_page(request, DeskWord.SIGN_IN_NOT_STORED, 503)
        if found is Refusal.WRONG:
            return self._context.sign_in_page(request, DeskWord.WRONG_PASSWORD, 403)
        if found is Refusal.PAUSED:
            return self._context.sign_in_page(request, DeskWord.SIGN_IN_PAUSED, 429)
        asked = form.get("back", "")
        # Only our own pages: a link must not lead from the sign-in to another site.
        back = asked if asked in {place.path for place in NAVIGATION} else FIRST_PAGE[found.role]
        answer = self._context.to(back)
        path = f"{self._context.base}/"
        answer.set_cookie(COOKIE, found.token, path=path, secure=True, httponly=True, samesite="strict")
        answer.set_cookie(
            DEVICE_COOKIE, found.device, DEVICE_LASTS_S, path=path, secure=True, httponly=True, samesite="strict"
        )
        kept = self._context.kept
        if form.get("keep") and kept is not None and is_here(http) and (token := kept.keep(found)) is not None:
            lasts_s = int(self._context.config.screen.kept_days * 24 * 3600)
            answer.set_cookie(KEPT_COOKIE, token, lasts_s, path=path, secure=True, httponly=True, samesite="strict")
        return answer

    async def sign_out(self, http: Request) -> Response:
        """End the session. A kept screen goes on after the end of another session, and ends by its own button."""
        session, form = self._context.session(http), await read_form(http)
        cookie = COOKIE
        if session is not None and is_ours(form, session):
            if session.kept:
                cookie = KEPT_COOKIE
            with contextlib.suppress(DeskError):  # The session ends, also if the disk takes no record.
                self._end(session)
        answer = self._context.to("/sign-in")
        answer.delete_cookie(cookie, path=f"{self._context.base}/", secure=True, httponly=True, samesite="strict")
        return answer

    def _end(self, session: Session) -> None:
        """End a session, and record it. Raises DeskError."""
        if session.kept and self._context.kept is not None:
            self._context.kept.end(session)
        else:
            self._sessions.sign_out(session.token)
            self._desk.audit(session.name, "signed out")
