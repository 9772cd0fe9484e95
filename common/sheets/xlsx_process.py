"""Reads one sheet of a workbook and writes it as JSON lines. It runs alone, with bounded memory and time.

Usage: python -m common.sheets.xlsx_process FILE [SHEET] [--head]

The first line is about the workbook, then follows one line a row. Macros, links to other files and formulas are not
executed: a formula counts as the value that was saved with it.
"""

import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from common.libraries import extra, loading
from common.processes import follow_parent

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

MEMORY_MAX = 3 << 30
"""Bytes of address space. Two cells far apart make a table of billions of cells."""
CPU_S = 300
UNPACKED_MAX = 400 << 20
"""Bytes of all parts of the workbook, unpacked."""
PARTS_MAX = 5_000
COLUMNS_MAX = 300
_BLOCK, _OVERLAP = 1 << 20, 4096
_ERROR = re.compile(rb'<(?:\w+:)?c\s(?=[^>]*?\bt="e")[^>]*?\br="([A-Z]{1,3}[0-9]{1,7})"')
_NO_VALUE = re.compile(
    rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3}[0-9]{1,7})"[^>]*>\s*<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*</'
)
_RELATIONS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class Unreadable(Exception):
    """The workbook cannot be taken. The text follows the file's name; `%(name)s` in it stands for a value."""

    def __init__(self, text: str, names: Sequence[str] = (), **values: object) -> None:
        """`names`: the sheets of which a person must choose one."""
        super().__init__(text)
        self.names, self.values = names, values


class LibraryMissing(Unreadable):
    """The library that reads workbooks is not there, or does not load."""

    def __init__(self, text: str) -> None:
        super().__init__(" cannot be read: %(why)s", why=text)


def main() -> None:
    """Read the sheet that the command line names."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    path, *rest = sys.argv[1:]
    only_head = "--head" in rest
    wanted = next((one for one in rest if one and one != "--head"), "")
    try:
        _check_size(Path(path))
        book = _opened(path)
        name, hidden = _chosen(book, wanted)
        sheet = None if only_head else _loaded(book, name)
        if sheet is not None:
            _check_formulas(Path(path), name)
    except Unreadable as error:
        _write({"problem": str(error), "names": error.names, "values": error.values})
        return
    _write({"sheet": name, "hidden": hidden})
    if sheet is not None:
        _write_rows(sheet)


def _check_size(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as parts:
            infos = parts.infolist()
            if len(infos) > PARTS_MAX or sum(info.file_size for info in infos) > UNPACKED_MAX:
                raise Unreadable(" unpacks to more than any list of workers: it is damaged, or meant to do harm")
    except OSError as error:
        raise Unreadable(" cannot be read: %(why)s", why=error.strerror) from error
    except zipfile.BadZipFile as error:
        raise Unreadable(
            " is no XLSX workbook, or has a password: save it as .xlsx without a password (an .xls, .et or HTML file "
            "only got this name)"
        ) from error


def _opened(path: str) -> "CalamineWorkbook":
    with loading("python-calamine", extra("hq"), LibraryMissing):
        import python_calamine as calamine
    try:
        return calamine.load_workbook(path)
    except calamine.PasswordError as error:
        raise Unreadable(" has a password: save it without one") from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise Unreadable(" is no XLSX workbook: save it again as .xlsx") from error


def _chosen(book: "CalamineWorkbook", wanted: str) -> tuple[str, list[str]]:
    """Return the sheet to read, and the names of hidden sheets."""
    import python_calamine as calamine

    sheets = [one for one in book.sheets_metadata if one.typ == calamine.SheetTypeEnum.WorkSheet]
    names = [sheet.name for sheet in sheets]
    hidden = [one.name for one in sheets if one.visible != calamine.SheetVisibleEnum.Visible and one.name != wanted]
    if wanted:
        if wanted not in names:
            raise Unreadable(" has no sheet %(sheet)s, but: %(others)s", sheet=repr(wanted), others=", ".join(names))
        return wanted, hidden
    shown = [name for name in names if name not in hidden]
    full = [name for name in shown if len(shown) == 1 or book.get_sheet_by_name(name).height]
    if len(full) != 1:
        if not full:
            raise Unreadable(" has no visible sheet with content")
        text = " has %(count)s sheets with content (%(sheets)s): choose one with --sheet NAME"
        raise Unreadable(text, full, count=len(full), sheets=", ".join(full))
    return full[0], hidden


def _loaded(book: "CalamineWorkbook", name: str) -> "CalamineSheet":
    sheet = book.get_sheet_by_name(name)
    if sheet.end is not None and sheet.end[1] >= COLUMNS_MAX:
        raise Unreadable(" has more than %(most)s columns: delete those that are not needed", most=COLUMNS_MAX)
    return sheet


def _check_formulas(path: Path, sheet_name: str) -> None:
    """Find formulas whose value is an error, or was never saved. They would be read as empty cells."""
    with zipfile.ZipFile(path) as parts:
        part = _part_of(parts, sheet_name)
        if part is None:
            return
        for block in _blocks(parts, part):
            if found := _ERROR.search(block):
                raise Unreadable(": cell %(cell)s shows an error of a formula: correct it", cell=found[1].decode())
            if found := _NO_VALUE.search(block):
                raise Unreadable(
                    ": cell %(cell)s has a formula without its value: open the file in Excel, WPS or "
                    "LibreOffice, and save it",
                    cell=found[1].decode(),
                )


def _part_of(parts: zipfile.ZipFile, sheet_name: str) -> str | None:
    with suppress(KeyError, ElementTree.ParseError):
        book = ElementTree.fromstring(parts.read("xl/workbook.xml"))
        links = ElementTree.fromstring(parts.read("xl/_rels/workbook.xml.rels"))
        targets = {link.get("Id"): link.get("Target", "") for link in links}
        for sheet in book.iter():
            if sheet.tag.endswith("}sheet") and sheet.get("name") == sheet_name:
                target = str(targets.get(sheet.get(_RELATIONS), ""))
                part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
                return part if part in parts.namelist() else None
    return None


def _blocks(parts: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    before = b""
    with parts.open(part) as file:
        while block := file.read(_BLOCK):
            yield before + block
            before = block[-_OVERLAP:]


def _write_rows(sheet: "CalamineSheet") -> None:
    if sheet.start is None:
        return
    # The rows begin with the first, the cells with the first column that holds anything.
    before: list[Any] = [None] * sheet.start[1]
    for number, cells in enumerate(sheet.iter_rows(), 1):
        _write([number, before + [_plain(cell) for cell in cells]])


def _plain(cell: Any) -> Any:
    match cell:
        case "" | None:
            return None
        case bool() | int() | float() | str():
            return cell
        case datetime():
            return {"moment": cell.isoformat()}
        case date():
            return {"date": cell.isoformat()}
        case time():
            return {"time": cell.isoformat()}
    return str(cell)


def _write(line: Any) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    follow_parent()
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    main()
