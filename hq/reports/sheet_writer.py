"""Write rows to a CSV or XLSX file for a spreadsheet. No value of ours ever becomes a formula there.

The file holds people's data: only its owner may read it. It appears whole, under its name, or not at all.
"""

import csv
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from common.libraries import extra, loading
from common.sheet_cells import CELL_MAX, ROWS_MAX, without_formula

Value = str | int | float | bool | date | datetime | None
SUFFIXES = (".csv", ".xlsx")


class ExportRefused(ValueError):
    """A file that cannot be written. The text says what to do."""


def check_target(path: Path, *, replace: bool) -> None:
    """Check name and place of a file before the work. Raises ExportRefused."""
    if path.suffix.lower() not in SUFFIXES:
        raise ExportRefused(f"{path}: name it .csv or .xlsx")
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise ExportRefused(f"{path}: there is no such folder, or it is one itself")
    if path.exists() and not replace:
        raise ExportRefused(f"{path} exists: choose another name, or --replace")


def write_sheet(path: Path, headings: Sequence[str], rows: Iterable[Sequence[Value]]) -> int:
    """Write a file by its ending. Return the number of rows. Raises ExportRefused."""
    try:
        with _replacing(path) as (file, folder):
            if path.suffix.lower() == ".csv":
                return _csv(file, headings, rows)
            return _xlsx(file, folder, headings, rows)
    except OSError as error:
        raise ExportRefused(f"{path} cannot be written: {error.strerror or error}") from error


def cell_text(value: Value) -> str:
    """Return a value as text: times as UTC, yes and no for truth."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}Z"
        case _:
            return str(value)


def csv_text(value: Value) -> str:
    """Return the same for CSV, where a text must not begin as a formula does."""
    return without_formula(cell_text(value))


def _csv(file: int, headings: Sequence[str], rows: Iterable[Sequence[Value]]) -> int:
    count = 0
    with os.fdopen(os.dup(file), "w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(headings)
        for row in rows:
            writer.writerow(map(csv_text, row))
            count += 1
    return count


def _xlsx(file: int, folder: Path, headings: Sequence[str], rows: Iterable[Sequence[Value]]) -> int:
    with loading("XlsxWriter", extra("hq"), ExportRefused):
        import xlsxwriter
    options = {"constant_memory": True, "tmpdir": str(folder), "strings_to_formulas": False, "strings_to_urls": False}
    count = 0
    with os.fdopen(os.dup(file), "wb") as out, xlsxwriter.Workbook(out, options) as opened:
        book: Any = opened
        sheet = book.add_worksheet()
        text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True, "num_format": "@"})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(headings), 18, text)
        for column, heading in enumerate(headings):
            sheet.write_string(0, column, heading, bold)
        for count, row in enumerate(rows, start=1):
            if count > ROWS_MAX:
                raise ExportRefused(f"a worksheet holds at most {ROWS_MAX} rows: choose fewer, or a .csv")
            for column, value in enumerate(row):
                sheet.write_string(count, column, cell_text(value)[:CELL_MAX], text)
    return count


@contextmanager
def _replacing(path: Path) -> Iterator[tuple[int, Path]]:
    """Give a new file of its owner alone, which replaces `path` at the end, and a folder for other files."""
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.absolute().parent) as folder:
        made = Path(folder, "new")
        file = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            yield file, Path(folder)
            os.fsync(file)
        finally:
            os.close(file)
        made.replace(path)
