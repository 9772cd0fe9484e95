"""Sheets of building sites."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, pgettext_lazy

from common.sheets import values
from common.sheets.refusals import BadCell
from common.sheets.rows import SheetRow
from common.sheets.values import Cell, CellRules, a_date, text_of
from district.imports.importer import (
    Importer,
    PlannedRow,
    RowAction,
    RowChange,
    RowProblem,
    ShownChange,
    import_field,
)
from district.imports.readers import number
from district.pages import SignedIn
from district.permissions import Permission
from district.places import registry
from district.places.importers.lookup import PLACE_NOTE, KnownEnterprises, KnownPlaces, differences, one_place
from district.places.models import Enterprise, Project
from district.places.rules import PlaceRefused, checked_position, is_site_id

_TEXTS = ("permit", "code", "address")
_FIELDS = (*_TEXTS, "longitude", "latitude", "starts", "ends")


def site_id(cell: Cell, rules: CellRules) -> str:
    """Read the id of a site."""
    text = text_of(cell)
    if not is_site_id(text):
        raise BadCell(gettext_noop("%(cell)s is no site id: use small letters, digits and hyphens"), cell=text[:63])
    return text


class SitesImporter(Importer):
    """Adds sites, and changes those with the same id, permit or name."""

    key = "sites"
    name = _("Sites")
    permission = Permission.CHANGE_SITES
    order = 30
    lead = _("Building sites with permit, dates and general contractor. A site is known by its id, else by its permit.")
    fields: ClassVar = (
        import_field(
            "name",
            pgettext_lazy("thing", "Name"),
            values.name(120),
            "项目名称|工地名称|工程名称|名称|项目|工地|site|project",
            needed=True,
        ),
        import_field(
            "parent",
            _("Below"),
            values.name(400),
            "所属网格|网格|社区|所属社区|镇街|上级|所属区域|grid",
            clearable=False,
            note=_(PLACE_NOTE),
        ),
        import_field(
            "site_id",
            _("Site id"),
            site_id,
            "工地编号|工地代码|site id",
            clearable=False,
            note=_("Empty: it is made from the name."),
        ),
        import_field(
            "general_contractor",
            _("General contractor"),
            values.name(120),
            "总承包单位|施工总承包|总包单位|施工单位|总包",
            clearable=False,
            note=_("Its name or its unified social credit code."),
        ),
        import_field("permit", _("Building permit"), values.name(60), "施工许可证|施工许可证号|许可证号|permit"),
        import_field("code", _("Platform code"), values.name(40), "平台编码|项目编码|实名制编码"),
        import_field("address", _("Address"), values.name(200), "地址|项目地址|工程地址"),
        import_field("longitude", _("Longitude"), number(-180, 180), "经度|lng|lon"),
        import_field("latitude", _("Latitude"), number(-90, 90), "纬度|lat"),
        import_field("starts", _("Work begins"), a_date, "开工日期|计划开工|开始日期|start"),
        import_field("ends", _("Work ends"), a_date, "竣工日期|计划竣工|结束日期|end"),
    )

    def __init__(self, user: SignedIn) -> None:
        """Read the places that there are."""
        super().__init__(user)
        self._places = KnownPlaces(user)
        self._seen: dict[str, int] = {}

    def plan(self, rows: Sequence[SheetRow]) -> Iterator[PlannedRow]:
        """Find each site, its place and its general contractor."""
        firms = KnownEnterprises(self.user, (row.values.get("general_contractor", "") for row in rows))
        ids, permits = ([row.values[key] for row in rows if row.values.get(key)] for key in ("site_id", "permit"))
        found = Project.objects.filter(Q(site_id__in=ids) | Q(permit__in=permits)).select_related(
            "place", "general_contractor"
        )
        by_id, by_permit = {one.site_id: one for one in found}, {one.permit: one for one in found if one.permit}
        for row in rows:
            said = row.values
            held = by_id.get(said.get("site_id", "")) or (
                None if said.get("site_id") else by_permit.get(said.get("permit") or "")
            )
            yield self._plan(row, held, firms)

    def write(self, changes: Sequence[RowChange]) -> None:
        """Add and change sites. A site that stands elsewhere now is moved by hand: its people change their branch."""
        for one in changes:
            project, parent, fields = one.data
            if project is None:
                said = dict(fields)
                registry.add_site(self.user, parent, said.pop("name"), said, said.pop("site_id", "") or "")
            else:
                registry.change_site(self.user, project, fields)

    def _plan(self, row: SheetRow, held: Project | None, firms: KnownEnterprises) -> PlannedRow:
        said = dict(row.values)
        key = str(said.get("site_id") or said.get("permit") or said["name"])
        if key in self._seen:
            sentence = gettext_noop("%(name)s stands here a second time, first in row %(row)s: keep one of both.")
            return RowProblem(row.number, sentence, {"name": key, "row": self._seen[key]}, "name")
        self._seen[key] = row.number
        fields: dict[str, Any] = {"name": said["name"]}
        fields |= {
            key: said[key] if said[key] is not None or key not in _TEXTS else "" for key in _FIELDS if key in said
        }
        if problem := _wrong(row, held, fields):
            return problem
        if "general_contractor" in said:
            firm = _firm(firms, row)
            if isinstance(firm, RowProblem):
                return firm
            fields["general_contractor"] = firm
        return self._new(row, fields) if held is None else self._changed(row, held, fields)

    def _new(self, row: SheetRow, fields: dict[str, Any]) -> PlannedRow:
        for key in ("parent", "general_contractor"):
            if key not in row.values:
                return RowProblem(row.number, gettext_noop("is empty: a new site needs it"), {}, key)
        parent = one_place(self._places, row.values["parent"], row.number, "parent")
        if isinstance(parent, RowProblem):
            return parent
        data = {**fields, "site_id": row.values.get("site_id") or ""}
        shown = [ShownChange("parent", parent.name)]
        shown += [
            ShownChange(key, str(value)) for key, value in data.items() if key != "name" and value not in (None, "")
        ]
        return RowChange(row.number, RowAction.ADD, fields["name"], tuple(shown), (None, parent, data))

    def _changed(self, row: SheetRow, held: Project, fields: dict[str, Any]) -> PlannedRow:
        above: Sequence[str] = held.place.ancestor_paths[:-1]
        if not any(path in self._places.by_path for path in above):
            sentence = gettext_noop("%(name)s is a site in another part of the district: leave the row out.")
            return RowProblem(row.number, sentence, {"name": fields["name"]}, "name")
        if "parent" in row.values:
            parent = one_place(self._places, row.values["parent"], row.number, "parent")
            if isinstance(parent, RowProblem):
                return parent
            if parent.path != above[-1]:
                sentence = gettext_noop("%(name)s stands elsewhere: move it on its page, then import again.")
                return RowProblem(row.number, sentence, {"name": fields["name"]}, "parent")
        changed = differences(held, {key: value for key, value in fields.items() if key != "name"})
        if held.place.name != fields["name"]:
            changed = (ShownChange("name", fields["name"], held.place.name), *changed)
        action = RowAction.CHANGE if changed else RowAction.NONE
        return RowChange(row.number, action, fields["name"], changed, (held, None, fields))


def _wrong(row: SheetRow, held: Project | None, fields: dict[str, Any]) -> RowProblem | None:
    def now(key: str) -> Any:
        return fields[key] if key in fields else getattr(held, key, None)

    try:
        checked_position(now("longitude"), now("latitude"))
    except PlaceRefused as error:
        return RowProblem(row.number, error.text, error.values, "latitude")
    if now("starts") and now("ends") and now("ends") < now("starts"):
        return RowProblem(row.number, gettext_noop("The end is before the beginning: correct one of both."), {}, "ends")
    return None


def _firm(firms: KnownEnterprises, row: SheetRow) -> Enterprise | RowProblem:
    text = row.values["general_contractor"]
    found = firms.find(text)
    if len(found) == 1:
        return found[0]
    sentence = (
        gettext_noop("No enterprise that you may see is called %(text)s: import the enterprise first.")
        if not found
        else gettext_noop("Several enterprises are called %(text)s: write the unified social credit code.")
    )
    return RowProblem(row.number, sentence, {"text": text}, "general_contractor")
