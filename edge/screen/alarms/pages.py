"""The handlers of alarms, refusals and the lock-down."""

from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from starlette.responses import Response
from starlette.routing import Route

from edge.core.domain import LockDownRequest
from edge.core.ports import DeskError
from edge.screen.access.roles import Right
from edge.screen.alarms.view import AlarmRow, LockDownView, LockState, alarm_rows, lock_down_view, refusal_rows
from edge.screen.context import PageContext, PageRequest
from edge.screen.office.muster import DirectorySource
from edge.screen.ports import AlarmDesk, GuardDesk
from edge.screen.translations import DeskWord
from edge.screen.words.alarms import AlarmWord

NOTE_MAX = 200
SAID = {word.value: word for word in (AlarmWord.ACKNOWLEDGED,)}


class AlarmPages:
    """The handlers, with what they share. `directory`: names."""

    def __init__(self, context: PageContext, desk: GuardDesk, alarms: AlarmDesk, directory: DirectorySource) -> None:
        self._context, self._desk, self._alarms, self._directory = context, desk, alarms, directory
        self._watch = context.watch
        context.shared["lock_down"] = self._lock

    def routes(self) -> list[Route]:
        """Return the routes of alarms and lock-down."""
        make, right = self._context, Right.ADMIT
        return [
            make.page("/alarms", self.page, right),
            make.part("/alarms/now", self.now, right),
            make.page("/alarms/acknowledge", self.question, right),
            make.form_route("/alarms/acknowledge", self.acknowledge, right, "/alarms"),
            make.page("/guard/lock-down", self.lock_down_question, right),
            make.form_route("/guard/lock-down", self.lock_down, right),
            make.part("/guard/lock-down/now", self.lock_down_now, right),
            make.shared_part("/banner", self.banner, None),
        ]

    async def page(self, request: PageRequest) -> Response:
        """Show the alarms that wait, the last refusals, and what was acknowledged."""
        return self._page(request, SAID.get(request.query("done")))

    async def now(self, request: PageRequest) -> Response:
        """Show the changing part."""
        return self._context.render(request, "alarms/now.html", **self.values(request))

    async def question(self, request: PageRequest) -> Response:
        """Ask what was done about one alarm."""
        return self._question(request, request.query("epoch"), request.query("seq"))

    async def acknowledge(self, request: PageRequest) -> Response:
        """Store that somebody acknowledged an alarm."""
        epoch, seq = request.form.get("epoch", ""), request.form.get("seq", "")
        row = self._row(request, epoch, seq)
        if row is None:
            return self._page(request, AlarmWord.NO_ALARM, 409)
        if row.acknowledged is not None:
            return self._page(request, AlarmWord.ALREADY, 409, row.acknowledged.by)
        note = " ".join(request.form.get("note", "").split())[:NOTE_MAX]
        try:
            first = self._alarms.acknowledge(epoch, row.seq, request.account.name, note)
        except DeskError:
            return self._page(request, AlarmWord.NOT_STORED, 503)
        if not first:  # Another page did in the same moment.
            found = self._row(request, epoch, seq)
            by = found.acknowledged.by if found and found.acknowledged else ""
            return self._page(request, AlarmWord.ALREADY, 409, by)
        self._watch.announce()
        return self._context.to("/alarms", done=AlarmWord.ACKNOWLEDGED.value)

    async def lock_down_question(self, request: PageRequest) -> Response:
        """Ask whether the gate shall be locked down, or the lock-down ended."""
        return self._lock_question(request)

    async def lock_down(self, request: PageRequest) -> Response:
        """Ask the gate to refuse everybody, or to end that; only after the question was answered."""
        release = request.form.get("what") == "release"
        if request.form.get("confirm") != "yes":
            return self._lock_question(request)
        ends = request.form.get("ends", "") if release else ""
        if release and (word := self._not_this_one(request, ends)):
            return self._lock_question(request, word, 409)
        try:
            wanted = LockDownRequest(
                by=request.account.name,
                why=" ".join(request.form.get("why", "").split())[:NOTE_MAX],
                ends=ends,
                asked_utc=self._watch.now(),
            )
            self._desk.request_lock_down(wanted, release=release)
        except (DeskError, ValidationError):
            return self._lock_question(request, AlarmWord.NOT_STORED, 503)
        return self._context.to("/guard", done=DeskWord.ASKED.value)

    async def lock_down_now(self, request: PageRequest) -> Response:
        """Show the lock-down on the guard's page."""
        return self._context.render(request, "alarms/lock_down.html")

    async def banner(self, request: PageRequest) -> Response:
        """Show a lock-down, and how many alarms wait, on every page."""
        return self._context.render(request, "alarms/banner.html")

    def values(self, request: PageRequest) -> dict[str, Any]:
        """Return what `alarms/now.html` shows."""
        log, texts = self._watch.totals.alarms, request.texts
        try:
            known = self._alarms.acknowledgements(self._watch.totals.epoch)
        except DeskError:  # An alarm shown twice is better than one not shown.
            known = {}
        waiting, done = alarm_rows(log, known, texts, self._watch.now())
        entries = self._directory().entries
        return {"waiting": waiting, "acknowledged": done, "refusals": refusal_rows(log, entries, texts)}

    def _page(self, request: PageRequest, word: AlarmWord | None, status: int = 200, by: str = "") -> Response:
        said = request.texts.room("alarms")[word.value].format(by=by) if word else ""
        return self._context.render(
            request, "alarms/page.html", status, said=said, failed=status != 200, **self.values(request)
        )

    def _question(self, request: PageRequest, epoch: str, seq: str) -> Response:
        row = self._row(request, epoch, seq)
        if row is None:
            return self._page(request, AlarmWord.NO_ALARM, 404)
        return self._context.render(request, "alarms/acknowledge.html", row=row)

    def _row(self, request: PageRequest, epoch: str, seq: str) -> AlarmRow | None:
        if epoch != self._watch.totals.epoch:
            return None
        values = self.values(request)
        rows: tuple[AlarmRow, ...] = (*values["waiting"], *values["acknowledged"])
        return next((row for row in rows if str(row.seq) == seq), None)

    def _lock(self, request: PageRequest) -> LockDownView:
        found = lock_down_view(self._watch.present, self._watch.totals.alarms, request.texts)
        # The banner is on every page. What people wrote may name others.
        return found if request.may(Right.SEE_PEOPLE) else replace(found, who="", why="")

    def _not_this_one(self, request: PageRequest, ends: str) -> AlarmWord | None:
        """Say why the lock-down that the form ends does not hold. While the gate is silent it may: the gate decides."""
        found = self._lock(request)
        if found.state is LockState.OFF:
            return AlarmWord.CHANGED_MEANWHILE
        return AlarmWord.OTHER_LOCK_DOWN if ends and found.mark and ends != found.mark else None

    def _lock_question(self, request: PageRequest, word: AlarmWord | None = None, status: int = 200) -> Response:
        said = request.texts.room("alarms")[word.value] if word else ""
        release = self._lock(request).state is LockState.ON
        return self._context.render(request, "alarms/lock_question.html", status, said=said, release=release)
