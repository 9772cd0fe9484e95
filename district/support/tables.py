"""The lists of measures and applications."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from district.support.rules.states import ApplicationState
from district.support.words import facts_of
from district.web.tables import EmptyState, ListTable, TableColumn, Tone

STATE_TONES: dict[str, Tone] = {
    ApplicationState.SENT: "info",
    ApplicationState.ASKED: "care",
    ApplicationState.GRANTED: "good",
    ApplicationState.PAID: "good",
}

MEASURES = ListTable(
    name="support-measures",
    keys=("key", "pk"),
    columns=(
        TableColumn(
            "name",
            _("Measure"),
            str,
            link=lambda row: reverse("support:measure", args=[row.key]),
        ),
        TableColumn("help", _("Help"), lambda row: facts_of(row.whole).help),
        TableColumn("amount", _("Amount"), lambda row: " + ".join(facts_of(row.whole).parts), kind="long"),
        TableColumn("cap", _("At most"), lambda row: facts_of(row.whole).cap),
        TableColumn("office", _("Office"), lambda row: facts_of(row.whole).office),
        TableColumn("until", _("Until"), lambda row: row.whole.clause.until, kind="time"),
        TableColumn("source", _("Source"), lambda row: facts_of(row.whole).source, kind="long", shown=False),
        TableColumn("where", _("Where it is written"), lambda row: facts_of(row.whole).where, kind="long", shown=False),
        TableColumn("version", _("Version"), kind="number", shown=False),
        TableColumn("published", _("Published"), kind="time", shown=False),
    ),
    empty=EmptyState(
        _("No support measure is published"),
        _("The district publishes measures as a file. Enterprises then see what they get."),
        icon="wages",
    ),
)


APPLICATIONS = ListTable(
    name="support-applications",
    keys=("-made", "-pk"),
    columns=(
        TableColumn(
            "enterprise",
            _("Enterprise"),
            "enterprise.name",
            link=lambda row: reverse("support:application", args=[row.pk]),
        ),
        TableColumn("measure", _("Measure"), lambda row: str(row.measure)),
        TableColumn(
            "state",
            pgettext_lazy("support", "State"),
            lambda row: row.get_state_display(),
            kind="badge",
            tone=lambda row: STATE_TONES.get(row.state, ""),
        ),
        TableColumn("amount", _("Calculated amount"), kind="number"),
        TableColumn("granted", _("Granted amount"), kind="number"),
        TableColumn("made", pgettext_lazy("support", "Sent"), kind="time", sort=("made", "pk")),
        TableColumn("changed", _("Last change"), kind="time", sort=("changed", "pk")),
        TableColumn("due", _("Decision due"), lambda row: row.case and row.case.solution_due, kind="time"),
        TableColumn("why", _("Last word"), kind="long", shown=False),
        TableColumn("by", _("Sent by"), shown=False),
        TableColumn("decided_by", _("Decided by"), shown=False),
    ),
    empty=EmptyState(
        _("No application yet"),
        _("An enterprise answers the short form and applies for what it gets."),
        "support:calculator",
        _("Open the calculator"),
        icon="wages",
    ),
)
