"""The guard's page: let somebody through with a reason, or lock the gate down.

Nothing here opens the gate. Each form becomes a request in desk.db, and the gate process decides.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError
from starlette.responses import Response
from starlette.routing import Route

from contract.messages import AnyEvent, Direction, TrainingEvent
from edge.core.decision.training_proof import CONFIRM_WITHIN
from edge.core.domain import AdmitRequest, ConfirmTrainingRequest
from edge.core.ports import DeskError
from edge.screen.access.roles import Right
from edge.screen.alarms.pages import AlarmPages
from edge.screen.context import PageContext, PageRequest
from edge.screen.guard.person import despite_of
from edge.screen.guard.person_pages import PersonPages
from edge.screen.journal.event_line import event_line
from edge.screen.ports import GuardDesk
from edge.screen.technician.view import gate_now
from edge.screen.translations import DeskWord

SHOWN_LINES = 6


class GuardPages:
    """The handlers, with what they share."""

    def __init__(self, context: PageContext, desk: GuardDesk, alarms: AlarmPages, persons: PersonPages) -> None:
        self._context, self._desk, self._watch = context, desk, context.watch
        self._alarms, self._persons = alarms, persons

    def routes(self) -> list[Route]:
        """Return the routes of the guard's page."""
        make, right = self._context, Right.ADMIT
        return [
            make.page("/guard", self.page, right),
            make.part("/guard/state", self.state, right),
            make.form_route("/guard/admit", self.admit, right, "/guard"),
            make.form_route("/guard/confirm-training", self.confirm_training, right, "/guard"),
        ]

    async def page(self, request: PageRequest) -> Response:
        """Show the forms."""
        return self._page(request, DeskWord.ASKED if request.query("done") == DeskWord.ASKED.value else None)

    async def state(self, request: PageRequest) -> Response:
        """Show the changing part: the gate and its newest events."""
        return self._context.render(request, "guard/state.html", **self._changing(request))

    async def admit(self, request: PageRequest) -> Response:
        """Ask the gate to let somebody through."""
        form = request.form
        worker_id = form.get("worker_id", "").strip() or None
        try:
            wanted = AdmitRequest(
                by=request.account.name,
                reason=" ".join(form.get("reason", "").split()),
                worker_id=worker_id,
                direction=Direction(form.get("direction", "")),
                despite=despite_of(form.get("despite", "")),
                asked_utc=self._watch.now(),
            )
        except ValidationError as error:
            wrong_id = any(e["loc"] == ("worker_id",) for e in error.errors())
            return await self._again(request, DeskWord.BAD_WORKER_ID if wrong_id else DeskWord.REASON_NEEDED, worker_id)
        except ValueError:
            return await self._again(request, DeskWord.REASON_NEEDED, worker_id)
        try:
            self._desk.request_admission(wanted)
        except DeskError:
            return await self._again(request, DeskWord.NOT_STORED, worker_id)
        asked = f"/guard/person/{quote(worker_id, safe='')}" if worker_id else "/guard"
        return self._context.to(asked, done=DeskWord.ASKED.value)

    async def confirm_training(self, request: PageRequest) -> Response:
        """Ask the gate to record that the guard saw who learned."""
        form = request.form
        try:
            wanted = ConfirmTrainingRequest(
                by=request.account.name,
                seq=int(form.get("seq", "")),
                epoch=form.get("epoch", ""),
                asked_utc=self._watch.now(),
            )
        except ValueError:  # not a form of this page
            return self._page(request, DeskWord.NOT_STORED, form)
        return self._ask(request, lambda: self._desk.request_confirmation(wanted))

    def _ask(self, request: PageRequest, ask: Callable[[], str]) -> Response:
        try:
            ask()
        except DeskError:
            return self._page(request, DeskWord.NOT_STORED, request.form)
        return self._context.to("/guard", done=DeskWord.ASKED.value)

    async def _again(self, request: PageRequest, word: DeskWord, worker_id: str | None) -> Response:
        """Show the form again, with what was typed and why it was not taken."""
        if worker_id is None:
            return self._page(request, word, request.form)
        reason = request.form.get("reason", "")
        return await self._persons.card(request, worker_id, word, failed=True, reason=reason)

    def _page(self, request: PageRequest, word: DeskWord | None, form: Mapping[str, str] | None = None) -> Response:
        values = form or {"direction": self._context.config.site.direction.value}
        return self._context.render(
            request,
            "guard/page.html",
            200 if form is None else 422,
            said=word,
            failed=word not in (None, DeskWord.ASKED),
            form={name: values.get(name, "") for name in ("reason", "direction")},
            **self._persons.found(request),
            **self._changing(request),
        )

    def _changing(self, request: PageRequest) -> dict[str, Any]:
        texts, now = request.texts, self._watch.now()
        live = self._watch.present
        mood, words = gate_now(live, texts)
        newest = list(self._watch.totals.recent)[-SHOWN_LINES:]
        return {
            "gate_mood": mood,
            "gate_words": words,
            "name_of": self._persons.name,
            "unproven": to_confirm(self._watch.totals.recent, now),
            "lines": [event_line(event, texts) for event in reversed(newest)],
            **self._alarms.values(request),
        }


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
