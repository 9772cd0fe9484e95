"""Attendance as a file for a spreadsheet: CSV or XLSX, made in memory, because names stay off the disk.

No text becomes a formula or a link.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import xlsxwriter

from common.sheet_cells import without_formula

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSX_ROWS_MAX = 40_000
"""A workbook of so many lines takes some 70 MB while it is made."""
_LINES_AT_ONCE = 500

Cell = str | float | date | datetime | None


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column: its heading, and its width in characters."""

    label: str
    width: int = 14


def csv_pieces(columns: Sequence[SheetColumn], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """Yield a CSV file in pieces. Its byte order mark lets Excel read Chinese."""
    file = io.StringIO()
    file.write("\ufeff")
    writer = csv.writer(file)
    writer.writerow([column.label for column in columns])
    for number, row in enumerate(rows, start=1):
        writer.writerow([_text(cell) for cell in row])
        if number % _LINES_AT_ONCE == 0:
            yield _taken(file)
    yield _taken(file)


def xlsx(columns: Sequence[SheetColumn], rows: Iterable[Sequence[Cell]], title: str) -> bytes:
    """Return an XLSX file. Times must be without a zone, as a worksheet holds them."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        day, moment = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet = book.add_worksheet(title)
        sheet.freeze_panes(1, 0)
        for at, column in enumerate(columns):
            sheet.set_column(at, at, column.width)
            sheet.write_string(0, at, column.label, bold)
        write: dict[type, Callable[[int, int, object], object]] = {
            str: sheet.write_string,
            int: sheet.write_number,
            float: sheet.write_number,
            date: lambda line, at, cell: sheet.write_datetime(line, at, cell, day),
            datetime: lambda line, at, cell: sheet.write_datetime(line, at, cell, moment),
        }
        for line, row in enumerate(rows, start=1):
            for at, cell in enumerate(row):
                if cell not in (None, ""):
                    write[type(cell)](line, at, cell)
    return file.getvalue()


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M}"
        case date():
            return cell.isoformat()
        case str():
            return without_formula(cell)
        case _:
            return f"{cell:.12g}"


def _taken(file: io.StringIO) -> bytes:
    text = file.getvalue()
    file.seek(0)
    file.truncate()
    return text.encode()
