"""Reads a workbook through a separate process, whose memory and time are bounded (`common.sheets.xlsx_process`)."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from common.processes import Processes
from common.sheets.refusals import ImportRefused, SheetUnclear
from common.sheets.values import Cell

UNREADABLE = (
    "%(file)s cannot be read: it is damaged, or needs too much memory. Open it in Excel, WPS or LibreOffice, copy the rows into "
    "a new workbook, and save that as .xlsx"
)


@dataclass(frozen=True, slots=True)
class XlsxSheet:
    """One sheet of a workbook."""

    path: Path
    sheet_name: str
    notes: tuple[str, ...]
    strict_width: bool = False

    def rows(self) -> Iterator[tuple[int, Sequence[Cell]]]:
        with _lines(self.path, self.sheet_name) as lines:
            _head(self.path, next(lines, ""))
            for line in lines:
                number, cells = json.loads(line)
                yield number, [_cell(cell) for cell in cells]


def open_workbook(path: Path, sheet_name: str | None) -> XlsxSheet:
    """Choose the sheet: the named one, or the only visible one with content. Raises ImportRefused."""
    with _lines(path, sheet_name or "", "--head") as lines:
        head = _head(path, next(lines, ""))
    notes = [f"sheet {head['sheet']}"]
    if hidden := head["hidden"]:
        notes.append(f"hidden, not read: {', '.join(hidden)}")
    return XlsxSheet(path, head["sheet"], tuple(notes))


@contextmanager
def _lines(path: Path, *options: str) -> Iterator[Iterator[str]]:
    """Run the reading process. Leaving ends it. Raises ImportRefused if it fails after the last line."""
    # -P: a folder hq/ in the working directory is HQ's data, not this package.
    command = [sys.executable, "-P", "-m", "common.sheets.xlsx_process", str(path.absolute()), *options]
    with Processes() as processes:
        child = processes.start("reader", command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert child.stdout is not None
        yield _checked(child, child.stdout, path)


def _checked(child: subprocess.Popen[bytes], lines: Iterable[bytes], path: Path) -> Iterator[str]:
    for line in lines:
        yield line.decode("utf-8")
    if child.wait() != 0:
        raise ImportRefused(UNREADABLE, file=path)


def _head(path: Path, line: str) -> dict[str, Any]:
    if not line:
        raise ImportRefused(UNREADABLE, file=path)
    head: dict[str, Any] = json.loads(line)
    if problem := head.get("problem"):
        error = (SheetUnclear if head["names"] else ImportRefused)(f"%(file)s{problem}", file=path, **head["values"])
        if isinstance(error, SheetUnclear):
            error.names = tuple(head["names"])
        raise error
    return head


def _cell(cell: Any) -> Cell:
    """Return the value of a cell. A dict holds what JSON has no word for."""
    match cell:
        case {"date": str(said)}:
            return date.fromisoformat(said)
        case {"moment": str(said)}:
            return datetime.fromisoformat(said)
        case {"time": str(said)}:
            return time.fromisoformat(said)
        case str() | int() | float() | bool() | None:
            return cell
    return str(cell)
