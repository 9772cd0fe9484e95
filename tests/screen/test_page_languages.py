"""No English is left on a Chinese page, nor Chinese on an English one: every page, with everything that it may show."""

import asyncio
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from page_languages import Reader, foreign, read
from screen_account import STORED, MemoryDesk
from screen_parts import Ack, Held, Link, Summary, live
from screen_stage import StageClock
from starlette.applications import Starlette
from starlette.routing import Route

from contract.messages import (
    DECISION_LISTS,
    AccessEvent,
    Advice,
    Direction,
    DirectoryEntry,
    NoticeCode,
    NoticeEvent,
    PassageEvent,
    PassageOutcome,
    PolicySnapshot,
    Reason,
    RiskEntry,
)
from contract.policy import RiskAction, RiskRule
from edge.core.config import Config, SiteConfig
from edge.core.domain import ListAge, MusterList, MusterPerson, SiteStandings, WorkerStanding
from edge.screen.access.roles import Role
from edge.screen.access.visitor import COOKIE
from edge.screen.app import ScreenSources, create_app
from edge.screen.context import LANGUAGE_COOKIE
from edge.screen.journal.follower import utc_now
from edge.screen.office.muster import NoNames
from edge.screen.translations import load_all
from edge.storage.journal import Journal, JournalReader
from edge.storage.journal_history import JournalHistory

NO_PAGES = {"/metrics", "/healthz", "/events", "/lane/events"}
"""Answers to programs."""
WORKERS = ("1042", "1043", "0877", "1101")
MORE_PAGES = (
    "/no-such-page",
    *(f"/guard/person/{who}{part}" for who in (*WORKERS, "9999") for part in ("", "/newest")),
)
"""Pages that need a parameter."""
PAGES_MAX = 200
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


NOTES = ("risk list: key-screening: hold; admitted by a guard", "training: valid until 2026-06-30", "factors: shown")
SITE = SiteConfig(site_id="77", gate_id="12")
NAMES = {Role.MANAGER: "Анна", Role.VIEWER: "Пётр", Role.TECHNICIAN: "Юрий"}


class ThirdAlphabet(MemoryDesk):
    """A desk whose accounts are named in a third alphabet."""

    def password(self, name: str) -> str | None:
        return STORED if name in NAMES.values() else None

    def role(self, name: str) -> str | None:
        return next((role for role, known in NAMES.items() if known == name), None)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gate's folder, whose journal holds every reason, every outcome and every notice."""
    folder, clock = tmp_path_factory.mktemp("gate"), StageClock()
    with closing(Journal(folder / "journal.db", SITE, clock)) as journal:
        for by in ("", "Анна"):
            clock.shift -= timedelta(days=1)
            for reason in Reason:
                journal.append(
                    AccessEvent,
                    reason=reason,
                    granted=reason in (Reason.GRANTED, Reason.MANUAL_ADMIT),
                    advice=Advice.SEE_DESK,
                    direction=Direction.IN,
                    worker_id=WORKERS[0],
                    by=by,
                    detail=DETAILS.get(reason, ""),
                    alerts=NOTES if reason is Reason.MANUAL_ADMIT else (),
                )
            for outcome in PassageOutcome:
                journal.append(PassageEvent, outcome=outcome, direction=Direction.IN, worker_id=WORKERS[1])
            for code in NoticeCode:
                detail = "by Анна: учение" if by else "what only the technician understands"
                journal.append(NoticeEvent, code=code, by=by, detail=detail)
        clock.shift = timedelta(0)
        journal.append(PassageEvent, outcome=PassageOutcome.PASSED, direction=Direction.IN, worker_id=WORKERS[2])
        journal.set_live(live(utc=utc_now()))
    return folder


def application(journal: JournalReader, history: JournalHistory, muster: MusterList | None) -> Starlette:
    now = utc_now()
    entries = {
        who: DirectoryEntry(worker_id=who, name="Иван", employer="Стройка", team="Бригада", trade="сварщик")
        for who in WORKERS
    }
    fresh = muster is not None and muster.issued_utc is not None and now - muster.issued_utc < timedelta(hours=1)
    names = NoNames(3, now - timedelta(days=3), entries, "" if fresh else "only the technician reads this")
    sync = Summary(
        {kind: Held(4, now - timedelta(hours=30)) for kind in DECISION_LISTS},
        Ack("e1", 1, now),
        Link(False, now - timedelta(hours=2)),
    )
    return create_app(
        ScreenSources(
            journal,
            lambda: sync,
            desk=ThirdAlphabet(),
            muster=lambda: muster,
            directory=lambda: names,
            history=history,
            standings=lambda: standings(now),
        ),
        Config(site=SITE),
    )


def standings(now: datetime) -> SiteStandings:
    """Return training that ends, and people on risk lists, in every form."""
    today = now.date()
    held = [RiskEntry(worker_id=who, list_name="ключ", reason_code="7", officer="Анна") for who in WORKERS]
    workers = [
        WorkerStanding(worker_id=who, here=True, training_valid_until=until, risks=(entry,))
        for who, until, entry in zip(
            WORKERS, (None, today, today - timedelta(days=2), today + timedelta(days=3)), held, strict=True
        )
    ]
    rules = (RiskRule(list_name="ключ", action=RiskAction.DENY),)
    policy = PolicySnapshot(site_id="77", list_version=1, issued_utc=now, risk_rules=rules)
    return SiteStandings(utc=now, site_id="77", policy=policy, roster=ListAge(4, now), workers=tuple(workers))


async def walk(client: httpx.AsyncClient, app: Starlette, language: str) -> dict[str, Reader]:
    """Open every page without a parameter, and everything that they lead to."""
    routes = [route for route in app.routes if isinstance(route, Route) and "GET" in (route.methods or ())]
    waiting = [*MORE_PAGES, *(route.path for route in routes if "{" not in route.path)]
    seen: dict[str, Reader] = {}
    visited = set(NO_PAGES)
    while waiting and len(seen) < PAGES_MAX:
        path = waiting.pop()
        if path in visited:
            continue
        visited.add(path)
        answer = await client.get(path)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        assert answer.status_code < 500, path
        seen[path] = read(answer.text, language)
        found = (urlsplit(link) for link in seen[path].links)
        waiting += [link.path for link in found if not link.netloc and link.path.startswith("/")]
    missed = {route.path for route in routes if not any(route.path_regex.match(path) for path in visited)}
    assert not missed, "give the test what these pages need, or name them in NO_PAGES"
    return seen


def pages_in(state: Path, language: str, role: Role | None, muster: MusterList | None) -> dict[str, Reader]:
    """Return all pages, for an account of a role or for a stranger."""

    async def running() -> dict[str, Reader]:
        app = application(journal, history, muster)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
        ):
            client.cookies.set(LANGUAGE_COOKIE, language)
            if role is not None:
                session = app.state.sessions.open(NAMES[role], STORED)
                client.cookies.set(COOKIE, session.token)
            await asyncio.sleep(0.1)  # the journal is followed by then
            return await walk(client, app, language)

    path = state / "journal.db"
    with closing(JournalReader(path)) as journal, closing(JournalHistory(path)) as history:
        return asyncio.run(running())


def muster_of(*, age: timedelta) -> MusterList:
    now = utc_now()
    people = tuple(MusterPerson(worker_id=who, utc=now - timedelta(hours=20), gate_id="13") for who in WORKERS)
    return MusterList(utc=now, issued_utc=now - age, unnamed=2, people=people)


@pytest.mark.parametrize("language", load_all())
def test_ok__every_page_speaks_one_language(state: Path, language: str) -> None:
    wrong: dict[str, set[str]] = {}
    for role, muster in (
        (None, None),
        (Role.MANAGER, muster_of(age=timedelta(hours=2))),
        (Role.VIEWER, muster_of(age=timedelta(0))),
        (Role.TECHNICIAN, None),
    ):
        for path, page in pages_in(state, language, role, muster).items():
            if found := set(foreign(page.texts, language)):
                wrong.setdefault(path, set()).update(found)
    assert wrong == {}
