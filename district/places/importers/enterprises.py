"""Sheets of enterprises."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, pgettext_lazy

from common.sheets import values
from common.sheets.refusals import BadCell
from common.sheets.rows import SheetRow
from common.sheets.values import Cell, CellRules, phone, text_of
from district.imports.importer import (
    Importer,
    PlannedRow,
    RowAction,
    RowChange,
    RowProblem,
    ShownChange,
    import_field,
)
from district.imports.readers import one_of
from district.pages import SignedIn
from district.permissions import Permission
from district.places import registry
from district.places.importers.lookup import PLACE_NOTE, KnownPlaces, differences, one_place
from district.places.models import Enterprise, Place
from district.places.rules import PlaceRefused, checked_uscc

_KINDS = {
    "建设单位": "001",
    "总承包": "002",
    "施工总承包": "002",
    "总包": "002",
    "监理": "003",
    "监理单位": "003",
    "勘察": "004",
    "设计": "005",
    "专业分包": "006",
    "劳务分包": "007",
    "劳务": "007",
    "其他": "012",
    "owner": "001",
    "general contractor": "002",
    "supervision": "003",
    "survey": "004",
    "design": "005",
    "specialist": "006",
    "labour": "007",
    "other": "012",
    **{code: code for code in Enterprise.Kind.values},
}
_STORED = ("name", "kind", "contact", "phone", "place")


def uscc(cell: Cell, rules: CellRules) -> str:
    """Read a unified social credit code, and check it."""
    try:
        return checked_uscc(text_of(cell))
    except PlaceRefused as error:
        raise BadCell(error.text, **error.values) from error


class EnterprisesImporter(Importer):
    """Adds enterprises, and changes those with the same code."""

    key = "enterprises"
    name = _("Enterprises")
    permission = Permission.CHANGE_SITES
    order = 20
    lead = _("Contractors, subcontractors and suppliers of labour. An enterprise is known by its code.")
    words: ClassVar = {"kind": dict(Enterprise.Kind.choices)}
    fields: ClassVar = (
        import_field(
            "name",
            pgettext_lazy("thing", "Name"),
            values.name(120),
            "企业名称|单位名称|公司名称|名称|企业|公司|company",
            needed=True,
        ),
        import_field(
            "uscc",
            _("Unified social credit code"),
            uscc,
            "统一社会信用代码|信用代码|社会信用代码|code|credit code",
            needed=True,
        ),
        import_field(
            "kind",
            _("Type"),
            one_of(_KINDS),
            "类型|企业类型|单位类型|类别|type",
            clearable=False,
            note=_("Such as 劳务分包 or 007."),
        ),
        import_field(
            "place",
            _("Seat"),
            values.name(400),
            "所属网格|网格|社区|所属社区|镇街|所在地|grid",
            clearable=False,
            note=_(PLACE_NOTE),
        ),
        import_field("contact", _("Contact"), values.name(80), "联系人|负责人|法定代表人"),
        import_field("phone", _("Telephone"), phone, "联系电话|电话|手机|手机号|tel"),
    )

    def __init__(self, user: SignedIn) -> None:
        """Read the places that there are."""
        super().__init__(user)
        self._places = KnownPlaces(user)
        self._seen: dict[str, int] = {}

    def plan(self, rows: Sequence[SheetRow]) -> Iterator[PlannedRow]:
        """Find each enterprise by its code."""
        codes = [row.values["uscc"] for row in rows]
        held = {one.uscc: one for one in Enterprise.objects.filter(uscc__in=codes).select_related("place")}
        for row in rows:
            yield self._plan(row, held.get(row.values["uscc"]))

    def write(self, changes: Sequence[RowChange]) -> None:
        """Add and change enterprises."""
        new = []
        for one in changes:
            enterprise, fields = one.data
            if enterprise is None:
                new.append(fields)
            else:
                registry.change_enterprise(self.user, enterprise, fields)
        registry.add_enterprises(self.user, new)

    def _plan(self, row: SheetRow, held: Enterprise | None) -> PlannedRow:
        said = dict(row.values)
        code = said["uscc"]
        if code in self._seen:
            sentence = gettext_noop("%(code)s stands here a second time, first in row %(row)s: keep one of both.")
            return RowProblem(row.number, sentence, {"code": code, "row": self._seen[code]}, "uscc")
        self._seen[code] = row.number
        if held is not None and held.place.path not in self._places.by_path:
            sentence = gettext_noop("%(code)s is registered in another part of the district: leave the row out.")
            return RowProblem(row.number, sentence, {"code": code}, "uscc")
        fields: dict[str, Any] = {key: said[key] or "" for key in _STORED if key in said}
        if "place" in fields:
            place = one_place(self._places, fields["place"], row.number, "place")
            if isinstance(place, RowProblem):
                return place
            fields["place"] = place
        elif held is None:
            return RowProblem(
                row.number, gettext_noop("A new enterprise needs its seat: write its grid or town."), {}, "place"
            )
        return self._change(row, held, fields)

    def _change(self, row: SheetRow, held: Enterprise | None, fields: dict[str, Any]) -> RowChange:
        if held is None:
            shown = tuple(ShownChange(key, _shown(value)) for key, value in fields.items() if key != "name")
            data = None, {**fields, "uscc": row.values["uscc"]}
            return RowChange(row.number, RowAction.ADD, fields["name"], shown, data)
        changed = differences(held, fields)
        action = RowAction.CHANGE if changed else RowAction.NONE
        return RowChange(row.number, action, fields["name"], changed, (held, fields))


def _shown(value: Any) -> str:
    return value.name if isinstance(value, Place) else str(value)
