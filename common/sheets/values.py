"""Turns the cells of a sheet into values. A cell that could mean two things is refused. Pure.

An id is never a number: a spreadsheet drops leading zeros, and everything after the 15th digit.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from common.ids import is_id
from common.sheets.refusals import BadCell
from common.terminal.problems import ID, shown
from contract.credentials import CARD_PATTERN, PIN_CODE_PATTERN
from contract.names import matched

Cell = str | int | float | bool | date | datetime | time | timedelta | None
"""What a sheet holds. CSV has only text; None is an empty cell."""

AS_TEXT = (
    "format the column as text (Excel: Data, Text to Columns, Text; 数据 → 分列 → 文本), then type the value again or "
    "export it again"
)
DATE_EXAMPLE = "write 2026-01-05, 2026/1/5 or 2026年1月5日"
TIME_EXAMPLE = "write 2026-01-05 14:30 with the option --time-zone Asia/Shanghai, or 2026-01-05T14:30:00+08:00"
REMEMBERED = 16_384
"""Texts of cells whose values are kept: a date, firm or trade comes many times."""
SERIAL_EPOCH = date(1899, 12, 30)
"""Day 0 of the day numbers of spreadsheets, for days after February 1900."""
YEARS = range(1900, 2200)
CLEAR = ("-", "–", "—", "－")
"""A cell with only such a mark clears the field."""
_UNSEEN, _JOINERS = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"), "\u200c\u200d"
_SCIENTIFIC = re.compile(r"[0-9]+([.,][0-9]+)?[eE][+]?[0-9]+")
_APOSTROPHE = re.compile("^'(?=[=+@＝＋－＠-])")
"""Stands before what a spreadsheet would take for a formula, in our own exports too."""
_DATE = re.compile(
    r"([0-9]{4})(?:[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日|([0-9]{2})([0-9]{2}))"
)
_MIDNIGHT = re.compile(r"[ T]0?0:00(:00(\.0+)?)?$")
_CLOCK = re.compile(r"[ T]?([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?")
_SPLIT = re.compile(r"[;,、，；\s]+")
_YES = "是 yes y true 1 √ ✓ 对 有 有效 在职 在场 在岗 启用 正常 active on"
_NO = "否 no n false 0 × ✗ x 错 无 无效 离职 离场 停用 停职 禁用 inactive off"
_TRUE, _FALSE = (frozenset(map(matched, text.split(" "))) for text in (_YES, _NO))


class CellRules(NamedTuple):
    """What the person who imports declared."""

    zone: ZoneInfo | None = None
    """The zone of times that name none."""
    serial_dates: bool = False
    """Numbers in this column are day numbers."""


Read = Callable[[Cell, CellRules], object]


def is_empty(cell: Cell) -> bool:
    """Tell whether a cell says nothing."""
    return cell is None or (isinstance(cell, str) and not trimmed(cell))


@lru_cache(maxsize=REMEMBERED)
def read_again(read: Read, cell: str, rules: CellRules) -> object:
    """Read a cell whose text was perhaps read before, as those of dates, firms and trades are. Raises BadCell."""
    return read(cell, rules)


def text_of(cell: Cell) -> str:
    """Return a cell as people see it, on one line."""
    return " ".join(str("" if cell is None else cell).split())


def name(most: int) -> Read:
    """Read a name: blanks at the ends go, everything else stays. `most`: its longest length."""

    def read(cell: Cell, rules: CellRules) -> str:
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)  # a team called 3
        if isinstance(cell, bool | date | time | timedelta):
            raise BadCell("%(cell)s is no text: format the column as text", cell=shown(cell))
        found = _APOSTROPHE.sub("", " ".join(str(cell).split()))
        if not found.isprintable():
            found = " ".join("".join(one for one in found if one not in "\ufeff\u200b\u2060").split())
        if not found.isprintable() and any(unicodedata.category(o) in _UNSEEN and o not in _JOINERS for o in found):
            raise BadCell("%(cell)s holds characters that are no text: type it again", cell=shown(found))
        if len(found) > most:
            raise BadCell(
                "%(cell)s has %(count)s characters, %(most)s at most", cell=shown(found), count=len(found), most=most
            )
        return found

    return read


def an_id(cell: Cell, rules: CellRules) -> str:
    """Read an id. Full-width characters become plain ones; leading zeros stay."""
    found = _no_number(cell)
    if not is_id(found):
        raise BadCell(f"%(cell)s is not an id: {ID}", cell=shown(found))
    return found


def some_ids(cell: Cell, rules: CellRules) -> tuple[str, ...]:
    """Read one id or several, between commas, semicolons or blanks."""
    found = [one for one in _SPLIT.split(_no_number(cell)) if one]
    return tuple(dict.fromkeys(an_id(one, rules) for one in found))


def some_names(cell: Cell, rules: CellRules) -> tuple[str, ...]:
    """Read one name or several, between semicolons or commas."""
    found = [name(80)(one, rules) for one in re.split("[;；,，、]", str(cell)) if not is_empty(one)]
    return tuple(map(str, found))


def some_cards(cell: Cell, rules: CellRules) -> tuple[str, ...]:
    """Read card numbers as the reader gives them."""
    found = [one for one in _SPLIT.split(_no_number(cell)) if one]
    for one in found:
        if not re.fullmatch(CARD_PATTERN, one):
            raise BadCell("a card number is not 1 to 32 digits: write it as the reader gives it")
    if twice := len(found) - len(set(found)):
        raise BadCell("%(count)s card number(s) stand in this cell a second time", count=twice)
    return tuple(found)


def pin_code(cell: Cell, rules: CellRules) -> str:
    """Read a PIN code. No message shows it."""
    if not isinstance(cell, str):
        raise BadCell(f"the PIN is a number: leading zeros may be lost; {AS_TEXT}")
    found = _plain(cell)
    if not re.fullmatch(PIN_CODE_PATTERN, found):
        raise BadCell("a PIN is 4 to 12 digits")
    return found


def phone(cell: Cell, rules: CellRules) -> str:
    """Read a phone number: digits, blanks and + ( ) - /."""
    if isinstance(cell, int | float) and not isinstance(cell, bool) and float(cell).is_integer() and 0 < cell < 10**15:
        cell = str(int(cell))  # a spreadsheet shows and keeps these digits; a phone number opens no gate
    found = _no_number(cell)
    if not re.fullmatch(r"[0-9+()/ .;,-]{3,40}", found):
        raise BadCell("%(cell)s is no phone number", cell=shown(found))
    return found


def yes_or_no(cell: Cell, rules: CellRules) -> bool:
    """Read yes or no, in English or Chinese."""
    if isinstance(cell, bool):
        return cell
    said = matched(text_of(int(cell) if isinstance(cell, float) and cell in (0, 1) else cell))
    if said in _TRUE or said in _FALSE:
        return said in _TRUE
    raise BadCell("%(cell)s is neither yes nor no: write 是 or 否, yes or no", cell=shown(text_of(cell)))


def a_date(cell: Cell, rules: CellRules) -> date:
    """Read a date. Only the order year, month, day is clear."""
    if isinstance(cell, datetime):
        if cell.time() != time():
            raise BadCell(f"%(cell)s is a date with a time of day: {DATE_EXAMPLE}", cell=f"{cell:%Y-%m-%d %H:%M}")
        return _plausible(cell.date(), cell)
    if isinstance(cell, date):
        return _plausible(cell, cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _serial(float(cell), rules)
    said = _plain(text_of(cell))
    if rules.serial_dates and re.fullmatch(r"[0-9]{5}(\.0+)?", said):
        return _serial(float(said), rules)
    found = _DATE.fullmatch(_MIDNIGHT.sub("", said))
    if found is None:
        raise BadCell(f"%(cell)s is no date: {DATE_EXAMPLE}", cell=shown(text_of(cell)))
    return _plausible(_day(found, cell), cell)


def a_time(cell: Cell, rules: CellRules) -> datetime:
    """Read a moment; a date alone is its beginning."""
    return _moment(cell, rules, timedelta())


def an_end(cell: Cell, rules: CellRules) -> datetime:
    """Read a moment; a date alone is its end."""
    return _moment(cell, rules, timedelta(days=1))


def _moment(cell: Cell, rules: CellRules, of_a_day: timedelta) -> datetime:
    if isinstance(cell, datetime) and cell.time() != time():
        return _in_zone(cell, rules, cell)
    if isinstance(cell, str):
        said = _plain(text_of(cell))
        if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]", said) and (aware := _aware(said)):
            return aware
        day = _DATE.match(said)
        clock = _CLOCK.fullmatch(said[day.end() :]) if day else None
        if day and clock:
            try:
                at = time(int(clock[1]), int(clock[2]), int(clock[3] or 0))
            except ValueError as error:
                raise BadCell(f"%(cell)s is no time: {TIME_EXAMPLE}", cell=shown(said)) from error
            return _in_zone(datetime.combine(_plausible(_day(day, cell), cell), at), rules, cell)
    try:
        found = a_date(cell, rules)
    except BadCell as error:
        raise BadCell(f"%(cell)s is no time: {TIME_EXAMPLE}", cell=shown(text_of(cell))) from error
    return _in_zone(datetime.combine(found, time()) + of_a_day, rules, cell)


def _aware(said: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        return None
    return _plausible_time(found.astimezone(UTC), said) if found.tzinfo else None


def _in_zone(found: datetime, rules: CellRules, cell: Cell) -> datetime:
    if rules.zone is None:
        raise BadCell(f"%(cell)s names no time zone: {TIME_EXAMPLE}", cell=shown(text_of(cell)))
    return found.replace(tzinfo=rules.zone).astimezone(UTC)


def _plausible_time(found: datetime, cell: Cell) -> datetime:
    _plausible(found.date(), cell)
    return found


def _day(found: re.Match[str], cell: Cell) -> date:
    year, *rest = found.groups()
    month, day = (one for one in rest if one is not None)
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise BadCell(f"%(cell)s is no day of the calendar: {DATE_EXAMPLE}", cell=shown(text_of(cell))) from error


def _serial(number: float, rules: CellRules) -> date:
    if not rules.serial_dates or not number.is_integer() or not 1 <= number <= 109_000:
        raise BadCell(
            f"%(cell)s is a number, no date: format the column as a date, or {DATE_EXAMPLE}", cell=f"{number:g}"
        )
    return SERIAL_EPOCH + timedelta(days=int(number))


def _plausible(day: date, cell: Cell) -> date:
    if day.year not in YEARS:
        raise BadCell(f"%(cell)s is not between 1900 and 2199: {DATE_EXAMPLE}", cell=shown(text_of(cell)))
    return day


def _no_number(cell: Cell) -> str:
    """Return the text of an id, a card or a PIN. Raises BadCell for a number, also for one written as 4.4E+17."""
    if not isinstance(cell, str):
        if isinstance(cell, date):
            raise BadCell(f"%(cell)s is a date: digits may be lost; {AS_TEXT}", cell=_as_shown(cell))
        if isinstance(cell, int | float):
            raise BadCell(f"%(cell)s is a number: digits may be lost; {AS_TEXT}", cell=_as_shown(cell))
        raise BadCell(f"%(cell)s is no text: digits may be lost; {AS_TEXT}", cell=_as_shown(cell))
    found = _plain(cell)
    if _SCIENTIFIC.fullmatch(found):
        raise BadCell(f"%(cell)s is a number whose digits are lost; {AS_TEXT}", cell=shown(found))
    return found


def _as_shown(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:.0f}" if cell.is_integer() and abs(cell) < 1e11 else f"{cell:G}"
    return shown(text_of(cell))


def trimmed(text: str) -> str:
    """Remove blanks at the ends, also those that cannot be seen."""
    if text.isascii():
        return text.strip()
    return text.strip().strip("\ufeff\u200b\u2060").strip()


def _plain(text: str) -> str:
    """Return the text with plain characters instead of full-width ones, without blanks at the ends."""
    if not text.isascii():
        seen = "".join(one for one in text if unicodedata.category(one) != "Cf")
        text = unicodedata.normalize("NFKC", seen)
    return " ".join(text.split()).strip("'")
