"""PROMISE: an XLSX file leaves piece by piece, holds what the rows hold, and is read by another program."""

import io
from collections.abc import Iterator
from datetime import date, datetime

import pytest
from python_calamine import CalamineWorkbook

from district.web import sheet_stream
from district.web.sheet_stream import Value, xlsx_pieces

LABELS = ["Name", "Day", "Time", "Count"]
ROW: list[Value] = ["=1+1", date(2026, 2, 28), datetime(2026, 1, 5, 7, 30), 3.5]
ODD = ["<a>&\"'", "_x0041_", "tab\tnew\nline", "张\U00020000", "bell\x07\ud800\x0b", " blank "]


def _read(content: bytes) -> list[list[list[object]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]


def test_ok__values_arrive_as_they_are() -> None:
    rows: list[list[Value]] = [ROW, [None, None, None, 7], *([text, None, None, -1] for text in ODD)]
    (sheet,) = _read(b"".join(xlsx_pieces(LABELS, [16] * 4, rows)))
    assert sheet[0] == LABELS
    assert sheet[1] == ["=1+1", date(2026, 2, 28), datetime(2026, 1, 5, 7, 30), 3.5]
    assert sheet[2] == ["", "", "", 7.0]
    assert [line[0] for line in sheet[3:]] == [*ODD[:4], "bell", ODD[5]]


def test_ok__nothing_waits_for_the_last_row() -> None:
    asked = 0

    def rows() -> Iterator[list[Value]]:
        nonlocal asked
        for _number in range(50_000):
            asked += 1
            yield ROW

    pieces = xlsx_pieces(LABELS, [16] * 4, rows())
    assert next(pieces).startswith(b"PK")
    assert next(pieces)
    assert asked < 20_000


def test_ok__a_full_worksheet_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_stream, "ROWS_MAX", 2)
    found = _read(b"".join(xlsx_pieces(["One"], [16], [[str(number)] for number in range(5)])))
    assert [[line[0] for line in sheet] for sheet in found] == [["One", "0", "1"], ["One", "2", "3"], ["One", "4"]]


def test_ok__an_empty_list_is_a_workbook_with_headings() -> None:
    assert _read(b"".join(xlsx_pieces(LABELS, [16] * 4, []))) == [[LABELS]]
