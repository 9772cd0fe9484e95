"""The screen's pages as one Starlette application, without camera, pins or internet.

Only the desk's page takes input.
"""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from edge import __version__
from edge.core.config import Config
from edge.core.domain import Tone
from edge.core.ports import JournalReader
from edge.screen.desk_page import DeskPages
from edge.screen.journal_follower import Watch
from edge.screen.lane_page import SIGNS, LaneView, is_stale, sign_named
from edge.screen.manager_page import manager_view
from edge.screen.metrics import exposition
from edge.screen.muster_page import DirectorySource, MusterSource, NoNames
from edge.screen.ports import GuardDesk, SyncSource
from edge.screen.security import HEADERS, Guard
from edge.screen.translations import Label, MissingText, Texts, load_all
from edge.system.metrics import fresh

LANE_HOLD_S = 1.0
"""A lane display's question is answered after this at the latest, changed or not."""


class Pages:
    """The handlers, with what they share."""

    def __init__(
        self,
        watch: Watch,
        sync: SyncSource,
        config: Config,
        *,
        has_desk: bool,
        metrics: Sequence[Path],
        muster: MusterSource,
    ) -> None:
        self._watch, self._sync, self._config, self._has_desk = watch, sync, config, has_desk
        self._metrics, self._muster = metrics, muster
        self._texts = load_all()
        if config.screen.language not in self._texts:
            known = ", ".join(sorted(self._texts))
            raise MissingText(
                f"there is no language {config.screen.language!r}: set screen.language to one of: {known}"
            )
        self._env = Environment(
            loader=PackageLoader("edge.screen"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.filters["local"] = lambda utc: utc.astimezone()

    async def manager(self, request: Request) -> Response:
        """The whole manager's page."""
        texts = self.language(request)
        board = self._board(texts, request)
        return self.html("manager.html", texts, board=board, languages=self._texts.values(), has_desk=self._has_desk)

    async def board(self, request: Request) -> Response:
        """The changing part of the manager's page; 204 if the page shows it already."""
        texts = self.language(request)
        seen = request.query_params.get("seen")
        html = self._board(texts, request)
        return Response(status_code=204) if f"seen={seen}&" in html else HTMLResponse(html)

    async def lane(self, request: Request) -> Response:
        """The worker's page, with every sign it may have to show."""
        texts = self.language(request)
        view = self._watch.lane
        return self.html("lane.html", texts, second=self._texts[texts.second], view=view, signs=SIGNS)

    async def lane_sign(self, request: Request) -> Response:
        """The present tone and sign, as soon as they differ from the ones in the query."""
        view = await self._watch.lane_after(_seen(request), LANE_HOLD_S)
        return JSONResponse({"tone": view.tone.value, "sign": view.sign.value})

    async def metrics(self, request: Request) -> Response:
        text = exposition(self._watch.live, self._watch.totals, self._sync(), self._watch.now())
        return Response(text + fresh(self._metrics, time.time()), media_type=CONTENT_TYPE_LATEST)

    async def healthz(self, request: Request) -> Response:
        """200 while the gate process is heard, 503 while it is silent."""
        live = self._watch.live
        running = not is_stale(live, self._watch.now())
        body = {
            "software": __version__,
            "gate_running": running,
            "camera_ok": bool(running and live and live.camera_ok),
            "chain_whole": not self._watch.totals.chain_error,
            "journal_head": self._watch.totals.seq,
        }
        return JSONResponse(body, 200 if running else 503)

    async def error(self, request: Request, error: Exception) -> Response:
        """A plain page; the server logs what went wrong, the screen does not show it."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        texts = self.language(request)
        words = texts.label[Label.NOT_FOUND if status == 404 else Label.FAILED]
        page = self.html("error.html", texts, words=words, status=f"{status} {HTTPStatus(status).phrase}")
        page.status_code = status
        page.headers.update(HEADERS)  # a failure's page is made outside the Guard
        return page

    def language(self, request: Request) -> Texts:
        """The language asked for in the query, else the configured one."""
        asked = request.query_params.get("lang", "")
        return self._texts.get(asked) or self._texts[self._config.screen.language]

    def _board(self, texts: Texts, request: Request) -> str:
        watch, now = self._watch, self._watch.now()
        warn_days = self._config.disk.warn_days
        view = manager_view(watch.live, watch.totals, self._sync(), texts, now, warn_days, self._muster())
        body = self._render("board.html", texts, view=view, today=now.astimezone().date())
        query = urlencode({"seen": hashlib.sha256(body.encode()).hexdigest()[:16], "lang": texts.code})
        return self._render("poll.html", texts, body=body, query=query)

    def html(self, template: str, texts: Texts, **values: object) -> HTMLResponse:
        """A page out of a template."""
        return HTMLResponse(self._render(template, texts, **values))

    def _render(self, template: str, texts: Texts, **values: object) -> str:
        return self._env.get_template(template).render(
            texts=texts, label=texts.labels, desk=texts.desk_words, site=self._config.site, **values
        )


def create_app(
    journal: JournalReader,
    sync: SyncSource,
    config: Config,
    desk: GuardDesk | None = None,
    metrics: Sequence[Path] = (),
    muster: MusterSource = lambda: None,
    directory: DirectorySource | None = None,
) -> Starlette:
    """Make the application. While it runs, it follows the journal.

    The caller closes journal reader and desk. Without a desk nobody can sign in. `metrics`: files with the other
    processes' numbers, for /metrics. `muster`: who is on the site. `directory`: names; None: there are none.

    Raises:
        edge.screen.translations.MissingText: a language file of the package is broken.
    """
    watch, names = Watch(journal), directory or NoNames
    pages = Pages(watch, sync, config, has_desk=desk is not None, metrics=metrics, muster=muster)

    @contextlib.asynccontextmanager
    async def follow(app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(watch.run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    return Starlette(
        routes=[
            Route("/", pages.manager),
            Route("/board", pages.board),
            Route("/lane", pages.lane),
            Route("/lane/sign", pages.lane_sign),
            Route("/metrics", pages.metrics),
            Route("/healthz", pages.healthz),
            *(_desk_routes(DeskPages(watch, desk, config, pages.language, pages.html, muster, names)) if desk else ()),
            Mount("/static", StaticFiles(packages=[("edge.screen", "static")])),
        ],
        middleware=[Middleware(Guard, bound_host=config.screen.host)],
        exception_handlers={HTTPException: pages.error, Exception: pages.error},
        lifespan=follow,
    )


def _desk_routes(pages: DeskPages) -> list[Route]:
    return [
        Route("/desk", pages.page),
        Route("/desk/state", pages.state),
        Route("/desk/muster", pages.muster),
        Route("/desk/sign-in", pages.sign_in, methods=["POST"]),
        Route("/desk/sign-out", pages.sign_out, methods=["POST"]),
        Route("/desk/admit", pages.admit, methods=["POST"]),
        Route("/desk/lock-down", pages.lock_down, methods=["POST"]),
        Route("/desk/confirm-training", pages.confirm_training, methods=["POST"]),
    ]


def _seen(request: Request) -> LaneView | None:
    try:
        return LaneView(Tone(request.query_params["tone"]), sign_named(request.query_params["sign"]))
    except (KeyError, ValueError):
        return None
