"""The technician's page: what the machine needs, without names. Also the metrics and the health answer."""

import time
from collections.abc import Sequence
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edge import __version__
from edge.screen.access.roles import Right
from edge.screen.context import PageContext, PageRequest
from edge.screen.office.muster import DirectorySource
from edge.screen.ports import SyncSource
from edge.screen.technician.metrics import exposition
from edge.screen.technician.view import technician_view
from edge.system.metrics import fresh


class TechnicianPages:
    """The handlers, with what they share. `metrics`: files with the other processes' numbers. `directory`: only
    whether it is used."""

    def __init__(
        self, context: PageContext, sync: SyncSource, metrics: Sequence[Path], directory: DirectorySource
    ) -> None:
        self._context, self._sync, self._metrics, self._directory = context, sync, metrics, directory
        self._watch = context.watch

    def routes(self) -> list[Route]:
        """Return the routes for technicians and their programs."""
        make = self._context
        return [
            make.page("/technician", self.page, Right.SEE_TECHNICAL),
            make.shared_part("/technician/board", self.board, Right.SEE_TECHNICAL),
            make.open_page("/metrics", self.metrics),
            make.open_page("/healthz", self.healthz),
        ]

    async def page(self, request: PageRequest) -> Response:
        """Show everything that the machine reports."""
        return self._context.render(request, "technician/page.html", view=self._view(request))

    async def board(self, request: PageRequest) -> Response:
        """Show the changing part of the page."""
        return self._context.render(request, "technician/board.html", view=self._view(request))

    async def metrics(self, request: PageRequest) -> Response:
        """Answer in Prometheus' text format."""
        text = exposition(self._watch.live, self._watch.totals, self._sync(), self._watch.now())
        return Response(text + fresh(self._metrics, time.time()), media_type=CONTENT_TYPE_LATEST)

    async def healthz(self, request: PageRequest) -> Response:
        """Answer 200 while the gate process is heard, 503 while it is silent."""
        live = self._watch.present
        body = {
            "software": __version__,
            "gate_running": live is not None,
            "camera_ok": live is not None and live.camera_ok,
            "chain_whole": not self._watch.totals.chain_error,
            "journal_head": self._watch.totals.seq,
            "names_refused": bool(self._directory().trouble),
        }
        return JSONResponse(body, 503 if live is None else 200)

    def _view(self, request: PageRequest) -> object:
        watch, warn_days = self._watch, self._context.config.disk.warn_days
        names = request.may(Right.SEE_PEOPLE)
        return technician_view(
            watch.live,
            watch.totals,
            self._sync(),
            request.texts,
            watch.now(),
            warn_days,
            names=names,
            names_trouble=self._directory().trouble,
        )
