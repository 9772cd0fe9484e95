"""The application over ASGI, without a network: what it answers, refuses, and never tells the lane."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import httpx
import pytest
from pydantic import BaseModel, ValidationError
from screen_account import MemoryDesk, signed_in
from screen_parts import MemoryJournal, Summary, live

from contract.messages import Advice, Direction, Reason
from edge.core.config import Config, ScreenConfig
from edge.core.domain import LiveState, MusterList, MusterPerson, SiteStandings, Tone
from edge.screen.access.roles import Role
from edge.screen.access.security import host_allowed
from edge.screen.app import ScreenSources, create_app
from edge.screen.journal.follower import BATCH, Watch
from edge.screen.lane_view import SIGNS, LaneView
from edge.screen.translations import load_all

SECRET = "w-secret-7"
T = TypeVar("T")


def fresh(tone: Tone = Tone.IDLE, advice: Advice | None = None, **more: object) -> LiveState:
    return live(tone, advice, **({"utc": datetime.now(UTC)} | more))


def visit(
    journal: MemoryJournal,
    steps: Callable[[httpx.AsyncClient], Awaitable[T]],
    config: Config | None = None,
    role: Role | None = Role.MANAGER,
) -> T:
    """Run the steps against the running application, signed in with a role, or as a stranger."""

    async def running() -> T:
        app = create_app(ScreenSources(journal, Summary, desk=MemoryDesk()), config or Config())
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://localhost") as c,
        ):
            if role is not None:
                signed_in(c, app, role)
            await asyncio.sleep(0)  # lets the first turn happen
            return await steps(c)

    return asyncio.run(running())


def get(journal: MemoryJournal, path: str, **kwargs: object) -> httpx.Response:
    return visit(journal, lambda client: client.get(path, **kwargs))


def eventful() -> MemoryJournal:
    journal = MemoryJournal()
    for reason in Reason:
        journal.access(reason, SECRET, "key-screening")
    journal.passage(SECRET, Direction.IN)
    return journal


@pytest.mark.parametrize("language", load_all())
@pytest.mark.parametrize("tone", Tone)
@pytest.mark.parametrize("advice", [None, *Advice])
def test_ok__no_worker_and_no_reason_reaches_the_lane(tone: Tone, advice: Advice | None, language: str) -> None:
    journal = eventful()
    journal.show(fresh(tone, advice, camera_detail=f"rtsp://{SECRET}", gate_state="released"))

    async def both(client: httpx.AsyncClient) -> tuple[httpx.Response, httpx.Response]:
        return await client.get(f"/lane?lang={language}"), await client.get("/lane/sign")

    page, sign = visit(journal, both)
    assert page.status_code == sign.status_code == 200
    said = set(sign.json().values())
    assert set(sign.json()) == {"tone", "sign"} and said <= {*Tone, *SIGNS}
    told = [SECRET, "key-screening", "rtsp", *(r.value for r in Reason if r is not Reason.MULTIPLE_FACES)]
    for texts in load_all().values():
        told += [*texts.reason.values(), *texts.notice.values()]
    assert [word for word in told if word in page.text + sign.text] == []


def test_ok__manager_sees_what_the_lane_does_not() -> None:
    journal = eventful()
    journal.show(fresh())
    page = get(journal, "/technician")
    assert SECRET in page.text and "Held: risk list" in page.text and 'lang="en"' in page.text


def test_ok__language_by_config_and_by_query() -> None:
    config = Config(screen=ScreenConfig(language="zh"))
    journal = MemoryJournal()
    assert "请看" in visit(journal, lambda c: c.get("/lane"), config).text
    assert 'lang="en"' in visit(journal, lambda c: c.get("/lane?lang=en"), config).text
    assert 'lang="zh"' in visit(journal, lambda c: c.get("/lane?lang=xx"), config).text


PAGES = ("/", "/guard", "/muster", "/technician", "/office/now", "/guard/state", "/technician/board", "/events")


@pytest.mark.parametrize("path", PAGES)
def test_fail__a_stranger_sees_no_page_but_the_lane(path: str) -> None:
    journal = eventful()
    journal.show(fresh())
    answer = visit(journal, lambda client: client.get(path), role=None)
    assert SECRET not in answer.text and "Released" not in answer.text and "Admitted" not in answer.text
    assert answer.status_code == 403 or 'action="/sign-in"' in answer.text


@pytest.mark.parametrize(
    ("role", "closed"),
    [
        (Role.VIEWER, {"/guard", "/muster", "/technician"}),
        (Role.GUARD, {"/technician"}),
        (Role.MANAGER, set[str]()),
        (Role.TECHNICIAN, {"/", "/guard", "/muster"}),
    ],
)
def test_ok__each_role_opens_its_own_pages(role: Role, closed: set[str]) -> None:
    pages = ("/", "/guard", "/muster", "/technician")

    async def steps(client: httpx.AsyncClient) -> dict[str, int]:
        return {path: (await client.get(path)).status_code for path in pages}

    assert visit(eventful(), steps, role=role) == {path: 403 if path in closed else 200 for path in pages}


@pytest.mark.parametrize(
    "path", ["/", "/lane", "/lane/sign", "/technician", "/metrics", "/healthz", "/static/lane.css", "/no"]
)
def test_ok__security_headers_everywhere(path: str) -> None:
    headers = get(MemoryJournal(), path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/lane"])
def test_ok__nothing_inline_and_nothing_from_elsewhere(path: str) -> None:
    page = get(eventful(), path).text
    assert "<script>" not in page and "style=" not in page and "onclick" not in page
    assert "http://" not in page.replace("http://localhost", "") and "https://" not in page


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/lane/sign", "/static/lane.css"])
def test_fail__only_reading(method: str, path: str) -> None:
    answer = visit(MemoryJournal(), lambda c: c.request(method, path))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path", ["/nothing", "/static/", "/static/nothing.css", "/static/../app.py", "/static/%2e%2e/app.py"]
)
def test_fail__no_such_page_and_no_listing(path: str) -> None:
    answer = get(MemoryJournal(), path)
    assert answer.status_code == 404 and "There is no such page." in answer.text


def test_fail__an_error_is_a_plain_page_without_its_cause() -> None:
    def broken() -> Summary:
        raise sqlite3.OperationalError("secret cause")

    async def ask() -> httpx.Response:
        app = create_app(ScreenSources(MemoryJournal(), broken, desk=MemoryDesk()), Config())
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            signed_in(client, app)
            return await client.get("/")

    answer = asyncio.run(ask())
    assert answer.status_code == 500 and "Something went wrong" in answer.text and "secret cause" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("header", "bound", "allowed"),
    [
        ("localhost:8080", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("[::1]:8080", "127.0.0.1", True),
        ("LOCALHOST", "::1", True),
        ("evil.example", "127.0.0.1", False),
        ("localhost.evil.example", "127.0.0.1", False),
        ("192.168.1.20:8080", "127.0.0.1", False),
        ("192.168.1.20:8080", "0.0.0.0", True),
        ("evil.example", "0.0.0.0", False),
        ("gate.site.lan:8080", "gate.site.lan", True),
        ("", "127.0.0.1", False),
    ],
)
def test_ok__host_header(header: str, bound: str, allowed: bool) -> None:
    assert host_allowed(header, bound) is allowed


def test_fail__foreign_host_name_is_refused() -> None:
    answer = get(eventful(), "/", headers={"Host": "rebound.example"})
    assert answer.status_code == 421 and SECRET not in answer.text


def test_ok__health() -> None:
    journal = MemoryJournal()
    assert get(journal, "/healthz").status_code == 503
    journal.show(fresh())
    answer = get(journal, "/healthz")
    assert answer.status_code == 200 and answer.json()["gate_running"] is True


def test_ok__metrics_are_prometheus_text() -> None:
    answer = get(eventful(), "/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'sitegate_access_events_total{reason="granted"} 1.0' in answer.text and SECRET not in answer.text


def test_ok__who_waits_for_the_lane_is_woken_by_a_change() -> None:
    async def wait() -> LaneView:
        journal = MemoryJournal()
        watch = Watch(journal)
        waiting = asyncio.create_task(watch.lane_after(watch.lane, 60))
        await asyncio.sleep(0)
        journal.show(fresh(Tone.GO, Advice.WALK_THROUGH))
        watch.turn()
        return await waiting

    assert asyncio.run(wait()) == LaneView(Tone.GO, Advice.WALK_THROUGH)


@pytest.mark.parametrize("model", [LiveState, MusterList, SiteStandings, MusterPerson])
def test_fail__a_time_of_a_foreign_file_needs_its_zone(model: type[BaseModel]) -> None:
    with pytest.raises(ValidationError, match="needs its zone"):
        model.model_validate_json('{"utc": "2026-11-29"}')


def test_fail__no_content_of_the_journal_ends_the_following() -> None:
    class Odd(MemoryJournal):
        def live(self) -> LiveState | None:
            raise TypeError("of a foreign file")

    async def follow() -> bool:
        following = asyncio.create_task(Watch(Odd()).run())
        await asyncio.sleep(0.05)
        alive = not following.done()
        following.cancel()
        return alive

    assert asyncio.run(follow())


def test_ok__a_long_journal_is_caught_up_in_slices() -> None:
    journal = MemoryJournal()
    for _ in range(BATCH + 3):
        journal.access(Reason.UNKNOWN)
    watch = Watch(journal)
    watch.turn()
    assert watch.totals.seq == BATCH
    watch.turn()
    watch.turn()
    assert (watch.totals.seq, journal.reads) == (BATCH + 3, 2)


def test_ok__a_new_epoch_starts_a_new_sum() -> None:
    journal = eventful()
    watch = Watch(journal)
    watch.turn()
    assert watch.totals.people_on_site == 1
    journal.epoch, journal.kept = "e2", []
    journal.show(None)
    watch.turn()
    assert (watch.totals.epoch, watch.totals.people_on_site) == ("e2", 0)
