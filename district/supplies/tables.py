"""The lists of sites, stocks, sums, offers, commitments and checks."""

from collections.abc import Callable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from district.supplies.names import COMMITMENT_TONES, OFFER_TONES, STOCK_NAMES, STOCK_TONES
from district.supplies.rules.items import StockState, SupplyNeeds, days_left, state_of
from district.web.tables import EmptyState, ListTable, TableColumn, Tone


def filing_state(row: Any) -> tuple[str, Tone]:
    """Return whether a site declared, and its colour. The row has `asked.with_state`."""
    if row.has_report and not row.lacks_employer:
        return pgettext("filing", "declared"), "good"
    if row.has_report or row.has_people:
        return pgettext("filing", "in part"), "care"
    return pgettext("filing", "not declared"), "bad"


def stock_state(row: Any) -> StockState:
    """Return how a stock stands. The row's report and its measure are loaded."""
    policy = getattr(row.report.measure, "supply_policy", None)
    return state_of(row.figures, policy.needs if policy is not None else SupplyNeeds())


def _to(name: str) -> Any:
    return lambda row: reverse(name, args=[row.pk])


SITES = ListTable(
    name="supplies-sites",
    keys=("place__name", "pk"),
    columns=(
        TableColumn("site", _("Site"), "place.name", link=_to("supplies:site"), sort=("place__name", "pk")),
        TableColumn(
            "state", _("State"), lambda row: filing_state(row)[0], kind="badge", tone=lambda row: filing_state(row)[1]
        ),
        TableColumn("expected", _("People expected"), kind="number"),
        TableColumn("back", _("People back"), kind="number"),
        TableColumn("from_listed", _("From listed areas"), kind="number"),
        TableColumn("abnormal", _("Not well"), kind="number"),
        TableColumn("short", _("Short items"), kind="number"),
        TableColumn("contractor", _("General contractor"), "general_contractor.name", kind="long", shown=False),
        TableColumn("site_id", _("Site id"), kind="code", shown=False),
    ),
    empty=EmptyState(
        _("No site is asked"),
        _("A measure asks the sites of a place to declare people and supplies each day. None holds at your sites."),
        icon="inbox",
    ),
)
STOCKS = ListTable(
    name="supplies-stocks",
    keys=("report__project__place__name", "pk"),
    columns=(
        TableColumn(
            "site",
            _("Site"),
            "report.project.place.name",
            link=lambda row: reverse("supplies:site", args=[row.report.project_id]),
            sort=("report__project__place__name", "pk"),
        ),
        TableColumn("item", _("Item"), lambda row: row.get_item_display(), sort=("item", "pk")),
        TableColumn("stock", _("In stock"), kind="number", sort=("stock", "pk")),
        TableColumn("daily_use", _("Used each day"), kind="number", sort=("daily_use", "pk")),
        TableColumn("days", _("Days left"), lambda row: days_left(row.figures), kind="number"),
        TableColumn(
            "state",
            _("State"),
            lambda row: str(STOCK_NAMES[stock_state(row)]),
            kind="badge",
            tone=lambda row: STOCK_TONES[stock_state(row)],
        ),
        TableColumn("date", _("Declared for"), "report.date", kind="time"),
    ),
    empty=EmptyState(_("No stock declared"), _("Stocks of the last days stand here once sites declare."), icon="inbox"),
)
_SUMS = {
    "sites": _("Sites asked"),
    "declared": _("Sites that declared"),
    "expected": _("People expected"),
    "back": _("People back"),
    "from_listed": _("From listed areas"),
    "abnormal": _("Not well"),
    "rooms": _("Isolation places"),
    "rooms_used": _("In use"),
    "masks": _("Masks in stock"),
    "short": _("Short items"),
}


def sums_table(sums: Mapping[str, Mapping[str, int]]) -> ListTable:
    """Return the list of places with their sums, which were counted once for all of them."""

    def of(name: str) -> Callable[[Any], int]:
        return lambda row: sums[row.path][name] if row.path in sums else 0

    numbers = (TableColumn(name, label, of(name), kind="number") for name, label in _SUMS.items())
    return ListTable(
        name="supplies-sums",
        keys=("path", "pk"),
        columns=(TableColumn("name", _("Place")), *numbers),
        empty=EmptyState(_("No place here"), _("Choose another level of the tree."), icon="inbox"),
    )


OFFERS = ListTable(
    name="supplies-offers",
    keys=("-made", "-pk"),
    columns=(
        TableColumn("item", _("Item"), lambda row: row.get_item_display(), link=_to("supplies:offer")),
        TableColumn("amount", _("Quantity"), kind="number"),
        TableColumn("giver", _("Gives"), "giver.place.name"),
        TableColumn("taker", _("Receives"), "taker.place.name"),
        TableColumn(
            "state",
            _("State"),
            lambda row: row.get_state_display(),
            kind="badge",
            tone=lambda row: OFFER_TONES[row.state],
        ),
        TableColumn("received", _("Quantity received"), kind="number"),
        TableColumn("made", _("Asked on"), kind="time", sort=("made", "pk")),
        TableColumn("why", _("Reason"), kind="long", shown=False),
    ),
    empty=EmptyState(
        _("No offer yet"), _("When one site lacks what another has to spare, the district asks here."), icon="inbox"
    ),
)
COMMITMENTS = ListTable(
    name="supplies-commitments",
    keys=("-made", "-pk"),
    columns=(
        TableColumn("site", _("Site"), "project.place.name", link=_to("supplies:commitment")),
        TableColumn(
            "state",
            _("State"),
            lambda row: row.get_state_display(),
            kind="badge",
            tone=lambda row: COMMITMENT_TONES[row.state],
        ),
        TableColumn("enterprise", _("Enterprise"), "enterprise.name", kind="long"),
        TableColumn("starts", _("Work starts"), kind="time", sort=("starts", "pk")),
        TableColumn("people", _("People planned"), kind="number"),
        TableColumn("by", pgettext_lazy("commitment", "Signed by")),
        TableColumn("made", _("Filed"), kind="time", sort=("made", "pk")),
    ),
    empty=EmptyState(
        _("No commitment yet"), _("A site that commits starts work at once, and is checked by draw."), icon="inbox"
    ),
)
DRAWS = ListTable(
    name="supplies-draws",
    keys=("-made", "-pk"),
    columns=(
        TableColumn("day", _("Day"), kind="time", link=_to("supplies:draw")),
        TableColumn("place", _("Place"), "place.name"),
        TableColumn("size", _("Drawn"), kind="number"),
        TableColumn("among", _("Among"), lambda row: len(row.numbers), kind="number"),
        TableColumn("open", _("Not checked yet"), "open_checks", kind="number"),
        TableColumn("by", _("Drawn by")),
        TableColumn("seed", _("Seed"), kind="code", shown=False),
    ),
    empty=EmptyState(_("No draw yet"), _("Draw some of the commitments, and check them on the site."), icon="inbox"),
)
