"""Opens a file with rows and columns: CSV in any usual encoding, or XLSX."""

import codecs
import csv
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Protocol

from common.sheets import xlsx
from common.sheets.columns import HEADINGS_WITHIN, heading_score
from common.sheets.refusals import ImportRefused
from common.sheets.values import Cell

SHEETS = (".csv", ".tsv", ".xlsx", ".xlsm")
"""Endings of files with rows."""
CELL_MAX = 10_000
"""Characters in a cell of a CSV file."""
CANNOT_BE_READ = "%(file)s cannot be read: %(why)s"
NO_TEXT = "%(file)s is no text in UTF-8, UTF-16 or GB18030: save it as CSV UTF-8 (Excel: Save As, CSV UTF-8; 另存为 → CSV UTF-8)"
COLUMNS_MAX = 300
_SEPARATORS = (",", ";", "\t", "|")
_BLOCK = 1 << 20
_ODD = re.compile("[\x00-\x08\x0e-\x1f\ue000-\uf8ff\ufffe\uffff]")
"""Characters that no text has: found in a wrong encoding, or in a file that is no text."""
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_NAMES = {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "utf-16": "UTF-16", "gb18030": "GB18030 (GBK)"}

Row = tuple[int, Sequence[Cell]]
"""The number of a row as a spreadsheet shows it, and its cells."""


class Sheet(Protocol):
    """The rows of a file. `rows` may be called again, and then reads the file again. Raises ImportRefused."""

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know about how it is read."""

    @property
    def strict_width(self) -> bool:
        """A value beyond the headings means that a separator stands inside a value."""

    def rows(self) -> Iterator[Row]: ...


@dataclass(frozen=True, slots=True)
class CsvSheet:
    """A CSV file whose encoding and separator are known."""

    path: Path
    encoding: str
    separator: str
    skipped: int = 0
    """Lines before the first row: `sep=;`, by which Excel names the separator."""
    notes: tuple[str, ...] = field(default=())
    strict_width: bool = True

    def rows(self) -> Iterator[Row]:
        number = self.skipped
        try:
            with self.path.open(encoding=self.encoding, newline="") as file:
                for _ in range(self.skipped):
                    file.readline()
                for cells in csv.reader(file, delimiter=self.separator, strict=True):
                    number += 1
                    if len(cells) > COLUMNS_MAX:
                        text = "%(file)s: row %(row)s has more than %(most)s columns: delete those that are not needed"
                        raise ImportRefused(text, file=self.path, row=number, most=COLUMNS_MAX)
                    yield number, cells
        except csv.Error as error:
            text = "%(file)s: row %(row)s cannot be read (%(why)s): look for a quotation mark that is not closed"
            raise ImportRefused(text, file=self.path, row=number + 1, why=error) from error
        except UnicodeError as error:
            raise ImportRefused("%(file)s changed while it was read: try again", file=self.path) from error
        except OSError as error:
            raise ImportRefused(CANNOT_BE_READ, file=self.path, why=error.strerror) from error


def open_sheet(path: Path, sheet_name: str | None, known: frozenset[str] = frozenset()) -> Sheet:
    """Open a file with rows. `sheet_name`: the sheet of a workbook; `known`: forms of headings, which tell the
    separator. Raises ImportRefused.
    """
    csv.field_size_limit(CELL_MAX)
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return xlsx.open_workbook(path, sheet_name)
    if sheet_name is not None:
        raise ImportRefused("%(file)s: a CSV file has no sheets: leave --sheet out", file=path)
    try:
        with path.open("rb") as file:
            encoding = _encoding(path, file)
        return _csv(path, encoding, known)
    except OSError as error:
        raise ImportRefused(CANNOT_BE_READ, file=path, why=error.strerror) from error


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, to notice a change. Raises ImportRefused."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ImportRefused(CANNOT_BE_READ, file=path, why=error.strerror) from error


def _encoding(path: Path, file: IO[bytes]) -> str:
    """Find the encoding of the whole file: by its mark, else UTF-8, else GB18030."""
    start = file.read(4)
    if start.startswith(b"PK\x03\x04"):
        raise ImportRefused("%(file)s is a workbook: name it .xlsx", file=path)
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
    for name in [marked] if marked else ["utf-8", "gb18030"]:
        file.seek(0)
        try:
            odd = _odd_text(file, name)
        except UnicodeError:
            continue
        if odd is None:
            return name
        if name != "gb18030":
            raise ImportRefused("%(file)s holds %(odd)s, which is no text: is it a CSV file?", file=path, odd=odd)
    raise ImportRefused(NO_TEXT, file=path)


def _odd_text(file: IO[bytes], encoding: str) -> str | None:
    """Decode the whole file. Return a control or private character as JSON writes it, or None. Raises UnicodeError."""
    decoder = codecs.getincrementaldecoder(encoding)()
    while block := file.read(_BLOCK):
        if found := _ODD.search(decoder.decode(block)):
            return json.dumps(found[0])
    decoder.decode(b"", final=True)
    return None


def _csv(path: Path, encoding: str, known: frozenset[str]) -> CsvSheet:
    with path.open(encoding=encoding, newline="") as file:
        first = file.readline(200).strip().lower()
    guessed = " (guessed: look at the names below)" if encoding == "gb18030" else ""
    if found := re.fullmatch('"?sep=(.)"?', first):
        separator, skipped = found[1], 1
    elif first == "sep=":
        separator, skipped = "\t", 1
    else:
        separator, skipped = _separator(path, encoding, known), 0
    note = f"read as {_NAMES[encoding]}{guessed}, columns between {_said(separator)}"
    return CsvSheet(path, encoding, separator, skipped, (note,))


def _separator(path: Path, encoding: str, known: frozenset[str]) -> str:
    """Choose the separator that gives the most headings, then the most columns."""
    scores = {}
    for separator in _SEPARATORS:
        rows: list[Sequence[Cell]] = []
        with suppress(ImportRefused):  # what was read until then counts; the reading proper says what is wrong
            rows.extend(cells for _, cells in islice(CsvSheet(path, encoding, separator).rows(), HEADINGS_WITHIN))
        scores[separator] = heading_score(rows, known), max(map(len, rows), default=0)
    return max(scores, key=lambda one: scores[one])


def _said(separator: str) -> str:
    return {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}.get(separator, repr(separator))
