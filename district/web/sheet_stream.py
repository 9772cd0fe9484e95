"""Write an XLSX workbook into a stream while its rows are read: nothing waits for the last row.

XlsxWriter makes every part but the rows. It is asked for a workbook with headings and one example row, whose parts are
copied. Where a worksheet is full the next one begins.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from xml.sax.saxutils import escape

import xlsxwriter

from common.sheet_cells import CELL_MAX, ROWS_MAX

Value = str | float | date | datetime | None
_FLUSHED = 64 * 1024
_SHEET = "xl/worksheets/sheet{}.xml"
_FIRST_DAY = datetime(1899, 12, 30)
"""Day 0 of a spreadsheet."""
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPE_LIKE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
"""Spreadsheets read `_x0041_` as a character: its first sign is written by its own number."""
_EXAMPLE_ROW = re.compile(r'<row r="2".*?</row>', re.S)
_STYLE = re.compile(r'<c r="[AB]2" s="(\d+)"')


class _Pipe(io.RawIOBase):
    """A file that only grows: what was written is taken away at once."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        self._held += data
        return len(data)

    def taken(self) -> bytes:
        held, self._held = bytes(self._held), bytearray()
        return held


def xlsx_pieces(labels: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """Return the bytes of a workbook. Texts stay texts; times are local ones without a zone."""
    return filter(None, _pieces(labels, widths, rows))


def _pieces(labels: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    pipe, rest, count = _Pipe(), iter(rows), 0
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        head, tail, day, moment = _worksheet(labels, widths)
        first: Sequence[Value] | None = next(rest, None)
        while first is not None or not count:
            count += 1
            with book.open(_SHEET.format(count), "w", force_zip64=True) as sheet:
                sheet.write(head.encode())
                yield pipe.taken()
                row, number, lines, size = first, 1, list[str](), 0
                while row is not None and number <= ROWS_MAX:
                    number += 1
                    lines.append(_row(number, row, day, moment))
                    size += len(lines[-1])
                    if size > _FLUSHED:
                        sheet.write("".join(lines).encode())
                        lines, size = [], 0
                        yield pipe.taken()
                    row = next(rest, None)
                first = row
                sheet.write("".join(lines).encode() + tail.encode())
        with zipfile.ZipFile(_template(labels, widths, count)) as made:
            for name in made.namelist():
                if not name.startswith("xl/worksheets/sheet"):
                    book.writestr(name, made.read(name))
    yield pipe.taken()


def _row(number: int, values: Sequence[Value], day: str, moment: str) -> str:
    return f'<row r="{number}">{"".join([_cell(value, day, moment) for value in values])}</row>'


def _cell(value: Value, day: str, moment: str) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, str):
        text = escape(_UNWRITABLE.sub("", value[:CELL_MAX]))
        if "_x" in text:
            text = _ESCAPE_LIKE.sub("_x005F_", text)
        return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    if isinstance(value, datetime):
        return f'<c s="{moment}"><v>{(value - _FIRST_DAY).total_seconds() / 86_400:.10f}</v></c>'
    if isinstance(value, date):
        return f'<c s="{day}"><v>{value.toordinal() - _FIRST_DAY.toordinal()}</v></c>'
    return f"<c><v>{value!r}</v></c>"


def _worksheet(labels: Sequence[str], widths: Sequence[int]) -> tuple[str, str, str, str]:
    """Return what stands before and behind the rows of a worksheet, and the styles of days and times."""
    with zipfile.ZipFile(_template(labels, widths, 1)) as made:
        text = made.read(_SHEET.format(1)).decode()
    example = _EXAMPLE_ROW.search(text)
    assert example is not None
    day, moment = _STYLE.findall(example.group())
    head = re.sub(r"<dimension [^>]*/>", "", text[: example.start()])
    return head, text[example.end() :], day, moment


def _template(labels: Sequence[str], widths: Sequence[int], sheets: int) -> io.BytesIO:
    """Return a workbook with headings, and an example of a day and of a time below them."""
    file = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        day, moment = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for _number in range(sheets):
            sheet = book.add_worksheet()
            sheet.freeze_panes(1, 0)
            for position, (label, width) in enumerate(zip(labels, widths, strict=True)):
                sheet.set_column(position, position, width)
                sheet.write_string(0, position, label, bold)
            sheet.write_datetime(1, 0, date(2026, 1, 5), day)
            sheet.write_datetime(1, 1, datetime(2026, 1, 5, 8), moment)
    file.seek(0)
    return file
