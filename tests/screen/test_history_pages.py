"""PROMISE: the pages about the past say what happened, and nobody sees more there than their role allows."""

import asyncio
import csv
import io
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from past_days import DAY, MARKUP, NAMES, write_day
from python_calamine import CalamineWorkbook
from screen_account import MemoryDesk, session_of
from screen_parts import Summary

from contract.messages import PolicySnapshot
from edge.core.config import Config
from edge.core.domain import SiteStandings
from edge.core.ports import DeskError
from edge.screen.access.roles import Role
from edge.screen.access.visitor import COOKIE
from edge.screen.app import ScreenSources, create_app
from edge.screen.ports import StandingSource
from edge.storage.journal import JournalReader
from edge.storage.journal_history import JournalHistory

PLACES = ("", "/refusals", "/trends", "/attendance", "/attendance.csv", "/attendance.xlsx")
FAR = ("Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo", "Pacific/Kiritimati", "Etc/GMT+12", "America/Denver")
"""In one of them it is midnight while it is noon here, wherever that is."""


class Pages:
    """The running application on a real journal, asked as an account of a role. One loop for all questions."""

    def __init__(self, path: Path, standings: StandingSource = lambda: None) -> None:
        self.desk = MemoryDesk()
        self._journal, self._history = JournalReader(path), JournalHistory(path)
        self._runner = asyncio.Runner()
        self._app = create_app(
            ScreenSources(
                self._journal,
                Summary,
                desk=self.desk,
                directory=lambda: NAMES,
                history=self._history,
                standings=standings,
            ),
            Config(),
        )
        self._lifespan = self._app.router.lifespan_context(self._app)
        self._runner.run(self._start())
        self._cookies = {role: f"{COOKIE}={session_of(self._app, role).token}" for role in Role}

    def get(self, path: str, role: Role | None = Role.MANAGER, **query: str) -> httpx.Response:
        return self._runner.run(self._get(f"/history{path}", role, query))

    def wait(self) -> None:
        """Let the application count the journal by the zone that it has found."""
        self._runner.run(asyncio.sleep(0.2))

    def close(self) -> None:
        self._runner.run(self._end())
        self._runner.close()
        self._history.close()
        self._journal.close()

    async def _start(self) -> None:
        await self._lifespan.__aenter__()
        await asyncio.sleep(0.1)  # the journal is followed by then

    async def _end(self) -> None:
        await self._lifespan.__aexit__(None, None, None)

    async def _get(self, path: str, role: Role | None, query: dict[str, str]) -> httpx.Response:
        headers = {"Cookie": self._cookies[role]} if role is not None else {}
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
            return await client.get(path, params={"day": DAY.date().isoformat(), **query})


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    path = tmp_path_factory.mktemp("past") / "journal.db"
    write_day(path)
    with closing(Pages(path)) as pages:
        yield pages


@pytest.fixture
def pages(shared: Pages) -> Pages:
    shared.desk.trail.clear()
    return shared


def test_ok__a_day_shows_its_events_with_names(pages: Pages) -> None:
    page = pages.get("").text
    for words in ("14 events", "王小明", "w-1", "Not recognised", "Gate started", "Passed (out)", "07:00:00"):
        assert words in page
    assert "0 events" in pages.get("", day=(DAY - timedelta(days=3)).date().isoformat()).text
    assert "14 条事件" in pages.get("", lang="zh").text


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"what": "refused"}, 3),
        ({"what": "reason.unknown"}, 1),
        ({"what": "passage", "who": "小明"}, 2),
        ({"who": "li wei"}, 2),
        ({"who": "wxm"}, 4),
        ({"who": "w-9"}, 1),
        ({"who": "nobody at all"}, 0),
        ({"what": "notice"}, 2),
    ],
)
def test_ok__filters_and_search_find_their_events(pages: Pages, query: dict[str, str], count: int) -> None:
    assert f"{count} events" in pages.get("", **query).text


def test_ok__a_refusal_tells_what_became_of_it(pages: Pages) -> None:
    page = pages.get("/refusals").text
    assert "3 refusals · 2 not admitted" in page
    assert "Admitted by guard anna after 3 min: &lt;script&gt;" in page
    assert "Take aside, quietly" in page
    assert "1 refusals" in pages.get("/refusals", who="w-9").text


def test_ok__trends_count_the_day(pages: Pages) -> None:
    page = pages.get("/trends").text
    assert "<title>07: 3</title>" in page
    assert "<title>17: 1</title>" in page
    assert "Training lapsed" in page


def test_ok__attendance_is_a_page_and_a_file_and_the_export_is_recorded(pages: Pages) -> None:
    day = DAY.date().isoformat()
    page = pages.get("/attendance", to=day).text
    assert "3 people · 3 lines" in page
    assert "10.00" in page
    assert "no exit" in page and "no exit yet" not in page
    answer = pages.get("/attendance.csv", to=day, lang="zh")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0][:4] == ["日期", "姓名", "编号", "用人单位"]
    assert rows[1] == [day, "王小明", "w-1", "中建三局", "A", f"{day} 07:00", f"{day} 17:00", "10", "1", "1", ""]
    assert rows[2][3] == "'=1+1"
    book = CalamineWorkbook.from_filelike(io.BytesIO(pages.get("/attendance.xlsx", to=day).content))
    assert book.get_sheet_by_index(0).to_python()[2][1:4] == ["Li Wei", "w-2", "=1+1"]
    assert [(who, what, detail) for _, who, what, detail in pages.desk.trail] == [
        ("manager", "attendance exported", f"{day} to {day}, csv"),
        ("manager", "attendance exported", f"{day} to {day}, xlsx"),
    ]


def test_fail__without_a_record_nothing_is_exported(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise DeskError("the disk is full")

    monkeypatch.setattr(pages.desk, "audit", refuse)
    for kind in ("csv", "xlsx"):
        answer = pages.get(f"/attendance.{kind}", to=DAY.date().isoformat())
        assert answer.status_code == 303
    assert "Nothing was made" in pages.get("/attendance", failed="disk").text


def test_fail__names_and_reasons_are_data_and_never_markup(pages: Pages) -> None:
    for place in PLACES[:4]:
        page = pages.get(place, to=DAY.date().isoformat(), who=MARKUP if place != "/attendance" else "").text
        assert "<script>alert" not in page


def test_fail__a_stranger_and_a_technician_see_no_past(pages: Pages) -> None:
    for place in PLACES:
        assert "password" in pages.get(place, None).text
        assert pages.get(place, Role.TECHNICIAN).status_code == 403


def test_fail__a_viewer_sees_no_names_no_risk_and_no_attendance(pages: Pages) -> None:
    for place in PLACES[:3]:
        page = pages.get(place, Role.VIEWER, all="1", who="").text
        for secret in ("王小明", "Li Wei", "key-screening", "w-9", "Held: risk list", "anna", "/history/attendance"):
            assert secret not in page, (place, secret)
    assert "0 events" in pages.get("", Role.VIEWER, who="王小明").text
    assert "0 events" in pages.get("", Role.VIEWER, who="w-9").text
    assert "13 events" in pages.get("", Role.VIEWER, what="reason.risk_hold").text  # such a filter does not exist here
    assert "Refused: 2" in pages.get("/trends", Role.VIEWER).text
    assert "Refused: 3" in pages.get("/trends", Role.GUARD).text
    for place in PLACES[3:]:
        assert pages.get(place, Role.VIEWER).status_code == 403


def test_fail__a_guard_sees_that_a_list_holds_somebody_and_not_which(pages: Pages) -> None:
    page = pages.get("", Role.GUARD).text
    assert "Held: risk list" in page
    assert "王小明" in page
    assert "key-screening" not in page
    assert "key-screening" in pages.get("", Role.MANAGER).text


@pytest.mark.parametrize("place", PLACES)
def test_fail__queries_that_no_form_sends_get_a_page(pages: Pages, place: str) -> None:
    strange = {
        "day": "0000-99-99",
        "what": "x' OR 1=1",
        "page": "99999999999999",
        "through": "-5",
        "to": "\x00",
        "all": "2",
    }
    assert pages.get(place, **strange).status_code == 200


def test_ok__a_day_is_the_sites_and_not_this_machines(tmp_path: Path) -> None:
    path, came, went = tmp_path / "journal.db", DAY + timedelta(hours=7), DAY + timedelta(hours=17)
    write_day(path)
    site = next(zone for zone in map(ZoneInfo, FAR) if came.astimezone(zone).date() != went.astimezone(zone).date())
    policy = PolicySnapshot(site_id="s", list_version=1, issued_utc=DAY, time_zone=site.key)
    with closing(Pages(path, lambda: SiteStandings(utc=DAY, site_id="s", policy=policy))) as pages:
        first, second = (f"{one.astimezone(site):%Y-%m-%d}" for one in (came, went))
        assert f"{went.astimezone(site):%H:%M}:00" in pages.get("", day=second, what="admitted").text
        assert "Training lapsed" in pages.get("/refusals", day=first).text
        assert "Training lapsed" not in pages.get("/refusals", day=second).text
        assert f"{first} {came.astimezone(site):%H:%M}" in pages.get("/attendance.csv", **{"from": first}).text
        pages.wait()
        assert f"<title>{came.astimezone(site):%H}: 3</title>" in pages.get("/trends", day=first).text


def test_fail__a_damaged_journal_is_said(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"no database" * 1000)
    with closing(Pages(path)) as pages:
        assert "The journal cannot be read now" in pages.get("").text
