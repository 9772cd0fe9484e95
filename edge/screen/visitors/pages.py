"""The handlers of the pages about visitors.

Nothing here opens the gate: it takes a badge only as the journal knows it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import segno
from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import Route

from contract.messages import Direction
from edge.core.domain import AdmitRequest
from edge.core.domain.visitors import VisitorDetails
from edge.core.ports import DeskError
from edge.screen.access.roles import Right
from edge.screen.context import PageContext, PageRequest
from edge.screen.office.muster import DirectorySource, MusterSource
from edge.screen.ports import GuardDesk, VisitorDesk
from edge.screen.visitors.badges import SHOWN_FOR, ShownBadges
from edge.screen.visitors.view import VisitorRow, VisitorState, visitor_rows
from edge.screen.words.visitors import VisitorWord

FIELDS = ("name", "company", "phone", "host", "purpose", "badge_number")
STAYS_H = (1, 2, 4, 8, 12, 24)
SAID = {word.value: word for word in (VisitorWord.ASKED, VisitorWord.REGISTERED, VisitorWord.ENDED)}


class VisitorPages:
    """The handlers, with what they share. `muster`: who is on the site. `directory`: names."""

    def __init__(
        self,
        context: PageContext,
        desk: GuardDesk,
        visitors: VisitorDesk,
        muster: MusterSource,
        directory: DirectorySource,
    ) -> None:
        self._context, self._desk, self._visitors = context, desk, visitors
        self._muster, self._directory, self._watch = muster, directory, context.watch
        self._badges = ShownBadges(context.watch.now)

    def routes(self) -> list[Route]:
        """Return the routes of the pages about visitors."""
        make, right = self._context, Right.ADMIT
        return [
            make.page("/visitors", self.page, right),
            make.part("/visitors/list", self.list, right),
            make.form_route("/visitors", self.register, right),
            make.page("/visitors/visit", self.visit, right),
            make.form_route("/visitors/leave", self.leave, right, "/visitors"),
            make.form_route("/visitors/new-badge", self.new_badge, right, "/visitors"),
            make.form_route("/visitors/admit", self.admit, right, "/visitors"),
            make.page("/visitors/badge", self.badge, right),
        ]

    async def page(self, request: PageRequest) -> Response:
        """Show the visitors, and the form for the next one."""
        return self._page(request, SAID.get(request.query("done")))

    async def list(self, request: PageRequest) -> Response:
        """Show the changing part: who is in."""
        return self._context.render(request, "visitors/list.html", **self._changing())

    async def register(self, request: PageRequest) -> Response:
        """Store a visitor, and ask the gate to record the badge."""
        form = {name: " ".join(request.form.get(name, "").split()) for name in FIELDS}
        try:
            details, until = VisitorDetails.model_validate(form), self._until(request)
        except ValueError:  # also what is not an hour of the form
            return self._page(request, VisitorWord.BAD_FORM, form, 422)
        try:
            visitor_id, badge = self._visitors.register_visitor(details, request.account.name, until)
        except DeskError:
            return self._page(request, VisitorWord.NOT_STORED, form, 503)
        self._badges.show(visitor_id, badge)
        self._watch.announce()
        return self._context.to("/visitors/badge", visitor=visitor_id)

    async def visit(self, request: PageRequest) -> Response:
        """Show one visitor, and what can be done."""
        return self._visit(request, request.query("visitor"))

    async def leave(self, request: PageRequest) -> Response:
        """End a visit: the badge admits nobody any more, and the gate records that the visitor left."""
        visitor_id = request.form.get("visitor", "")
        try:
            ended = self._visitors.end_visit(visitor_id, request.account.name)
        except DeskError:
            return self._page(request, VisitorWord.NOT_STORED, None, 503)
        if not ended:
            return self._page(request, VisitorWord.NO_VISIT, None, 409)
        self._badges.forget(visitor_id)
        self._watch.announce()
        return self._context.to("/visitors", done=VisitorWord.ENDED.value)

    async def new_badge(self, request: PageRequest) -> Response:
        """Make another badge for a visitor. The old one admits nobody any more."""
        visitor_id = request.form.get("visitor", "")
        try:
            badge = self._visitors.renew_badge(visitor_id, request.account.name, self._until(request))
        except ValueError:
            return self._page(request, VisitorWord.BAD_FORM, None, 422)
        except DeskError:
            return self._page(request, VisitorWord.NOT_STORED, None, 503)
        if badge is None:
            return self._page(request, VisitorWord.NO_VISIT, None, 409)
        self._badges.show(visitor_id, badge)
        self._watch.announce()
        return self._context.to("/visitors/badge", visitor=visitor_id)

    async def admit(self, request: PageRequest) -> Response:
        """Ask the gate to let a visitor through without the badge."""
        row = self._row(request.form.get("visitor", ""))
        if row is None or not row.lasts:
            return self._page(request, VisitorWord.NO_VISIT, None, 409)
        try:
            wanted = AdmitRequest(
                by=request.account.name,
                reason=request.texts.room("visitors")[VisitorWord.REASON_VISIT.value],
                worker_id=row.visitor_id,
                direction=Direction(request.form.get("direction", "")),
                asked_utc=self._watch.now(),
            )
            self._desk.request_admission(wanted)
        except ValueError:  # not a form of this page
            return self._page(request, VisitorWord.BAD_FORM, None, 422)
        except DeskError:
            return self._page(request, VisitorWord.NOT_STORED, None, 503)
        return self._context.to("/visitors", done=VisitorWord.ASKED.value)

    async def badge(self, request: PageRequest) -> Response:
        """Show the code of a badge that was just made."""
        row, text = self._row(request.query("visitor")), self._badges.text(request.query("visitor"))
        if row is None or not row.lasts:
            return self._page(request, VisitorWord.NO_VISIT, None, 404)
        minutes = int(SHOWN_FOR.total_seconds() / 60)
        code = _svg(text) if text else None
        return self._context.render(request, "visitors/badge.html", row=row, code=code, minutes=minutes)

    def _page(
        self, request: PageRequest, word: VisitorWord | None, form: Mapping[str, str] | None = None, status: int = 200
    ) -> Response:
        said = request.texts.room("visitors")[word.value] if word else ""
        return self._context.render(
            request,
            "visitors/page.html",
            status,
            said=said,
            failed=status != 200,
            form={name: (form or {}).get(name, "") for name in FIELDS},
            days=f"{self._context.config.screen.visitors_kept_days:g}",
            **self._stays(request.form.get("hours", "")),
            **self._changing(),
        )

    def _visit(self, request: PageRequest, visitor_id: str) -> Response:
        row = self._row(visitor_id)
        if row is None:
            return self._page(request, VisitorWord.NO_VISIT, None, 404)
        return self._context.render(request, "visitors/visit.html", row=row, **self._stays())

    def _changing(self) -> dict[str, Any]:
        rows = visitor_rows(self._visitors.visits(), self._inside(), self._directory().entries, self._watch.now())
        inside = (VisitorState.INSIDE, VisitorState.OVERTIME)
        return {
            "rows": rows,
            "inside": sum(row.state in inside for row in rows),
            "expected": sum(row.state is VisitorState.EXPECTED for row in rows),
        }

    def _row(self, visitor_id: str) -> VisitorRow | None:
        found = self._visitors.visit(visitor_id)
        entries = self._directory().entries
        rows = visitor_rows([found] if found else [], self._inside(), entries, self._watch.now())
        return rows[0] if rows else None

    def _inside(self) -> dict[str, datetime]:
        """Return who is inside, since when: by all gates, or without the gate process by this one."""
        muster = self._muster()
        if muster is None:
            return dict(self._watch.totals.on_site)
        return {person.worker_id: person.utc for person in muster.people}

    def _stays(self, chosen: str = "") -> dict[str, Any]:
        most = self._context.config.screen.visit_h
        stays: list[float] = [hours for hours in STAYS_H if hours <= most] or [most]
        return {"stays": stays, "stay": next((hours for hours in stays if str(hours) == chosen), min(8, most))}

    def _until(self, request: PageRequest) -> datetime:
        """Return the end of a visit. Raises ValueError for hours that are not those of the form."""
        hours = float(request.form.get("hours", ""))
        if not 0 < hours <= self._context.config.screen.visit_h:
            raise ValueError("not an hour of the form")
        return self._watch.now() + timedelta(hours=hours)


def _svg(text: str) -> Markup:
    """Return the QR code as an image for the page. Its text has letters and digits only."""
    code = segno.make(text, error="m", micro=False)
    return Markup(code.svg_inline(scale=6, border=4, light="#fff", omitsize=True))
