"""No English is left on a Chinese page, nor Chinese on an English one: every page, with everything that it may show."""

import asyncio
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from page_languages import Reader, foreign, read
from screen_account import MemoryDesk, signed_in
from screen_parts import Ack, Held, Link, MemoryJournal, Summary, live
from starlette.applications import Starlette
from starlette.routing import Route

from contract.messages import DECISION_LISTS, Direction, DirectoryEntry, NoticeCode, NoticeEvent, PassageOutcome, Reason
from edge.core.config import Config, SiteConfig
from edge.core.domain import MusterList, MusterPerson
from edge.screen.access.roles import Role
from edge.screen.app import create_app
from edge.screen.journal.follower import utc_now
from edge.screen.office.muster import NoNames
from edge.screen.translations import load_all

NO_PAGES = {"/metrics", "/healthz", "/events", "/lane/events"}
"""Answers to programs."""
WORKERS = ("1042", "1043", "0877", "1101")
"""Data of these tests is in digits and in a third alphabet: what is Latin or Chinese on a page is the page's own."""
DETAILS = {
    Reason.TRAINING_LAPSED: "valid until 2026-06-30",
    Reason.NOT_ACTIVE: "suspended",
    Reason.SECOND_FACTOR: "shown: face; asked for: face and code",
    Reason.ROSTER_EXPIRED: "the risk list has expired",
    Reason.RISK_HOLD: "key-screening: hold",
    Reason.MANUAL_ADMIT: "by Анна: гость начальника",
    Reason.PASSBACK: "is inside already: last in Sun 2026-11-29 05:00 UTC",
    Reason.OUTSIDE_HOURS: "Sun 2026-11-29 05:00 UTC; plan: mon tue 07:00-19:00",
}


class ThirdAlphabet(MemoryDesk):
    """A desk whose account is named in a third alphabet."""

    def password(self, name: str) -> str | None:
        return super().password(Role.MANAGER) if name == "Анна" else super().password(name)

    def role(self, name: str) -> str | None:
        return Role.MANAGER if name == "Анна" else super().role(name)


def eventful() -> MemoryJournal:
    """A journal with every reason, every outcome and every notice."""
    journal, now = MemoryJournal(), utc_now()
    for reason in Reason:
        journal.access(reason, WORKERS[0], DETAILS.get(reason, ""))
    for outcome in PassageOutcome:
        journal.passage(WORKERS[1], Direction.IN, outcome, now - timedelta(days=1))
    for code in NoticeCode:
        journal.add(NoticeEvent, code=code, detail="what only the technician understands")
    journal.passage(WORKERS[2], utc=now)
    return journal


def application(journal: MemoryJournal, language: str, muster: MusterList | None) -> Starlette:
    now = utc_now()
    entries = {
        who: DirectoryEntry(worker_id=who, name="Иван", employer="Стройка", team="Бригада", trade="сварщик")
        for who in WORKERS
    }
    names = NoNames(3, now - timedelta(days=3), entries)
    sync = Summary(
        {kind: Held(4, now - timedelta(hours=30)) for kind in DECISION_LISTS},
        Ack("e1", 1, now),
        Link(False, now - timedelta(hours=2)),
    )
    config = Config(site=SiteConfig(site_id="77", gate_id="12"))
    return create_app(journal, lambda: sync, config, ThirdAlphabet(), muster=lambda: muster, directory=lambda: names)


async def walk(client: httpx.AsyncClient, app: Starlette, language: str) -> dict[str, Reader]:
    """Open every page without a parameter, and everything that they lead to."""
    routes = [route for route in app.routes if isinstance(route, Route) and "GET" in (route.methods or ())]
    waiting = [route.path for route in routes if "{" not in route.path and route.path not in NO_PAGES]
    seen: dict[str, Reader] = {}
    while waiting:
        path = waiting.pop()
        if path in seen or path in NO_PAGES or len(seen) > PAGES_MAX:
            continue
        answer = await client.get(path)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        assert answer.status_code == 200, path
        seen[path] = read(answer.text, language)
        found = (urlsplit(link) for link in seen[path].links)
        waiting += [link.path for link in found if not link.netloc and link.path.startswith("/")]
    missed = [route.path for route in routes if not any(route.path_regex.match(path) for path in seen)]
    assert set(missed) <= NO_PAGES, "give the test what these pages need, or name them in NO_PAGES"
    return seen


def pages_in(language: str, role: Role | None, muster: MusterList | None = None, **state: object) -> dict[str, Reader]:
    """Return all pages, for an account of a role or for a stranger."""

    async def running() -> dict[str, Reader]:
        journal = eventful()
        journal.show(live(utc=utc_now(), **state))
        app = application(journal, muster)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
        ):
            client.cookies.set(LANGUAGE_COOKIE, language)
            if role is not None:
                session = app.state.sessions.open(NAMES[role], STORED)
                client.cookies.set(COOKIE, session.token)
            await asyncio.sleep(0)
            return await walk(client, app, language)

    return asyncio.run(running())
