"""Exported files: no formula, no wrong number, whole or not at all, for their owner alone."""

import csv
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from python_calamine import load_workbook

from hq.reports.sheet_writer import ExportRefused, Value, check_target, write_sheet

HEADINGS = ("worker_id", "name")
BAD = ("=1+1", "+86 138", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", '=HYPERLINK("http://a")', "https://a.example")
ROWS: list[tuple[Value, ...]] = [
    *((f"w-{number}", text) for number, text in enumerate(BAD)),
    ("0012345", "李伟"),
    ("110101199003074516", None),
    ("dates", date(2026, 1, 5)),
    ("times", datetime(2026, 1, 5, 6, 7, tzinfo=UTC)),
    ("truth", True),
]


def test_ok__no_cell_of_a_csv_is_a_formula_and_every_text_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert write_sheet(path, HEADINGS, ROWS) == len(ROWS)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfworker_id,name\r\n")
    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = [row[1] for row in list(csv.reader(file))[1:]]
    assert cells[: len(BAD) - 1] == [f"'{text}" for text in BAD[:-1]]
    assert cells[len(BAD) - 1 :] == [BAD[-1], "李伟", "", "2026-01-05", "2026-01-05 06:07:00Z", "yes"]


def test_ok__every_cell_of_a_workbook_is_text(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_sheet(path, HEADINGS, ROWS)
    read = load_workbook(str(path)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in read[1:]] == [row[0] for row in ROWS]
    assert [row[1] for row in read[1 : len(BAD) + 1]] == list(BAD)
    assert {type(cell) for row in read for cell in row} == {str}


def test_ok__only_the_owner_reads_the_file(tmp_path: Path) -> None:
    for name in ("a.csv", "a.xlsx"):
        write_sheet(tmp_path / name, HEADINGS, ROWS)
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.xlsx"]


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_fail__an_error_in_the_middle_leaves_the_old_file(name: str, tmp_path: Path) -> None:
    def broken() -> Iterator[tuple[Value, ...]]:
        yield ROWS[0]
        raise ValueError("the database is away")

    write_sheet(tmp_path / name, HEADINGS, ROWS)
    before = (tmp_path / name).read_bytes()
    with pytest.raises(ValueError, match="away"):
        write_sheet(tmp_path / name, HEADINGS, broken())
    assert (tmp_path / name).read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_fail__names_and_places_are_checked_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "old.csv").touch()
    check_target(tmp_path / "old.csv", replace=True)
    for name, said in (("a.txt", "csv or"), ("no/a.csv", "no such folder"), ("old.csv", "exists")):
        with pytest.raises(ExportRefused, match=said):
            check_target(tmp_path / name, replace=False)


def test_fail__a_full_disk_is_told_with_the_name_of_the_file(tmp_path: Path) -> None:
    def rows() -> Iterator[tuple[Value, ...]]:
        yield "w-1", "a"
        raise OSError(28, "No space left on device")

    path = tmp_path / "a.csv"
    with pytest.raises(ExportRefused, match=r"a\.csv cannot be written: No space left"):
        write_sheet(path, HEADINGS, rows())
    assert list(tmp_path.iterdir()) == []
