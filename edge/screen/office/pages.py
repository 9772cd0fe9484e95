"""The site office's pages: is all well, who is inside, whom lists hold, whose training ends."""

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from contract.messages import DirectoryEntry
from edge.screen.access.roles import Right
from edge.screen.context import PageContext, PageRequest
from edge.screen.office.concerns import Knowledge
from edge.screen.office.front import front_view
from edge.screen.office.holds import Holds, holds
from edge.screen.office.inside import presence_now
from edge.screen.office.muster import DirectorySource, MusterSource, muster_view
from edge.screen.office.training import SOON_DAYS, Endings, endings
from edge.screen.ports import StandingSource, SyncSource


class OfficePages:
    """The handlers, with what they share. `muster`: who is on the site. `directory`: names. `standings`: what stands
    for and against each worker."""

    def __init__(
        self,
        context: PageContext,
        sync: SyncSource,
        muster: MusterSource,
        directory: DirectorySource,
        standings: StandingSource,
    ) -> None:
        self._context, self._sync, self._muster, self._directory = context, sync, muster, directory
        self._standings, self._watch = standings, context.watch

    def routes(self) -> list[Route]:
        """Return the routes of the site office."""
        make = self._context
        return [
            make.page("/", self.front, Right.SEE_OFFICE),
            make.shared_part("/office/now", self.now, Right.SEE_OFFICE),
            make.page("/muster", self.muster, Right.SEE_PEOPLE),
            make.page("/holds", self.holds, Right.SEE_RISK),
            make.page("/training", self.training, Right.SEE_OFFICE),
        ]

    async def front(self, request: PageRequest) -> Response:
        """Show the front page."""
        return self._context.render(request, "office/front.html", **self._changing(request))

    async def now(self, request: PageRequest) -> Response:
        """Show the changing part of the front page."""
        return self._context.render(request, "office/now.html", **self._changing(request))

    async def muster(self, request: PageRequest) -> Response:
        """Show the muster list, with names."""
        texts, watch = request.texts, self._watch
        view = muster_view(self._muster(), watch.totals, self._directory(), texts, watch.now())
        return self._context.render(request, "office/muster.html", view=view, muster=texts.muster_words)

    async def holds(self, request: PageRequest) -> Response:
        """Show whom the risk lists hold."""
        return self._context.render(request, "office/holds.html", holds=self._holds())

    async def training(self, request: PageRequest) -> Response:
        """Show whose training ends soon. Names only for those who may see them."""
        found = self._training(request)
        return self._context.render(request, "office/training.html", training=found, soon_days=SOON_DAYS)

    def _changing(self, request: PageRequest) -> dict[str, Any]:
        watch, texts = self._watch, request.texts
        known = Knowledge(
            live=watch.live,
            totals=watch.totals,
            sync=self._sync(),
            muster=self._muster(),
            names=self._directory(),
            now=watch.now(),
            warn_days=self._context.config.disk.warn_days,
            standings=self._standings(),
        )
        return {
            "view": front_view(known, texts, self._context.time(texts)),
            "holds": self._holds() if request.may(Right.SEE_RISK) else None,
            "training": self._training(request),
            "soon_days": SOON_DAYS,
        }

    def _holds(self) -> Holds | None:
        standings = self._standings()
        if standings is None:
            return None
        present = presence_now(self._muster(), self._watch.totals, self._watch.now())
        inside = {one.worker_id for one in present.people}
        return holds(standings, self._directory().entries, inside, self._watch.now())

    def _training(self, request: PageRequest) -> Endings | None:
        standings = self._standings()
        if standings is None:
            return None
        entries: dict[str, DirectoryEntry] = {}
        if request.may(Right.SEE_PEOPLE):
            entries = dict(self._directory().entries)
        today = self._context.time(request.texts).local(self._watch.now()).date()
        return endings(standings, entries, today)
