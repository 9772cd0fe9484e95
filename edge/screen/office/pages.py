"""The site office's pages: is all well, who is inside, what happened."""

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from edge.screen.access.roles import Right
from edge.screen.context import PageContext, PageRequest
from edge.screen.office.muster import DirectorySource, MusterSource, muster_view
from edge.screen.ports import SyncSource
from edge.screen.technician.view import manager_view


class OfficePages:
    """The handlers, with what they share. `muster`: who is on the site. `directory`: names."""

    def __init__(
        self, context: PageContext, sync: SyncSource, muster: MusterSource, directory: DirectorySource
    ) -> None:
        self._context, self._sync, self._muster, self._directory = context, sync, muster, directory
        self._watch = context.watch

    def routes(self) -> list[Route]:
        """Return the routes of the site office."""
        make = self._context
        return [
            make.page("/", self.front, Right.SEE_OFFICE),
            make.part("/office/now", self.now, Right.SEE_OFFICE),
            make.page("/muster", self.muster, Right.SEE_PEOPLE),
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

    def _changing(self, request: PageRequest) -> dict[str, Any]:
        watch, warn_days = self._watch, self._context.config.disk.warn_days
        muster = self._muster()
        view = manager_view(watch.live, watch.totals, self._sync(), request.texts, watch.now(), warn_days, muster)
        return {"view": view}
