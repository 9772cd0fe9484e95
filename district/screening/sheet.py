"""The sheet of a key list: its fields, the headings that name them, and its rows."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from common.sheets import values
from common.sheets.refusals import BadCell
from common.sheets.rows import SheetRow
from common.sheets.values import Cell, CellRules, text_of
from district.imports.importer import Importer, ImportField, PlannedRow, RowChange, import_field
from district.imports.reading import OpenedSheet
from district.people.importing import cells
from district.permissions import Permission
from district.screening.rules import KeyEntry, ScreeningRefused, area_prefix

NAMING = ("number", "phone", "name")
"""A sheet needs a column for one of these."""


def area(cell: Cell, rules: CellRules) -> str:
    """Read an area code. A number cell loses nothing: no code begins with zero. Raises BadCell."""
    whole = isinstance(cell, int | float) and not isinstance(cell, bool) and float(cell).is_integer()
    text = text_of(int(cell) if whole and isinstance(cell, int | float) else cell)
    try:
        area_prefix(text)
    except ScreeningRefused as error:
        raise BadCell(error.text) from None
    return text


class KeyListSheet(Importer):
    """Describes the columns. Rows go to the list and are shown to nobody, so the preview of imports is not used."""

    key: ClassVar[str] = "key_list"
    name: ClassVar[StrPromise] = _("Key list")
    permission: ClassVar[Permission] = Permission.SCREEN
    fields: ClassVar[tuple[ImportField, ...]] = (
        import_field("name", _("Name"), cells.name, "姓名|名字|人员姓名|full name", clearable=False),
        import_field("kind", _("Kind of document"), cells.id_kind, "证件类型|证件种类|document", clearable=False),
        import_field(
            "number", _("Id number"), cells.digits, "身份证号|身份证号码|身份证|证件号码|证件号|公民身份号码|id card number|id number",
            clearable=False, note=_("The column must be text."),
        ),
        import_field(
            "phone", _("Phone"), cells.phone, "手机|手机号|手机号码|电话|电话号码|联系电话|联系方式|mobile|telephone", clearable=False
        ),
        import_field("birth", _("Date of birth"), values.a_date, "出生日期|生日|出生年月日|birthday", clearable=False),
        import_field(
            "area", _("Area code"), area, "行政区划代码|区划代码|地区代码|籍贯代码|户籍地代码|area code", clearable=False,
            note=_("Where the person comes from, GB/T 2260."),
        ),
        import_field("note", _("Remark"), values.name(500), "备注|说明|备注说明|remark", clearable=False),
    )  # fmt: skip

    def plan(self, rows: Sequence[SheetRow]) -> Iterator[PlannedRow]:
        """Refuse: a list has its own pages."""
        raise NotImplementedError

    def write(self, changes: Sequence[RowChange]) -> None:
        """Refuse: a list has its own pages."""
        raise NotImplementedError


def is_clear(opened: OpenedSheet) -> bool:
    """Say whether the columns can be read without a question."""
    return not opened.guess.unclear and any(key in opened.guess.columns for key in NAMING)


def entries(opened: OpenedSheet) -> Iterator[tuple[int, KeyEntry | BadCell]]:
    """Read the rows, each with its number."""
    for row in opened.rows().read():
        if row.problems:
            yield row.number, row.problems[0].error
        else:
            yield row.number, KeyEntry(**row.values)
