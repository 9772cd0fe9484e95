"""Read the sheet of a list: keep it, find its columns, store its rows. Small sheets at once, others by the worker."""

import base64
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path, PurePath

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from common.sheets.opening import SHEETS
from common.sheets.refusals import SheetError, SheetUnclear
from district.imports.reading import OpenedSheet, open_path
from district.screening.models import KeyList, ListFile
from district.screening.registry.lists import put_in_force, store_rows
from district.screening.rules import ScreeningRefused
from district.screening.sheet import KeyListSheet, entries, is_clear

UPLOAD_MAX = 40 * 1024 * 1024
"""Bytes of a sheet. A list of a million rows as CSV in GBK has about so many; more goes in several files."""
AT_ONCE_MAX = 200_000
"""Bytes of a sheet that is read while the page waits."""
ROWS_AT_ONCE = 5_000
"""Rows of a list that is put in force while the page waits."""
_ATTEMPTS_MAX = 3
_LEASE = timedelta(minutes=30)
"""A worker that began and says nothing for so long was ended."""
_State = ListFile.State


@transaction.atomic
def keep_file(key_list: KeyList, file_name: str, content: bytes) -> ListFile:
    """Keep the sheet of a list until it is read. Raises ScreeningRefused: it is no sheet, empty or too big."""
    name = PurePath(file_name.replace("\\", "/")).name[-200:] or "sheet"
    if PurePath(name).suffix.lower() not in SHEETS:
        raise ScreeningRefused(gettext_noop("The file is no sheet: save it as .xlsx or .csv."))
    if not content:
        raise ScreeningRefused(gettext_noop("The file is empty: choose it again."))
    if len(content) > UPLOAD_MAX:
        raise ScreeningRefused(gettext_noop("The file has more than %(most)s MB: split it."), most=UPLOAD_MAX >> 20)
    return ListFile.objects.create(list=key_list, file_name=name, content=base64.b64encode(content).decode())


def is_small(file: ListFile) -> bool:
    """Say whether a page may wait for the reading of a sheet. A workbook is packed, so it counts five times."""
    size = len(file.content) * 3 // 4
    return size * (1 if file.file_name.lower().endswith((".csv", ".tsv")) else 5) <= AT_ONCE_MAX


def choose_columns(file: ListFile, columns: Mapping[str, str]) -> None:
    """Take the columns that a person chose, and read the sheet."""
    _again(file, columns=json.dumps(columns))


def choose_sheet(file: ListFile, sheet_name: str) -> None:
    """Take the sheet of the workbook that a person chose, and read it."""
    _again(file, sheet_name=sheet_name, columns="")


def read_file(file: ListFile) -> None:
    """Read a sheet that waits: store its rows, or note what a person must choose or correct."""
    if not _take(file):
        return
    try:
        with opened_file(file) as opened:
            if is_clear(opened):
                store_rows(file.list, entries(opened))
                file.delete()
            else:
                _note(file, _State.COLUMNS)
    except (SheetError, ScreeningRefused) as error:
        said = {key: file.file_name if key == "file" else str(value) for key, value in error.values.items()}
        sheets = list(error.names) if isinstance(error, SheetUnclear) else []
        _note(file, _State.REFUSED, {"text": error.text, "values": said, "sheets": sheets})


@contextmanager
def opened_file(file: ListFile) -> Iterator[OpenedSheet]:
    """Open a kept sheet. Raises SheetError."""
    with tempfile.TemporaryDirectory(prefix="list-") as folder:  # its owner alone may open it
        path = Path(folder) / f"sheet{PurePath(file.file_name).suffix.lower()}"
        path.write_bytes(base64.b64decode(file.content))
        yield open_path(path, KeyListSheet, json.loads(file.columns or "{}"), file.sheet_name or None)


def read_next_file() -> bool:
    """Read a sheet that waits. Return whether there was one. For the worker."""
    free = Q(taken=None) | Q(taken__lt=timezone.now() - _LEASE)
    lists = KeyList.objects.kept().filter(withdrawn=None).values("pk")
    found = ListFile.objects.filter(free, state=_State.WAITING, list__in=lists).order_by("pk").first()
    if found is None:
        return False
    if found.attempts >= _ATTEMPTS_MAX:  # it ended the worker before: it may not do so for ever
        text = gettext_noop("The file could not be read. Split it, and load the parts as lists of their own.")
        _note(found, _State.REFUSED, {"text": text, "values": {}, "sheets": []})
    else:
        read_file(found)
    return True


def force_next() -> bool:
    """Put a big list in force that somebody confirmed. Return whether there was one. For the worker."""
    waiting = KeyList.objects.kept().filter(loaded=None, withdrawn=None, ends__gte=timezone.localdate())
    found = waiting.exclude(confirmed=None).exclude(stored=None).order_by("confirmed", "pk").first()
    if found is None:
        return False
    put_in_force(found.by, found)
    return True


def _again(file: ListFile, **changes: str) -> None:
    changed = ListFile.objects.filter(pk=file.pk, list__withdrawn=None).exclude(state=_State.WAITING)
    with transaction.atomic():
        rows = changed.select_for_update(of=("self",)).first()
        if rows is None:  # the second of two clicks
            return
        for name, value in changes.items():
            setattr(rows, name, value)
        rows.state, rows.problem, rows.taken, rows.attempts = _State.WAITING, "", None, 0
        rows.save()
    if is_small(rows):
        read_file(rows)


def _take(file: ListFile) -> bool:
    now = timezone.now()
    free = Q(taken=None) | Q(taken__lt=now - _LEASE)
    with transaction.atomic():
        mine = ListFile.objects.filter(free, pk=file.pk, state=_State.WAITING)
        return bool(mine.update(taken=now, attempts=file.attempts + 1))


def _note(file: ListFile, state: str, problem: Mapping[str, object] | None = None) -> None:
    file.state, file.taken = state, None
    file.problem = json.dumps(problem) if problem else ""
    with transaction.atomic():
        file.save(update_fields=["state", "taken", "problem"])
