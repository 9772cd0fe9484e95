"""Sheets of towns, communities and grids."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, pgettext_lazy

from common.sheets import values
from common.sheets.rows import SheetRow
from contract.names import matched
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
from district.places.models import Place
from district.places.rules import RANKS, may_stand_below

_KINDS = {
    "town": "town",
    "镇": "town",
    "街道": "town",
    "镇街": "town",
    "community": "community",
    "社区": "community",
    "村": "community",
    "village": "community",
    "grid": "grid",
    "网格": "grid",
}


@dataclass(frozen=True, slots=True)
class _Planned:
    """A place of this file that is not written yet."""

    kind: str
    name: str


class PlacesImporter(Importer):
    """Adds places below others, also below those of earlier rows, and changes their codes."""

    key = "places"
    name = _("Places")
    permission = Permission.CHANGE_SITES
    order = 10
    lead = _("Towns, communities and grids. A place is known by its code, or by its name below its parent.")
    words: ClassVar = {"kind": dict(Place.Kind.choices)}
    fields: ClassVar = (
        import_field(
            "name", pgettext_lazy("thing", "Name"), values.name(120), "名称|名字|社区|网格|镇街|place", needed=True
        ),
        import_field(
            "kind",
            _("Type"),
            one_of(_KINDS),
            "类别|类型|级别|level|type",
            needed=True,
            note=_("Town, community or grid."),
        ),
        import_field(
            "parent",
            _("Below"),
            values.name(400),
            "上级|所属|上级单位|所属区域|parent",
            needed=True,
            note=_(PLACE_NOTE),
        ),
        import_field(
            "code",
            _("Area code"),
            values.name(20),
            "编号|编码|代码|网格编号|区划代码",
            note=_("The division's code, or the grid's number."),
        ),
    )

    def __init__(self, user: SignedIn) -> None:
        """Read the places that there are."""
        super().__init__(user)
        self._known = KnownPlaces(user)
        self._seen: dict[tuple[str, str], int] = {}
        self._planned: dict[str, _Planned] = {}

    def plan(self, rows: Sequence[SheetRow]) -> Iterator[PlannedRow]:
        """Find each place's parent, and the place itself."""
        for row in rows:
            yield self._plan(row)

    def write(self, changes: Sequence[RowChange]) -> None:
        """Add and change places in the order of the sheet: a parent stands above its children."""
        for one in changes:
            said: dict[str, Any] = one.data
            parent = said["parent"] if isinstance(said["parent"], Place) else self._known.find(said["parent"])[0]
            if said["place"] is None:
                made = registry.add_place(self.user, parent, said["kind"], said["name"], said.get("code") or "")
                self._known.note(made)
            else:
                registry.change_place(self.user, said["place"], {"code": said.get("code") or ""})

    def _plan(self, row: SheetRow) -> PlannedRow:
        said = dict(row.values)
        text = str(said["parent"])
        parent: Place | _Planned | RowProblem = one_place(self._known, text, row.number, "parent")
        if isinstance(parent, RowProblem) and not self._known.find(text) and matched(text) in self._planned:
            parent = self._planned[matched(text)]
        if isinstance(parent, RowProblem):
            return parent
        key = matched(parent.name), matched(said["name"])
        if key in self._seen:
            sentence = gettext_noop("%(name)s stands here a second time, first in row %(row)s: keep one of both.")
            return RowProblem(row.number, sentence, {"name": said["name"], "row": self._seen[key]}, "name")
        self._seen[key] = row.number
        place = self._known.child(parent, said["name"]) if isinstance(parent, Place) else None
        if place is None and not may_stand_below(said["kind"], parent.kind):
            sentence = gettext_noop("This kind of place cannot stand below %(name)s: choose a wider one.")
            return RowProblem(row.number, sentence, {"name": parent.name}, "parent")
        return self._change(row, said, parent, place)

    def _change(self, row: SheetRow, said: dict[str, Any], parent: Place | _Planned, place: Place | None) -> PlannedRow:
        shown_name = f"{parent.name} / {said['name']}"
        data = {**said, "place": place, "parent": parent if isinstance(parent, Place) else said["parent"]}
        if place is None:
            self._planned[matched(said["name"])] = _Planned(said["kind"], said["name"])
            fields = [ShownChange(key, str(said[key])) for key in ("kind", "code") if said.get(key)]
            return RowChange(row.number, RowAction.ADD, shown_name, tuple(fields), data)
        if RANKS[place.kind] != RANKS[said["kind"]]:
            sentence = gettext_noop("%(name)s is there already with another kind: check both.")
            return RowProblem(row.number, sentence, {"name": said["name"]}, "kind")
        changed = differences(place, {"code": said["code"] or ""}) if "code" in said else ()
        action = RowAction.CHANGE if changed else RowAction.NONE
        return RowChange(row.number, action, shown_name, changed, data)
