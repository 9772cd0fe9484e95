"""Questions of the office's pages as texts of a query, and its files for spreadsheets."""

import csv
import io
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from python_calamine import CalamineWorkbook

from contract.messages import Reason
from edge.core.domain import HistoryKind
from edge.screen.history.asked import LAST_DAY, asked, bounds
from edge.screen.history.sheets import SheetColumn, csv_pieces, xlsx
from edge.screen.journal.attendance import DAY_BEGINS

TODAY = date(2026, 11, 21)
SITE = timezone(timedelta(hours=8))
COLUMNS = [SheetColumn("日期"), SheetColumn("Name", 20), SheetColumn("In"), SheetColumn("Hours")]
ROWS = [
    [TODAY, "=cmd|'/c calc'!A1", datetime(2026, 11, 21, 7, 5), 9.5],
    [TODAY, "https://evil.example/", None, 0.0],
    [TODAY, '王\n小明"', None, 1234567.0],
]


def test_ok__a_question_survives_its_way_through_an_address() -> None:
    said = asked(
        {"day": "2026-11-20", "what": "reason.unknown", "who": "  王  小明 ", "page": "2", "through": "9"}, TODAY
    )
    assert (said.day, said.who, said.page, said.through) == (date(2026, 11, 20), "王 小明", 2, 9)
    assert asked(said.words(), TODAY) == said
    query = said.query(SITE, frozenset({"w-1"}), frozenset())
    assert (query.reason, query.kind, query.workers) == (Reason.UNKNOWN, None, frozenset({"w-1"}))
    assert query.since == datetime(2026, 11, 19, 16, tzinfo=UTC)
    assert asked({"what": "refused"}, TODAY).query(SITE, None, frozenset()).kind is HistoryKind.REFUSED


@pytest.mark.parametrize(
    "query",
    [
        {"day": "yesterday", "what": "'; DROP TABLE events", "page": "-1", "through": "x"},
        {"day": "0001-01-01", "what": "reason.", "page": "9" * 50, "through": "²"},
        {"day": "9999-12-31", "what": "reason.risk_hold", "page": "1e9"},
    ],
)
def test_fail__what_no_form_sends_counts_as_not_said(query: dict[str, str]) -> None:
    said = asked(query, TODAY, hidden=[Reason.RISK_HOLD])
    assert (said.day, said.what, said.page, said.through) == (TODAY, "", 0, 0)


def test_ok__a_day_of_the_site_may_have_25_hours() -> None:
    since, until = bounds(date(2026, 10, 25), ZoneInfo("Europe/Berlin"))
    assert until - since == timedelta(hours=25)
    assert bounds(LAST_DAY, SITE)[0] < bounds(LAST_DAY, SITE)[1]
    spring = bounds(date(2026, 3, 29), ZoneInfo("Europe/Berlin"), DAY_BEGINS)
    assert [f"{one:%d %H:%M}" for one in spring] == ["29 02:00", "30 02:00"]  # 4:00 by the site's clock, both days


def test_fail__no_text_becomes_a_formula_or_a_link() -> None:
    text = b"".join(csv_pieces(COLUMNS, ROWS)).decode()
    assert text.startswith("\ufeff日期,Name")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[1] == ["2026-11-21", "'=cmd|'/c calc'!A1", "2026-11-21 07:05", "9.5"]
    assert rows[3] == ["2026-11-21", '王\n小明"', "", "1234567"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(xlsx(COLUMNS, ROWS, "出勤")))
    found = book.get_sheet_by_name("出勤").to_python()
    assert found[0] == ["日期", "Name", "In", "Hours"]
    assert found[1] == [TODAY, "=cmd|'/c calc'!A1", datetime(2026, 11, 21, 7, 5), 9.5]
    assert found[2][1] == "https://evil.example/"


def test_ok__a_long_file_comes_in_pieces() -> None:
    pieces = list(csv_pieces(COLUMNS, (ROWS[0] for _ in range(1200))))
    assert len(pieces) == 3
    assert b"".join(pieces).count(b"\r\n") == 1201
