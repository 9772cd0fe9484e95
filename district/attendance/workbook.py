"""The attendance sheet as building sites use it. It has a row for each worker, a column for each day, room to sign."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from district.attendance.ledgers import Ledger
from district.attendance.rules.ledger import LedgerRow
from district.people.rules import trade_name

_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_NAME_MAX = 31


def ledger_workbook(ledger: Ledger, teams: Mapping[int | None, str]) -> io.BytesIO:
    """Return an XLSX file with a sheet for each team. No text becomes a formula."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        formats = _formats(book)
        taken: set[str] = set()
        for number, name in teams.items():
            rows = [row for row in ledger.rows if row.team_id == number]
            sheet = book.add_worksheet(_sheet_name(name, taken))
            _write_team(sheet, formats, ledger, name, rows)
        if not teams:
            sheet = book.add_worksheet(_("Attendance"))
            _write_team(sheet, formats, ledger, "", [])
    file.seek(0)
    return file


def _formats(book: Any) -> dict[str, Any]:
    cell = {"border": 1, "align": "center", "valign": "vcenter", "font_size": 10}
    return {
        "title": book.add_format({"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"}),
        "about": book.add_format({"font_size": 10, "valign": "vcenter"}),
        "heading": book.add_format({**cell, "bold": True, "bg_color": "#EAEAEA", "text_wrap": True}),
        "rest": book.add_format({**cell, "bg_color": "#F6F6F6"}),
        "cell": book.add_format(cell),
        "name": book.add_format({**cell, "align": "left"}),
        "flag": book.add_format({**cell, "bg_color": "#FDE7C7"}),
        "number": book.add_format({**cell, "num_format": "0.0"}),
    }


def _write_team(sheet: Any, formats: dict[str, Any], ledger: Ledger, team: str, rows: Sequence[LedgerRow]) -> None:
    days = ledger.days
    first, last = 3, 3 + len(days) - 1
    columns = last + 6
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0, 2)
    sheet.freeze_panes(3, first)
    sheet.set_column(0, 0, 5)
    sheet.set_column(1, 2, 11)
    sheet.set_column(first, last, 4)
    sheet.set_column(last + 1, columns - 1, 8)
    sheet.set_column(columns, columns, 14)
    sheet.set_row(0, 28)
    sheet.merge_range(0, 0, 0, columns, _("Attendance sheet"), formats["title"])
    sheet.merge_range(1, 0, 1, columns, _about(ledger, team), formats["about"])
    texts = [_("No."), _("Name"), _("Trade"), *(str(day.day) for day in days)]
    texts += [_("Days present"), _("Worked days"), _("Hours"), _("Hours at night"), _("Incomplete"), _("Signature")]
    for column, text in enumerate(texts):
        sheet.write_string(2, column, text, formats["heading"])
    for number, row in enumerate(rows, start=1):
        _write_person(sheet, formats, ledger, number, row)
    _write_foot(sheet, formats, columns, len(rows) + 3)


def _write_person(sheet: Any, formats: dict[str, Any], ledger: Ledger, number: int, row: LedgerRow) -> None:
    line = number + 2
    sheet.write_number(line, 0, number, formats["cell"])
    sheet.write_string(line, 1, row.name, formats["name"])
    sheet.write_string(line, 2, trade_name(row.trade) if row.trade else "", formats["name"])
    for column, day in enumerate(ledger.days, start=3):
        cell = row.days.get(day.day)
        if cell is None:
            sheet.write_blank(line, column, None, formats["rest" if day.weekday() > 4 else "cell"])
        elif cell.flagged:
            sheet.write_string(line, column, "?", formats["flag"])
        elif cell.units == 1:
            sheet.write_string(line, column, "✓", formats["cell"])
        else:
            sheet.write_number(line, column, cell.hours, formats["number"])
    end = 3 + len(ledger.days)
    for column, value in enumerate((row.present, float(row.units), row.hours, row.night_hours, row.flags)):
        sheet.write_number(line, end + column, value, formats["number" if column in (1, 2, 3) else "cell"])
    sheet.write_blank(line, end + 5, None, formats["cell"])


def _write_foot(sheet: Any, formats: dict[str, Any], columns: int, line: int) -> None:
    legend = _("✓ a full day; a number: hours of a shorter day; ? an entry or exit is missing and was not corrected.")
    sheet.merge_range(line, 0, line, columns, legend, formats["about"])
    signers = _("Made by:                    Team leader:                    Project manager:                    Date:")
    sheet.merge_range(line + 2, 0, line + 2, columns, signers, formats["about"])


def _about(ledger: Ledger, team: str) -> str:
    parts = {
        _("Site"): str(ledger.site),
        _("Team"): team,
        _("Month"): f"{ledger.month:%Y-%m}",
        _("Full day"): _("%(hours)s hours") % {"hours": f"{ledger.full_day_s / 3600:g}"},
    }
    return "    ".join(f"{name}: {text}" for name, text in parts.items() if text)


def _sheet_name(name: str, taken: set[str]) -> str:
    """Return a name that a worksheet may have, and no other has."""
    plain = " ".join(name.translate(_FORBIDDEN).split())[:_NAME_MAX] or _("Team")
    found, number = plain, 2
    while found.lower() in taken or found.lower() == "history":
        ending = f" {number}"
        found, number = plain[: _NAME_MAX - len(ending)] + ending, number + 1
    taken.add(found.lower())
    return found
