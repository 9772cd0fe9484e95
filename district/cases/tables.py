"""Lists of cases, of notices and of the days of figures."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from district.cases.rules import CaseState, spread_minutes
from district.web.tables import EmptyState, ListTable, TableColumn, Tone

STATE_TONES: dict[str, Tone] = {
    CaseState.REPORTED: "care",
    CaseState.ASSIGNED: "info",
    CaseState.IN_PROGRESS: "info",
    CaseState.RESOLVED: "accent",
    CaseState.CONFIRMED: "good",
    CaseState.CLOSED: "",
}


def state_tone(case: Any) -> Tone:
    """Return the colour of a case's state: red while a clock has run out."""
    return "bad" if case.overdue_at(timezone.now()) else STATE_TONES[case.state]


def case_page(case: Any) -> str:
    """Return the address of a case."""
    return reverse("cases:case", args=[case.pk])


def short_title(case: Any) -> str:
    """Return a title for lists. A case about health shows its type only: its page records who reads it."""
    return str(case.get_kind_display() if case.of_health else case.title)


def owner_name(case: Any) -> str:
    """Return who owns a case, or the place at whose desk it waits."""
    return str((case.owner.name or case.owner.username) if case.owner else case.desk.name)


CASES = ListTable(
    name="cases",
    keys=("-made", "-pk"),
    columns=(
        TableColumn("number", _("Case no."), "number", kind="code", link=case_page, sort=("pk",)),
        TableColumn("title", _("Title"), short_title, kind="long", link=case_page),
        TableColumn("kind", _("Type"), lambda case: case.get_kind_display()),
        TableColumn("category", _("Category"), lambda case: case.get_category_display(), shown=False),
        TableColumn(
            "state",
            pgettext_lazy("case", "State"),
            lambda case: case.get_state_display(),
            kind="badge",
            tone=state_tone,
        ),
        TableColumn("place", _("Place"), "place.name"),
        TableColumn("owner", pgettext_lazy("case", "Owner"), owner_name),
        TableColumn("next_due", _("Next deadline"), "next_due", kind="time"),
        TableColumn("made", _("Reported"), kind="time", sort=("made", "pk")),
        TableColumn("answer_due", _("First answer due"), kind="time", sort=("answer_due", "pk"), shown=False),
        TableColumn("answered", _("First answer"), kind="time", shown=False),
        TableColumn("solution_due", _("Solution due"), kind="time", sort=("solution_due", "pk"), shown=False),
        TableColumn("resolved", _("Resolved"), kind="time", shown=False),
        TableColumn("closed", pgettext_lazy("case", "Closed"), kind="time", shown=False),
        TableColumn("escalated", _("Times escalated"), kind="number", shown=False),
        TableColumn("reopened", _("Times reopened"), kind="number", shown=False),
        TableColumn("source", _("Source"), shown=False),
    ),
    empty=EmptyState(
        _("No case"),
        _("Warnings appear here by themselves. Report a problem that nobody has noticed."),
        "cases:report",
        _("Report a problem"),
        icon="bell",
    ),
)

TALLIES = ListTable(
    name="case-days",
    keys=("-day", "-pk"),
    columns=(
        TableColumn("day", _("Day"), kind="time", sort=("day", "pk")),
        TableColumn("place", _("Town"), "place.name"),
        TableColumn("kind", _("Type"), lambda row: row.get_kind_display()),
        TableColumn("opened", pgettext_lazy("cases", "Opened"), kind="number"),
        TableColumn("closed", pgettext_lazy("cases", "Closed"), lambda row: len(row.minutes), kind="number"),
        TableColumn("late", _("Solved too late"), kind="number"),
        TableColumn("median", _("Median to close (h)"), lambda row: spread_minutes(row.minutes)[0], kind="number"),
        TableColumn("p90", _("90th percentile (h)"), lambda row: spread_minutes(row.minutes)[1], kind="number"),
    ),
    empty=EmptyState(_("No figures yet"), _("They are counted each minute, as soon as there are cases."), icon="chart"),
)
