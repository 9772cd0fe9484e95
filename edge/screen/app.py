"""The screen's pages as one Starlette application, without camera, pins or internet."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from edge.core.config import Config
from edge.core.ports import DeskError, JournalReader
from edge.screen.access.kept_screens import KeptScreens
from edge.screen.access.security import HEADERS, RequestCheck
from edge.screen.access.sessions import Sessions
from edge.screen.alarms.pages import AlarmPages
from edge.screen.context import PageContext, PageRequest
from edge.screen.guard.pages import GuardPages
from edge.screen.guard.person_pages import PersonPages
from edge.screen.history.pages import HistoryPages
from edge.screen.journal.follower import Watch
from edge.screen.lane.pages import LanePages
from edge.screen.office.muster import DirectorySource, MusterSource, NoNames
from edge.screen.office.pages import OfficePages
from edge.screen.people.index import PeopleIndex
from edge.screen.ports import History, PreviewSource, ScreenDesk, StandingSource, SyncSource
from edge.screen.sign_in.pages import SignInPages
from edge.screen.stream import EventStream
from edge.screen.technician.pages import TechnicianPages
from edge.screen.translations import DeskWord, Label
from edge.screen.visitors.names import VisitorNames
from edge.screen.visitors.pages import VisitorPages

OLD_ADDRESSES = {"/desk": "/guard", "/desk/muster": "/muster"}
"""Addresses of the version before, in people's bookmarks."""


@dataclass(frozen=True, slots=True)
class ScreenSources:
    """What the pages read, and where they leave requests. The caller closes journal, history and desk.

    `desk`: without one nobody can sign in. `metrics`: files with the other processes' numbers, for /metrics. `muster`:
    who is on the site. `directory`: names. `history`: the journal's past; None: no pages about it. `preview`: the
    picture of who approaches. `standings`: what stands for and against each worker.
    """

    journal: JournalReader
    sync: SyncSource
    desk: ScreenDesk | None = None
    metrics: Sequence[Path] = ()
    muster: MusterSource = lambda: None
    directory: DirectorySource = NoNames
    history: History | None = None
    preview: PreviewSource | None = None
    standings: StandingSource = lambda: None


def create_app(sources: ScreenSources, config: Config) -> Starlette:
    """Make the application. While it runs, it follows the journal.

    Raises:
        edge.screen.translations.MissingText: a language file of the package is broken.
    """
    watch = Watch(sources.journal)
    sessions = Sessions(sources.desk, watch.now) if sources.desk is not None else None
    context = PageContext(watch, config, sessions, sources.standings)
    routes = _routes(context, sources)

    @contextlib.asynccontextmanager
    async def follow(app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(watch.run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(RequestCheck, bound_host=config.screen.host, forms=context.forms, public=context.public)
        ],
        exception_handlers={kind: _failure(context) for kind in (HTTPException, DeskError, Exception)},
        lifespan=follow,
    )
    app.state.sessions = sessions
    return app


def _routes(context: PageContext, sources: ScreenSources) -> list[BaseRoute]:
    desk, muster, standings = sources.desk, sources.muster, sources.standings
    names = sources.directory if desk is None else VisitorNames(sources.directory, desk)
    routes: list[BaseRoute] = [
        *LanePages(context, names, sources.preview).routes(),
        *OfficePages(context, sources.sync, muster, names, standings).routes(),
        *TechnicianPages(context, sources.sync, sources.metrics, sources.directory).routes(),
        context.part("/events", EventStream(context.watch).events, None),
        *(Route(old, _moved(context, new)) for old, new in OLD_ADDRESSES.items()),
        Mount("/static", StaticFiles(packages=[("edge.screen", "static"), ("common.web", "static")])),
    ]
    if desk is None or context.sessions is None:
        return routes
    context.kept = KeptScreens(desk, desk, context.watch.now, context.config.screen.kept_days)
    alarms = AlarmPages(context, desk, desk, names)
    persons = PersonPages(context, PeopleIndex(names, standings, muster))
    routes += SignInPages(context, context.sessions, desk).routes()
    routes += GuardPages(context, desk, alarms, persons).routes() + persons.routes()
    routes += alarms.routes() + VisitorPages(context, desk, desk, muster, names).routes()
    if sources.history is not None:
        routes += HistoryPages(context, sources.history, names, PeopleIndex(names), desk).routes()
    return routes


Answer = Callable[[Request], Awaitable[Response]]


def _moved(context: PageContext, path: str) -> Answer:
    async def answer(http: Request) -> Response:
        return RedirectResponse(f"{context.base}{path}", 301)

    return answer


def _failure(context: PageContext) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(http: Request, error: Exception) -> Response:
        """Show a plain page; the server logs what went wrong, the screen does not show it."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 405 and http.url.path in context.forms:  # The address of a form's answer, opened again.
            return context.to(context.forms[http.url.path])
        request = PageRequest(http, context.language(http))
        words = request.texts.label[Label.NOT_FOUND if status == 404 else Label.FAILED]
        if isinstance(error, DeskError):
            status, words = 503, request.texts.desk[DeskWord.NOT_STORED]
        page = context.render(request, "error.html", status, said=words, line=str(status))
        page.headers.update(HEADERS)  # a failure's page is made outside RequestCheck
        return page

    return answer
