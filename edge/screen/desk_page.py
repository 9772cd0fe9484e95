"""The desk's page: a guard signs in, lets somebody through with a reason, or locks the gate down.

Nothing here opens the gate. Each form becomes a request in desk.db, and the gate process decides.
"""

import hmac
import ipaddress
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlencode

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contract.messages import AnyEvent, Direction, TrainingEvent
from edge.core.config import Config
from edge.core.decision.training_proof import CONFIRM_WITHIN
from edge.core.domain import AdmitRequest, ConfirmTrainingRequest, LockDownRequest
from edge.core.passage import PassageState
from edge.core.ports import DeskError
from edge.screen.event_line import event_line
from edge.screen.journal_follower import Watch
from edge.screen.lane_page import is_stale
from edge.screen.manager_page import gate_now
from edge.screen.muster_page import DirectorySource, MusterSource, muster_view
from edge.screen.ports import GuardDesk
from edge.screen.session import Refusal, Session, Sessions
from edge.screen.translations import DeskWord, Texts

COOKIE = "sitegate_desk"
DEVICE_COOKIE, DEVICE_LASTS_S = "sitegate_device", 180 * 24 * 3600
"""Signs nobody in: it only keeps this browser's wrong passwords apart from those of others."""
SHOWN_LINES = 6

Render = Callable[..., Response]
"""(template, texts, **values) -> page."""


class DeskPages:
    """The handlers, with what they share. `language` and `render` are the other pages' own."""

    def __init__(
        self,
        watch: Watch,
        desk: GuardDesk,
        config: Config,
        language: Callable[[Request], Texts],
        render: Render,
        muster: MusterSource,
        directory: DirectorySource,
    ) -> None:
        self._watch, self._desk, self._config = watch, desk, config
        self._muster, self._directory = muster, directory
        self._language, self._render = language, render
        self._sessions = Sessions(desk, watch.now)

    async def page(self, request: Request) -> Response:
        """The forms, or the sign-in."""
        session = self._session(request)
        if session is None:
            return self._sign_in_page(request)
        return self._page(request, session, _word(request.query_params.get("done")))

    async def state(self, request: Request) -> Response:
        """The changing part: the gate and its newest events."""
        session = self._session(request, used=False)
        if session is None:
            return Response(status_code=403, headers={"HX-Refresh": "true"})  # to the sign-in
        return self._render("desk_state.html", self._language(request), session=session, **self._changing(request))

    async def muster(self, request: Request) -> Response:
        """The muster list, with names: for those who are signed in."""
        session = self._session(request)
        if session is None:
            return self._sign_in_page(request)
        texts, watch = self._language(request), self._watch
        view = muster_view(self._muster(), watch.totals, self._directory(), texts, watch.now())
        return self._render("muster.html", texts, view=view, muster=texts.muster_words)

    async def sign_in(self, request: Request) -> Response:
        if not _private(request):
            return self._sign_in_page(request, DeskWord.NOT_PRIVATE, 403)
        form = await _form(request)
        device = request.cookies.get(DEVICE_COOKIE, "")
        found = await self._sessions.sign_in(form.get("name", ""), form.get("password", ""), _visitor(request), device)
        if found is Refusal.WRONG:
            return self._sign_in_page(request, DeskWord.WRONG_PASSWORD, 403)
        if found is Refusal.PAUSED:
            return self._sign_in_page(request, DeskWord.SIGN_IN_PAUSED, 429)
        answer = self._to_page(request)
        answer.set_cookie(COOKIE, found.token, path="/desk", secure=True, httponly=True, samesite="strict")
        answer.set_cookie(
            DEVICE_COOKIE, found.device, DEVICE_LASTS_S, path="/desk", secure=True, httponly=True, samesite="strict"
        )
        return answer

    async def sign_out(self, request: Request) -> Response:
        session, form = self._session(request), await _form(request)
        if session is not None and _ours(form, session):
            self._sessions.sign_out(session.token)
            self._desk.audit(session.name, "signed out")
        answer = self._to_page(request)
        answer.delete_cookie(COOKIE, path="/desk", secure=True, httponly=True, samesite="strict")
        return answer

    async def admit(self, request: Request) -> Response:
        session, form = self._session(request), await _form(request)
        if session is None or not _ours(form, session):
            return self._sign_in_page(request, DeskWord.SIGNED_OUT, 403)
        try:
            wanted = AdmitRequest(
                by=session.name,
                reason=" ".join(form.get("reason", "").split()),
                worker_id=form.get("worker_id", "").strip() or None,
                direction=Direction(form.get("direction", "")),
                asked_utc=self._watch.now(),
            )
        except ValidationError as error:
            worker = any(e["loc"] == ("worker_id",) for e in error.errors())
            return self._page(request, session, DeskWord.BAD_WORKER_ID if worker else DeskWord.REASON_NEEDED, form)
        except ValueError:
            return self._page(request, session, DeskWord.REASON_NEEDED, form)
        return self._ask(request, session, lambda: self._desk.request_admission(wanted), form)

    async def lock_down(self, request: Request) -> Response:
        session, form = self._session(request), await _form(request)
        if session is None or not _ours(form, session):
            return self._sign_in_page(request, DeskWord.SIGNED_OUT, 403)
        wanted = LockDownRequest(by=session.name, asked_utc=self._watch.now())
        release = form.get("what") == "release"
        return self._ask(request, session, lambda: self._desk.request_lock_down(wanted, release=release), form)

    async def confirm_training(self, request: Request) -> Response:
        """Ask the gate to record that the guard saw who learned."""
        session, form = self._session(request), await _form(request)
        if session is None or not _ours(form, session):
            return self._sign_in_page(request, DeskWord.SIGNED_OUT, 403)
        try:
            wanted = ConfirmTrainingRequest(
                by=session.name,
                seq=int(form.get("seq", "")),
                epoch=form.get("epoch", ""),
                asked_utc=self._watch.now(),
            )
        except ValueError:  # not a form of this page
            return self._page(request, session, DeskWord.NOT_STORED, form)
        return self._ask(request, session, lambda: self._desk.request_confirmation(wanted), form)

    def _ask(self, request: Request, session: Session, ask: Callable[[], str], form: dict[str, str]) -> Response:
        try:
            ask()
        except DeskError:
            return self._page(request, session, DeskWord.NOT_STORED, form)
        return self._to_page(request, done=DeskWord.ASKED.value)

    def _session(self, request: Request, *, used: bool = True) -> Session | None:
        return self._sessions.find(request.cookies.get(COOKIE, ""), used=used)

    def _page(
        self, request: Request, session: Session, word: DeskWord | None, form: dict[str, str] | None = None
    ) -> Response:
        values = form or {"direction": self._config.site.direction.value}
        page = self._render(
            "desk.html",
            self._language(request),
            session=session,
            said=word,
            failed=word not in (None, DeskWord.ASKED),
            form={name: values.get(name, "") for name in ("worker_id", "reason", "direction")},
            **self._changing(request),
        )
        page.status_code = 200 if form is None else 422
        return page

    def _changing(self, request: Request) -> dict[str, object]:
        texts, now = self._language(request), self._watch.now()
        live = None if is_stale(self._watch.live, now) else self._watch.live
        mood, words = gate_now(live, texts)
        newest = list(self._watch.totals.recent)[-SHOWN_LINES:]
        return {
            "gate_mood": mood,
            "gate_words": words,
            "locked_down": live is not None and live.gate_state is PassageState.LOCKDOWN,
            "unproven": to_confirm(self._watch.totals.recent, now),
            "lines": [event_line(event, texts) for event in reversed(newest)],
            "today": now.astimezone().date(),
        }

    def _sign_in_page(self, request: Request, word: DeskWord | None = None, status: int = 200) -> Response:
        word = word or (None if _private(request) else DeskWord.NOT_PRIVATE)
        page = self._render("sign_in.html", self._language(request), said=word)
        page.status_code = status
        return page

    def _to_page(self, request: Request, **query: str) -> Response:
        query = {"lang": self._language(request).code, **query}
        return RedirectResponse(f"/desk?{urlencode(query)}", 303)


def to_confirm(recent: Iterable[AnyEvent], now: datetime) -> list[TrainingEvent]:
    """Return the newest codes of training that wait for a guard, newest first."""
    shown = [one for one in recent if isinstance(one, TrainingEvent)]
    proven = {one.code_ref for one in shown if one.proven}
    waiting = {
        one.code_ref: one
        for one in shown
        if one.may_confirm and one.code_ref not in proven and timedelta(0) <= now - one.utc < CONFIRM_WITHIN
    }
    return list(waiting.values())[::-1][:SHOWN_LINES]


async def _form(request: Request) -> dict[str, str]:
    """The form's fields; its size and kind were checked by `edge.screen.security.Guard`."""
    text = (await request.body()).decode("utf-8", "replace")
    try:
        return {name: values[-1] for name, values in parse_qs(text, max_num_fields=20).items()}
    except ValueError:  # more fields than any of our forms has
        return {}


def _ours(form: dict[str, str], session: Session) -> bool:
    """True if the form came from a page of this session. A page of another site cannot know the token."""
    return hmac.compare_digest(form.get("form_token", "").encode(), session.form_token.encode())


def _visitor(request: Request) -> str:
    """The peer of the connection itself (`edge.screen.connections`), because a forwarded address may be false."""
    peer = getattr(request.state, "peer", None)
    return peer if isinstance(peer, str) else request.client.host if request.client else ""


def _private(request: Request) -> bool:
    """True if nobody in between can read a password: this machine itself, or HTTPS."""
    if request.url.scheme == "https":
        return True
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _word(text: str | None) -> DeskWord | None:
    return DeskWord.ASKED if text == DeskWord.ASKED.value else None
