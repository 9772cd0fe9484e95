"""The lists of attendance."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from district.attendance.models import Correction
from district.attendance.shifts import shift_text
from district.people.rules import trade_name
from district.web.tables import EmptyState, ListTable, TableColumn, Tone


def hours_text(seconds: int) -> str:
    """Return seconds as hours and minutes."""
    return f"{seconds // 3600}:{seconds % 3600 // 60:02}"


def _flags(row: Any) -> str:
    if row.missing_exit and row.missing_entry:
        return _("entry and exit missing")
    if row.missing_exit:
        return _("exit missing")
    return _("entry missing") if row.missing_entry else ""


def _correction_tone(row: Any) -> Tone:
    tones: dict[str, Tone] = {
        Correction.State.OPEN: "care",
        Correction.State.APPROVED: "good",
        Correction.State.REFUSED: "bad",
    }
    return tones.get(row.state, "")


INSIDE_NOW = ListTable(
    name="inside",
    keys=("-came", "pk"),
    columns=(
        TableColumn("person", gettext_lazy("Name"), value="person.name", sort=("person__pinyin", "pk")),
        TableColumn("site", gettext_lazy("Site"), value="project.place.name"),
        TableColumn("team", gettext_lazy("Team"), value="team.name"),
        TableColumn("trade", gettext_lazy("Trade"), value=lambda row: trade_name(row.trade) if row.trade else ""),
        TableColumn("employer", gettext_lazy("Employer"), value="enterprise.name"),
        TableColumn("came", gettext_lazy("Inside since"), kind="time", sort=("came", "pk")),
    ),
    empty=EmptyState(
        gettext_lazy("Nobody is inside"),
        gettext_lazy("Whoever passes a gate inwards appears here within seconds."),
        icon="presence",
    ),
)

DAYS = ListTable(
    name="days",
    keys=("-date", "-pk"),
    columns=(
        TableColumn(
            "person",
            gettext_lazy("Name"),
            value="person.name",
            link=lambda row: reverse("attendance:day", args=[row.pk]),
            note=_flags,
        ),
        TableColumn("date", gettext_lazy("Day"), sort=("date", "pk")),
        TableColumn("site", gettext_lazy("Site"), value="project.place.name"),
        TableColumn("team", gettext_lazy("Team"), value="team.name"),
        TableColumn(
            "trade",
            gettext_lazy("Trade"),
            value=lambda row: trade_name(row.trade) if row.trade else "",
            shown=False,
        ),
        TableColumn("employer", gettext_lazy("Employer"), value="enterprise.name", shown=False),
        TableColumn("shift", gettext_lazy("Shift"), value=shift_text, shown=False),
        TableColumn("first_in", gettext_lazy("First in"), kind="clock"),
        TableColumn("last_out", gettext_lazy("Last out"), kind="clock"),
        TableColumn("hours", gettext_lazy("Hours"), value=lambda row: hours_text(row.seconds), kind="number"),
        TableColumn(
            "night",
            gettext_lazy("At night"),
            value=lambda row: hours_text(row.night_seconds) if row.night_seconds else "",
            kind="number",
        ),
        TableColumn(
            "corrected", gettext_lazy("Corrected"), value=lambda row: _("yes") if row.corrected else "", kind="badge"
        ),
    ),
    empty=EmptyState(
        gettext_lazy("No attendance yet"),
        gettext_lazy("A day appears with a person's first passage. A site without a gate needs an entrance page."),
        icon="calendar",
    ),
)

CORRECTIONS = ListTable(
    name="corrections",
    keys=("-asked", "pk"),
    columns=(
        TableColumn(
            "person",
            gettext_lazy("Name"),
            value="person.name",
            link=lambda row: reverse("attendance:correction", args=[row.pk]),
        ),
        TableColumn("site", gettext_lazy("Site"), value="project.place.name"),
        TableColumn("kind", gettext_lazy("Asked"), value=lambda row: row.get_kind_display()),
        TableColumn("direction", gettext_lazy("Direction"), value=lambda row: row.get_direction_display()),
        TableColumn("utc", gettext_lazy("At what time"), kind="time"),
        TableColumn("why", gettext_lazy("Reason"), kind="long"),
        TableColumn("asked_by", gettext_lazy("Asked by")),
        TableColumn(
            "state",
            gettext_lazy("State"),
            value=lambda row: row.get_state_display(),
            kind="badge",
            tone=_correction_tone,
        ),
        TableColumn("decided_by", gettext_lazy("Decided by"), shown=False),
    ),
    empty=EmptyState(
        gettext_lazy("No requests"),
        gettext_lazy("Open a day in the list of days, and ask to correct it there."),
        "attendance:days",
        gettext_lazy("Days"),
        icon="check",
    ),
)

PAYROLLS = ListTable(
    name="payrolls",
    keys=("-month", "pk"),
    columns=(
        TableColumn(
            "month",
            gettext_lazy("Month"),
            value=lambda row: f"{row.month:%Y-%m}",
            link=lambda row: reverse("attendance:payroll", args=[row.pk]),
        ),
        TableColumn("site", gettext_lazy("Site"), value="project.place.name"),
        TableColumn("employer", gettext_lazy("Employer"), value="enterprise.name"),
        TableColumn("imported", gettext_lazy("Imported"), kind="time"),
        TableColumn("imported_by", gettext_lazy("Imported by")),
        TableColumn("settled", gettext_lazy("Settled")),
    ),
    empty=EmptyState(
        gettext_lazy("No payroll yet"),
        gettext_lazy("Import a sheet with name, id number, month and paid days. Then each difference is shown."),
        icon="wages",
    ),
)


def difference_text(kind: str) -> str:
    """Return what a difference means."""
    return {
        "paid_absent": _("paid, and never seen"),
        "unpaid": _("seen, and not on the payroll"),
        "more": _("paid for more days than seen"),
        "less": _("paid for fewer days than seen"),
    }.get(kind, "")


DIFFERENCES = ListTable(
    name="payroll_differences",
    columns=(
        TableColumn("name", gettext_lazy("Name")),
        TableColumn("kind", gettext_lazy("Difference"), value=lambda row: difference_text(row.kind)),
        TableColumn("paid", gettext_lazy("Paid days"), value=lambda row: None if row.paid is None else float(row.paid)),
        TableColumn("seen", gettext_lazy("Worked days"), value=lambda row: float(row.seen)),
        TableColumn("present", gettext_lazy("Days present"), kind="number"),
    ),
)
