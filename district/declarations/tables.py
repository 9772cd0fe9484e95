"""The lists of declarations, each described once for page, phone and file."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from district.declarations.rules import Abnormal
from district.people.rules import trade_name
from district.web.tables import EmptyState, ListTable, TableColumn, Tone

ABNORMAL_NAMES = {
    Abnormal.SYMPTOMS: _("does not feel well"),
    Abnormal.FEVER: _("temperature"),
    Abnormal.CONTACT: _("contact in the household"),
}


def person_address(row: Any) -> str:
    """Return the page of the declarations of a row's person."""
    return reverse("declarations:person", args=[row.person_id])


def reasons(row: Any) -> str:
    """Say why a declaration is abnormal."""
    return ", ".join(str(ABNORMAL_NAMES[Abnormal(code)]) for code in row.abnormal.split() if code in set(Abnormal))


def _state(row: Any) -> str:
    if row.held is not None:
        return gettext("waits for a decision")
    return gettext("no longer valid") if row.last is not None else gettext("never declared")


def _tone(row: Any) -> Tone:
    return "bad" if row.held is not None else "care" if row.last is not None else ""


SITES = ListTable(
    name="declaration-sites",
    keys=("place__name", "pk"),
    columns=(
        TableColumn(
            "site",
            _("Site"),
            value=str,
            link=lambda row: f"{reverse('declarations:missing')}?project={row.pk}",
            sort=("place__name", "pk"),
        ),
        TableColumn("people", _("At work"), kind="number"),
        TableColumn("missing", _("Without a valid declaration"), kind="number"),
        TableColumn(
            "share",
            _("Declared"),
            value=lambda row: f"{100 * (row.people - row.missing) // row.people} %" if row.people else "–",
            kind="badge",
            tone=lambda row: "good" if not row.missing else "care",
        ),
        TableColumn("abnormal", _("Abnormal today"), kind="number"),
    ),
    empty=EmptyState(_("No site declares"), _("No open site stands below a measure that asks for it."), icon="site"),
)
MISSING = ListTable(
    name="declarations-missing",
    keys=("pk",),
    columns=(
        TableColumn("name", _("Name"), value="person.name", link=person_address),
        TableColumn("state", _("State"), value=_state, kind="badge", tone=_tone),
        TableColumn("last", _("Last declared"), kind="time"),
        TableColumn("site", _("Site"), value="project.place.name"),
        TableColumn("employer", _("Employer"), value="enterprise.name", kind="long"),
        TableColumn("team", _("Team"), value="team.name"),
        TableColumn("trade", _("Trade"), value=lambda row: trade_name(row.trade), shown=False),
        TableColumn("worker_id", _("Worker id"), value="person.worker_id", kind="code", shown=False),
    ),
    empty=EmptyState(_("Everybody has declared"), _("Nobody at work is without a valid declaration."), icon="check"),
)
DUE = ListTable(
    name="temperatures-due",
    keys=("pk",),
    columns=(
        TableColumn("name", _("Name"), value="person.name", link=person_address),
        TableColumn("taken", _("Taken today"), kind="number"),
        TableColumn("trade", _("Trade"), value=lambda row: trade_name(row.trade)),
        TableColumn("site", _("Site"), value="project.place.name"),
        TableColumn("employer", _("Employer"), value="enterprise.name", kind="long"),
        TableColumn("team", _("Team"), value="team.name"),
    ),
    empty=EmptyState(_("No temperature is due"), _("All chosen trades have two of today."), icon="check"),
)
DECLARATIONS = ListTable(
    name="declarations",
    keys=("-declared", "-pk"),
    columns=(
        TableColumn("declared", _("At what time"), kind="time", sort=("declared", "pk")),
        TableColumn("name", _("Name"), value="person.name", link=person_address),
        TableColumn(
            "abnormal", _("Abnormal"), value=reasons, kind="badge", tone=lambda row: "bad" if row.abnormal else ""
        ),
        TableColumn("site", _("Site"), value="project.place.name"),
        TableColumn("employer", _("Employer"), value="enterprise.name", kind="long"),
        TableColumn("way", _("Way"), value="get_way_display"),
        TableColumn("by", _("Declared by"), shown=False),
    ),
    empty=EmptyState(_("Nobody has declared yet"), _("Workers declare on their phones, or at a tablet."), icon="inbox"),
)
