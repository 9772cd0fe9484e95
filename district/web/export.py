"""Send rows as CSV or XLSX. Rows stream: an export of 100,000 people needs no more memory than one page.

No text becomes a formula in a spreadsheet. The caller has limited the rows by `visible_to` already.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import chain, islice
from math import isfinite
from typing import Any, TypeVar
from urllib.parse import quote

from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from common.sheet_cells import without_formula
from district.web.sheet_stream import Value, xlsx_pieces
from district.web.tables import TableColumn, shown

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CHUNK = 200
Response = TypeVar("Response", bound=HttpResponseBase)


class _Echo:
    """A file that returns what is written to it: `csv.writer` then streams."""

    def write(self, text: str) -> str:
        return text


def stream_csv(rows: Iterable[Any], columns: Sequence[TableColumn], name: str) -> StreamingHttpResponse:
    """Return a CSV file, UTF-8 with a byte order mark as spreadsheets want it.

    The first row is read before the answer begins. A query that fails gives an error page and no half file.
    """
    rest = iter(rows)
    first = list(islice(rest, 1))
    response = StreamingHttpResponse(_csv(chain(first, rest), columns), content_type="text/csv; charset=utf-8")
    return _as_file(response, f"{name}.csv")


def stream_xlsx(rows: Iterable[Any], columns: Sequence[TableColumn], name: str) -> StreamingHttpResponse:
    """Return an XLSX file. As with `stream_csv` the first row is read before the answer begins."""
    rest = iter(rows)
    first = list(islice(rest, 1))
    labels = [str(column.label) for column in columns]
    widths = [26 if column.kind == "long" else 16 for column in columns]
    values = ([_value(column.of(row)) for column in columns] for row in chain(first, rest))
    return _as_file(StreamingHttpResponse(xlsx_pieces(labels, widths, values), content_type=XLSX), f"{name}.xlsx")


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


def _value(value: object) -> Value:
    """Return a value as a worksheet holds it: numbers and days as such, the rest as text."""
    match value:
        case None | "":
            return None
        case bool():
            return shown(value)
        case float() if not isfinite(value):
            return str(value)
        case int() | float():
            return value
        case datetime():
            return (timezone.localtime(value) if timezone.is_aware(value) else value).replace(tzinfo=None)
        case date():
            return value
        case _:
            return str(value)


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
