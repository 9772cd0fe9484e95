"""The list of measures."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from district.web.tables import EmptyState, ListTable, TableColumn, Tone


def measure_state(one: Any) -> tuple[str, Tone]:
    """Return the state of a measure, and its colour."""
    if one.erased is not None:
        return gettext("over, data erased"), ""
    if one.over:
        return gettext("over, data are being erased"), "care"
    if one.starts > timezone.localdate():
        return gettext("not in force yet"), "info"
    return gettext("in force"), "good"


MEASURES = ListTable(
    name="measures",
    keys=("-starts", "-pk"),
    columns=(
        TableColumn(
            "kind",
            _("Measure"),
            lambda row: row.get_kind_display(),
            link=lambda row: reverse("emergency:measure", args=[row.pk]),
        ),
        TableColumn("place", _("Place"), "place.name"),
        TableColumn(
            "state",
            _("State"),
            lambda row: measure_state(row)[0],
            kind="badge",
            tone=lambda row: measure_state(row)[1],
        ),
        TableColumn("starts", _("First day of the measure"), kind="time", sort=("starts", "pk")),
        TableColumn("ends", _("Last day of the measure"), kind="time", sort=("ends", "pk")),
        TableColumn("purpose", _("Purpose"), kind="long"),
        TableColumn("legal_basis", _("Legal basis"), kind="long", shown=False),
        TableColumn("by", _("Started by")),
    ),
    empty=EmptyState(
        _("No emergency measure"),
        _("Nothing is collected beyond the ordinary day. Start a measure only for a purpose and a time."),
        icon="shield",
    ),
)
