"""Send rows as CSV or XLSX. Rows stream: an export of 100,000 people needs no more memory than one page.

No text becomes a formula in a spreadsheet. The caller has limited the rows by `visible_to` already.
"""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import chain, islice
from typing import Any, TypeVar
from urllib.parse import quote

import xlsxwriter
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from common.sheet_cells import CELL_MAX, ROWS_MAX, without_formula
from district.web.tables import TableColumn, shown

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CHUNK = 200
Response = TypeVar("Response", bound=HttpResponseBase)


class SheetFull(ValueError):
    """More rows than a worksheet holds. The text says what to do."""


class _Echo:
    """A file that returns what is written to it: `csv.writer` then streams."""

    def write(self, text: str) -> str:
        return text


def stream_csv(rows: Iterable[Any], columns: Sequence[TableColumn], name: str) -> StreamingHttpResponse:
    """Return a CSV file, UTF-8 with a byte order mark as spreadsheets want it.

    The first row is read before the answer begins: a query that fails gives an error page and no half file.
    """
    rest = iter(rows)
    first = list(islice(rest, 1))
    response = StreamingHttpResponse(_csv(chain(first, rest), columns), content_type="text/csv; charset=utf-8")
    return _as_file(response, f"{name}.csv")


def stream_xlsx(rows: Iterable[Any], columns: Sequence[TableColumn], name: str) -> FileResponse:
    """Return an XLSX file, written row by row to a temporary file. Raises SheetFull."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - FileResponse closes it
    try:
        _write_xlsx(file, rows, columns)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return _as_file(FileResponse(file, content_type=XLSX), f"{name}.xlsx")


def _csv(rows: Iterable[Any], columns: Sequence[TableColumn]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    lines = [writer.writerow([str(column.label) for column in columns])]
    yield f"\ufeff{lines.pop()}"
    for row in rows:
        lines.append(writer.writerow([_text(column, row) for column in columns]))
        if len(lines) == _CHUNK:
            yield "".join(lines)
            lines.clear()
    yield "".join(lines)


def _write_xlsx(file: Any, rows: Iterable[Any], columns: Sequence[TableColumn]) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True, "bottom": 1})
        day, moment = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.freeze_panes(1, 0)
        for position, column in enumerate(columns):
            sheet.set_column(position, position, 26 if column.kind == "long" else 16)
            sheet.write_string(0, position, str(column.label), bold)
        for number, row in enumerate(rows, start=1):
            if number > ROWS_MAX:
                raise SheetFull(f"a worksheet holds at most {ROWS_MAX} rows: filter the list, or take the CSV")
            for position, column in enumerate(columns):
                _write_cell(sheet, number, position, column.of(row), day, moment)


def _write_cell(sheet: Any, line: int, position: int, value: object, day: Any, moment: Any) -> None:
    match value:
        case None | "":
            return
        case bool():
            sheet.write_string(line, position, shown(value))
        case int() | float():
            sheet.write_number(line, position, value)
        case datetime():
            local = timezone.localtime(value) if timezone.is_aware(value) else value
            sheet.write_datetime(line, position, local.replace(tzinfo=None), moment)
        case date():
            sheet.write_datetime(line, position, value, day)
        case _:
            sheet.write_string(line, position, str(value)[:CELL_MAX])


def _text(column: TableColumn, row: Any) -> str:
    value = column.of(row)
    match value:
        case None:
            return ""
        case int() | float() if not isinstance(value, bool):
            return str(value)
        case "":
            return ""
        case _:
            return without_formula(shown(value))


def _as_file(response: Response, name: str) -> Response:
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "no-store"
    return response
