"""Opens an uploaded sheet, and finds its columns."""

import base64
import hashlib
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path, PurePath
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext_noop

from common.sheets.columns import (
    HEADINGS_WITHIN,
    ColumnGuess,
    ColumnMap,
    Headings,
    SheetSubject,
    find_headings,
    forms_of,
    guess_columns,
    heading_form,
)
from common.sheets.opening import SHEETS, CsvSheet, Sheet, open_sheet
from common.sheets.refusals import ImportRefused
from common.sheets.rows import SheetRows
from common.sheets.values import Cell, CellRules, text_of
from district.imports.importer import Importer
from district.imports.models import ColumnChoice, SheetContent, SheetImport
from district.pages import SignedIn

UPLOAD_MAX = 20 * 1024 * 1024
"""Bytes of a sheet."""
AT_ONCE_MAX = 200_000
"""Bytes of a sheet that is checked while the page waits."""
UNPACKED_AT_ONCE_MAX = 5_000_000
SAMPLES = 3
"""Values that the page of columns shows below a heading."""


@dataclass(frozen=True, slots=True)
class OpenedSheet:
    """A sheet whose columns are guessed."""

    sheet: Sheet
    subject: SheetSubject
    headings: Headings
    guess: ColumnGuess
    samples: tuple[tuple[Cell, ...], ...]
    """The first rows below the headings."""

    @property
    def lacking(self) -> list[str]:
        """Return the fields that need a column and have none."""
        return [key for key in self.subject.columns_needed if key not in self.guess.columns]

    @property
    def clear(self) -> bool:
        """Say that the rows can be read without a question."""
        return not self.lacking and not self.guess.unclear

    @property
    def fields(self) -> list[str]:
        """Return the fields that the sheet may have."""
        return [one.key for one in self.subject.fields]

    def unknown(self, told: Iterable[str]) -> list[str]:
        """Return what a person named and is no field."""
        return [key for key in told if key not in self.fields]

    @property
    def columns(self) -> ColumnMap:
        """Return the columns."""
        return ColumnMap(self.subject, self.headings.after, self.guess.columns, self.headings.texts)

    @property
    def digest(self) -> str:
        """Return a text by which sheets with the same headings are known."""
        return digest_of_headings(self.headings)

    @property
    def encoding_guessed(self) -> bool:
        """Say that names may be wrong: GB18030 is what is left when nothing else fits."""
        return isinstance(self.sheet, CsvSheet) and self.sheet.encoding == "gb18030"

    def rows(self) -> SheetRows:
        """Return the rows below the headings."""
        return SheetRows(self.sheet, self.columns, CellRules(ZoneInfo(settings.TIME_ZONE)))

    def samples_of(self, index: int) -> str:
        """Return the first values of a column."""
        texts = (text_of(row[index])[:40] for row in self.samples if index < len(row))
        return " · ".join(list(islice((text for text in texts if text), SAMPLES)))


def keep_upload(user: SignedIn, importer: type[Importer], file_name: str, content: bytes) -> SheetImport:
    """Keep an uploaded sheet. Raises ImportRefused: it is no sheet, empty or too big."""
    name = PurePath(file_name.replace("\\", "/")).name[-200:] or "sheet"
    if PurePath(name).suffix.lower() not in SHEETS:
        raise ImportRefused(gettext_noop("%(file)s is no sheet: save it as .xlsx or .csv"), file=name)
    if not content:
        raise ImportRefused(gettext_noop("%(file)s is empty: choose the file again"), file=name)
    if len(content) > UPLOAD_MAX:
        text = gettext_noop("%(file)s has more than %(most)s MB: split it")
        raise ImportRefused(text, file=name, most=UPLOAD_MAX // 1024**2)
    one = SheetImport.objects.create(subject=importer.key, user=cast(Any, user), file_name=name)
    SheetContent.objects.create(sheet=one, content=base64.b64encode(content).decode())
    return one


@contextmanager
def opened_upload(one: SheetImport, importer: type[Importer]) -> Iterator[OpenedSheet]:
    """Open an uploaded sheet. Raises ImportRefused, ColumnsUnclear."""
    content = _content(one)
    with tempfile.TemporaryDirectory(prefix="sheet-") as folder:  # its owner alone may open it
        path = Path(folder) / f"sheet{PurePath(one.file_name).suffix.lower()}"
        path.write_bytes(content)
        yield open_path(path, importer, one.columns, one.sheet_name or None, saved_by(one))


def open_path(
    path: Path,
    importer: type[Importer],
    told: Mapping[str, str],
    sheet_name: str | None = None,
    saved: Mapping[str, Mapping[str, str]] | None = None,
) -> OpenedSheet:
    """Open a file. `told`: field -> heading or letter, as a person chose them. `saved`: those of earlier sheets, by the
    digest of their headings. Raises ImportRefused, ColumnsUnclear.
    """
    subject = importer.subject()
    known = forms_of(subject.fields)
    sheet = open_sheet(path, sheet_name, known)
    rows = sheet.rows()
    try:
        first = [tuple(cells) for _number, cells in islice(rows, HEADINGS_WITHIN)]
    finally:
        getattr(rows, "close", lambda: None)()
    if not first:
        raise ImportRefused(gettext_noop("%(file)s has no rows"), file=path)
    keys = forms_of([one for one in subject.fields if one.needed])
    headings = find_headings(first, known, keys, told.values())
    if not headings.texts:  # show the first row, so that a person can choose
        headings = Headings(0, 1, tuple(text_of(cell) for cell in first[0]))
    if not told and saved:
        told = saved.get(digest_of_headings(headings), {})
    return OpenedSheet(
        sheet, subject, headings, guess_columns(subject.fields, headings.texts, told), tuple(first[headings.after :])
    )


def saved_by(one: SheetImport) -> dict[str, Mapping[str, str]]:
    """Return the columns that the account chose before for this subject, by the digest of the headings."""
    found = ColumnChoice.objects.filter(user=one.user, subject=one.subject)
    return dict(found.values_list("headings", "columns"))


def is_small(one: SheetImport) -> bool:
    """Say whether a page may wait for the reading of a sheet. A bomb is small only until it is unpacked."""
    try:
        content = _content(one)
    except ImportRefused:
        return True
    if len(content) > AT_ONCE_MAX:
        return False
    if not content.startswith(b"PK"):
        return True
    try:
        with zipfile.ZipFile(BytesIO(content)) as parts:
            return sum(info.file_size for info in parts.infolist()) <= UNPACKED_AT_ONCE_MAX
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return True  # it is refused at once


def _content(one: SheetImport) -> bytes:
    """Return the bytes. Raises ImportRefused: somebody dropped or applied the sheet in this moment."""
    kept = SheetContent.objects.filter(sheet=one).first()
    if kept is None:
        raise ImportRefused(gettext_noop("%(file)s is no longer kept: choose the file again"), file=one.file_name)
    return base64.b64decode(kept.content)


def digest_of_headings(headings: Headings) -> str:
    """Return a text by which sheets with the same headings are known."""
    return hashlib.sha256("\n".join(map(heading_form, headings.texts)).encode()).hexdigest()
