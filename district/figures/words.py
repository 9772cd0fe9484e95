"""The columns of the picture, and the names of parts."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django_stubs_ext import StrPromise

from district.figures.picture import PlaceFigures
from district.figures.rules import FigureName
from district.web.tables import TableColumn

_N = FigureName
AGE_NAMES: dict[str, StrPromise] = {
    "0": gettext_lazy("less than 1 day"),
    "1": gettext_lazy("1 to 3 days"),
    "3": gettext_lazy("3 to 7 days"),
    "7": gettext_lazy("7 days and more"),
}


def columns_of(whole: PlaceFigures, day: Any) -> tuple[TableColumn, ...]:
    """Return the columns for what was counted and may be seen."""
    found = [TableColumn("place", gettext_lazy("Place"), "place.name", link=lambda row: address_of(row, day))]
    for names, columns in _COLUMNS:
        if whole.known(*names):
            found += columns
    return tuple(found)


REPORT = (
    "place sites resumed resumed_share measured registered present back missing abnormal not_filed open overdue silent"
)
"""The columns of the printed report: as many as a sheet of paper holds."""


def report_columns(whole: PlaceFigures, day: Any) -> tuple[TableColumn, ...]:
    """Return the columns of the printed report."""
    return tuple(column for column in columns_of(whole, day) if column.name in REPORT.split())


def address_of(row: PlaceFigures, day: Any) -> str:
    """Return the picture of a place on a day."""
    return f"{reverse('figures:picture')}?{urlencode({'place': row.place.pk, 'day': day.isoformat()})}"


def _number(name: str, label: StrPromise, *figures: FigureName) -> TableColumn:
    return TableColumn(name, label, lambda row: row.total(*figures), kind="number")


_COLUMNS: tuple[tuple[tuple[FigureName, ...], tuple[TableColumn, ...]], ...] = (
    (
        (_N.SITES,),
        (
            _number("sites", pgettext_lazy("figures", "Sites"), _N.SITES),
            _number("resumed", gettext_lazy("Resumed"), _N.SITES_RESUMED),
            TableColumn("resumed_share", pgettext_lazy("figures", "Share"), "resumed_share", kind="number"),
            _number("measured", gettext_lazy("At work by passages"), _N.SITES_MEASURED),
        ),
    ),
    (
        (_N.ENTERPRISES,),
        (
            _number("enterprises", pgettext_lazy("figures", "Enterprises"), _N.ENTERPRISES),
            _number("enterprises_resumed", gettext_lazy("Enterprises resumed"), _N.ENTERPRISES_RESUMED),
            _number("enterprises_measured", gettext_lazy("Enterprises by passages"), _N.ENTERPRISES_MEASURED),
        ),
    ),
    (
        (_N.REGISTERED, _N.PRESENT),
        (
            _number("registered", gettext_lazy("Registered people"), _N.REGISTERED),
            _number("present", gettext_lazy("Present by passages"), _N.PRESENT),
        ),
    ),
    ((_N.BACK,), (_number("back", gettext_lazy("Declared back"), _N.BACK),)),
    ((_N.FROM_LISTED,), (_number("from_listed", gettext_lazy("Came from listed areas"), _N.FROM_LISTED),)),
    (
        (_N.TO_DECLARE,),
        (
            TableColumn("missing", gettext_lazy("Declarations missing"), "missing", kind="number"),
            _number("abnormal", gettext_lazy("Not well"), _N.ABNORMAL),
        ),
    ),
    ((_N.SITES_TO_FILE,), (TableColumn("not_filed", gettext_lazy("Sites not filed"), "not_filed", kind="number"),)),
    (
        (_N.CASES_OPEN, _N.HEALTH_OPEN),
        (
            TableColumn("open", gettext_lazy("Open cases"), "open_count", kind="number"),
            TableColumn("overdue", gettext_lazy("Overdue cases"), "overdue", kind="number"),
        ),
    ),
    (
        (_N.GATES,),
        (
            _number("gates", pgettext_lazy("figures", "Gates"), _N.GATES),
            _number("silent", gettext_lazy("Silent gates"), _N.GATES_SILENT),
        ),
    ),
)


def days_text(stock: int, use: int) -> str:
    """Return how long a stock lasts."""
    return _("not used") if use <= 0 else str(stock // use)
