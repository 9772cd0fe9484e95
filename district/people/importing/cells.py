"""Reads the cells of a sheet of people. No message repeats an id number, an account or a phone."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from django.utils.translation import gettext_noop

from common.sheets.refusals import BadCell
from common.sheets.values import Cell, CellRules, text_of
from district.people import rules
from district.people.models import Assignment, IdDocument

_LOST = gettext_noop(
    "The cell is a number, so digits may be lost: format the column as text, then type the number again or export it again."
)
Found = TypeVar("Found")
_SCIENTIFIC = re.compile(r"[0-9]+([.,][0-9]+)?[eE][+]?[0-9]+")
_SEXES = {"男": "m", "女": "f", "m": "m", "f": "f", "male": "m", "female": "f"}
_KINDS = {
    "身份证": "01", "居民身份证": "01", "二代身份证": "01", "id card": "01", "护照": "08", "passport": "08",
    "港澳通行证": "10", "港澳居民来往内地通行证": "10", "台湾通行证": "12", "台胞证": "12",
}  # fmt: skip
_ROLES = {"管理人员": 10, "管理": 10, "manager": 10, "工人": 20, "建筑工人": 20, "worker": 20, "10": 10, "20": 20}


def digits(cell: Cell, sheet: CellRules) -> str:
    """Read a number whose digits all count. Raises BadCell for a cell that a spreadsheet holds as a number."""
    if not isinstance(cell, str) or _SCIENTIFIC.fullmatch(cell.strip()):
        raise BadCell(_LOST)
    return rules.compact(cell.strip().strip("'’"))


def phone(cell: Cell, sheet: CellRules) -> str:
    """Read a phone number. One of 11 digits may be a number cell: none is lost. Raises BadCell."""
    whole = isinstance(cell, int | float) and not isinstance(cell, bool) and float(cell).is_integer()
    text = str(int(cell)) if whole and isinstance(cell, int | float) and 0 < cell < 10**15 else cell
    if not isinstance(text, str):
        raise BadCell(_LOST)
    return _checked(rules.phone_number, text)


def name(cell: Cell, sheet: CellRules) -> str:
    """Read a person's name. Raises BadCell."""
    try:
        return rules.checked_name(text_of(cell).strip("'’"))
    except rules.WrongName as wrong:
        raise BadCell(str(wrong)) from None


def sex(cell: Cell, sheet: CellRules) -> str:
    """Read male or female. Raises BadCell."""
    return _looked_up(_SEXES, cell, gettext_noop("The sex is not 男 or 女, male or female."))


def id_kind(cell: Cell, sheet: CellRules) -> str:
    """Read the kind of an id document. Raises BadCell."""
    known = {**_KINDS, **{str(code): str(code) for code in IdDocument.Kind.values}}
    return _looked_up(known, cell, gettext_noop("This kind of id document is not known: write 身份证 or 护照."))


def role(cell: Cell, sheet: CellRules) -> int:
    """Read manager or worker. Raises BadCell."""
    return _looked_up(_ROLES, cell, gettext_noop("The role is not 管理人员 or 工人, manager or worker."))


def trade(cell: Cell, sheet: CellRules) -> str:
    """Read a trade by its code or name. Raises BadCell."""
    code = rules.trade_code(text_of(int(cell) if isinstance(cell, float) and cell.is_integer() else cell))
    if code is None:
        raise BadCell(gettext_noop("The trade is not in the national table: write a name of it, or 其它."))
    return code


def nation(cell: Cell, sheet: CellRules) -> str:
    """Read a nation. Raises BadCell."""
    code = rules.nation_code(text_of(cell))
    if code is None:
        raise BadCell(gettext_noop("The nation is not in the national table: write a name of it, such as 汉."))
    return code


def account(cell: Cell, sheet: CellRules) -> str:
    """Read the number of a bank account. Raises BadCell."""
    return _checked(rules.account_number, digits(cell, sheet))


def card(cell: Cell, sheet: CellRules) -> str:
    """Read the number of an access card. Raises BadCell."""
    return _checked(rules.card_number, digits(cell, sheet))


def default_role(code: str) -> int:
    """Return the role that goes with a trade."""
    return Assignment.Role.MANAGER if code == "900" else Assignment.Role.WORKER


def _looked_up(table: Mapping[str, Found], cell: Cell, wrong: str) -> Found:
    found = table.get(text_of(int(cell) if isinstance(cell, float) and cell.is_integer() else cell).casefold())
    if found is None:
        raise BadCell(wrong)
    return found


def _checked(read: Callable[[str], str], text: str) -> str:
    try:
        return read(text)
    except rules.WrongNumber as wrong:
        raise BadCell(str(wrong)) from None
