"""PROMISE: a screen on this machine stays signed in by choice, and only looks. It ends with account or password."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from screen_account import STORED, MemoryDesk

from edge.core.config import Config, ScreenConfig
from edge.replica.summary import ReplicaSummary
from edge.screen.access.kept_screens import KeptScreens
from edge.screen.access.roles import Role
from edge.screen.access.sessions import Session
from edge.screen.access.visitor import COOKIE, KEPT_COOKIE
from edge.screen.app import ScreenSources, create_app
from edge.storage.desk_store import DeskStore
from edge.storage.journal import JournalReader

T = TypeVar("T")
Steps = Callable[[httpx.AsyncClient], Awaitable[T]]


class Office:
    """The screen with one account for each role. Every password is right: passwords are tried elsewhere."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.desk = folder, MemoryDesk()
        monkeypatch.setattr("edge.screen.access.sessions.password_matches", lambda word, stored: stored is not None)

    def visit(self, steps: Steps[T], client: str = "127.0.0.1", **screen: object) -> T:
        async def running() -> T:
            config = Config(screen=ScreenConfig.model_validate(screen))
            app = create_app(
                ScreenSources(JournalReader(self.folder / "journal.db"), ReplicaSummary, desk=self.desk), config
            )
            transport = httpx.ASGITransport(app, client=(client, 4711))
            async with (
                app.router.lifespan_context(app),
                httpx.AsyncClient(transport=transport, base_url="https://localhost") as browser,
            ):
                return await steps(browser)

        return asyncio.run(running())


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(tmp_path, monkeypatch)


def kept(role: Role = Role.MANAGER) -> Steps[str]:
    async def steps(browser: httpx.AsyncClient) -> str:
        form = {"name": role.value, "password": "any", "keep": "yes"}
        answer = await browser.post("/sign-in", data=form)
        assert answer.status_code == 303
        return answer.cookies.get(KEPT_COOKIE, "")

    return steps


def opened(token: str, *paths: str) -> Steps[list[tuple[int, bool]]]:
    """Open pages by a kept screen's cookie alone: status, and whether it is the sign-in."""

    async def steps(browser: httpx.AsyncClient) -> list[tuple[int, bool]]:
        browser.cookies.set(KEPT_COOKIE, token)
        pages = [await browser.get(path) for path in paths]
        return [(page.status_code, 'name="password"' in page.text) for page in pages]

    return steps


def test_ok__the_screen_goes_on_after_a_restart_and_only_looks(office: Office) -> None:
    token = office.visit(kept())
    assert token
    pages = office.visit(opened(token, "/", "/guard", "/muster", "/technician"))  # another process
    assert pages[0] == (200, False)
    assert all(sign_in for _, sign_in in pages[1:]), "for more it asks for the password"

    async def deeds(browser: httpx.AsyncClient) -> list[int]:
        browser.cookies.set(KEPT_COOKIE, token)
        found = re.search(r'name="form_token" value="([^"]+)"', (await browser.get("/")).text)
        assert found
        form = {"form_token": found[1], "reason": "let me in", "direction": "in", "what": "release"}
        return [(await browser.post(path, data=form)).status_code for path in ("/guard/admit", "/guard/lock-down")]

    office.visit(deeds)
    assert office.desk.requested == []


def test_ok__signing_in_and_out_again_leaves_the_kept_screen_which_ends_by_its_own_button(office: Office) -> None:
    async def steps(browser: httpx.AsyncClient) -> list[object]:
        await kept()(browser)
        found: list[object] = [(await browser.get("/guard")).status_code]
        for _ in range(2):
            page = await browser.get("/")
            token = re.search(r'name="form_token" value="([^"]+)"', page.text)
            assert token
            await browser.post("/sign-out", data={"form_token": token[1]})
            found += [
                sorted(browser.cookies.keys() & {COOKIE, KEPT_COOKIE}),
                (await browser.get("/")).text.count("guard"),
            ]
        return found

    assert office.visit(steps)[1::2] == [[KEPT_COOKIE], []]
    assert office.desk.kept == {}
    assert [what for _, _, what, _ in office.desk.trail][-2:] == ["signed out", "kept screen ended"]


@pytest.mark.parametrize("where", [{"client": "10.0.0.7"}, {"public_url": "https://localhost"}, {"kept_days": 0}])
def test_fail__not_from_elsewhere_not_through_a_proxy_and_not_where_it_is_forbidden(
    office: Office, where: dict[str, str]
) -> None:
    assert office.visit(kept(), **where) == ""  # type: ignore[arg-type]
    token = office.visit(kept())
    assert office.visit(opened(token, "/"), **where) == [(200, True)]  # type: ignore[arg-type]


def test_fail__forged_and_empty_cookies_and_accounts_that_may_not_see_the_office(office: Office) -> None:
    token = office.visit(kept())
    for forged in ("", "x", token[:-1], token + "x", "' OR 1=1 --"):
        assert office.visit(opened(forged, "/")) == [(200, True)]
    assert office.visit(kept(Role.TECHNICIAN)) == ""
    assert token not in str(office.desk.kept), "only digests are stored"


def test_fail__a_new_password_another_role_the_end_and_a_clock_set_back_end_it(tmp_path: Path) -> None:
    (tmp_path / "desk").mkdir()
    now = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
    desk = DeskStore(tmp_path / "desk" / "desk.db", now=lambda: now)
    desk.set_password("anna", STORED, by="test")
    desk.set_role("anna", "guard", by="test")
    screens = KeptScreens(desk, desk, lambda: now, days=30)
    token = screens.keep(Session("anna", STORED, Role.GUARD, now, now))
    assert token is not None
    found = screens.find(token)
    assert found is not None and (found.role, found.kept, found.name) == (Role.VIEWER, True, "anna")
    again = KeptScreens(desk, desk, lambda: now, days=30).find(token)
    assert again is not None and again.form_token == found.form_token, "forms of an open page work after a restart"
    alive = []
    for change in (
        lambda: desk.set_role("anna", "technician", by="test"),
        lambda: desk.set_role("anna", "viewer", by="test"),
        lambda: desk.set_password("anna", "another", by="test"),
        lambda: desk.set_password("anna", STORED, by="test"),
        lambda: desk.remove_account("anna", by="test"),
    ):
        change()
        alive.append(screens.find(token) is not None)
    assert alive == [False, True, False, True, False]
    desk.set_password("anna", STORED, by="test")
    for days, good in ((-3, False), (29, True), (30, False), (400, False)):
        later = now + timedelta(days=days)
        assert (KeptScreens(desk, desk, lambda now=later: now, days=30).find(token) is not None) is good, days  # type: ignore[misc]
    for _ in range(30):
        screens.keep(Session("anna", STORED, Role.GUARD, now, now))
    assert desk._db.execute("SELECT count(*) FROM kept_screens").fetchone()[0] == 20
    desk.close()
