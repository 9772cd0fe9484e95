"""The lists of sites, enterprises, places and vacancies."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from district.places.models import Project
from district.web.tables import EmptyState, ListTable, TableColumn, Tone


def site_state(one: Project) -> tuple[str, Tone]:
    """Return the state of a site, and its colour."""
    today = timezone.localdate()
    if one.closed is not None and one.closed <= today:
        return gettext("closed"), ""
    if one.starts is not None and one.starts > today:
        return gettext("not begun"), "info"
    if one.ends is not None and one.ends < today:
        return gettext("past its end"), "care"
    return gettext("under construction"), "good"


def _post(name: str) -> Any:
    return lambda row: "" if getattr(row, name) else gettext("vacant")


SITES = ListTable(
    name="sites",
    keys=("place__name", "pk"),
    columns=(
        TableColumn(
            "name",
            _("Site"),
            "place.name",
            link=lambda row: reverse("places:site", args=[row.pk]),
            sort=("place__name", "pk"),
        ),
        TableColumn(
            "state", _("State"), lambda row: site_state(row)[0], kind="badge", tone=lambda row: site_state(row)[1]
        ),
        TableColumn("general_contractor", _("General contractor"), "general_contractor.name"),
        TableColumn("permit", _("Building permit"), kind="code"),
        TableColumn("starts", _("Work begins"), kind="time"),
        TableColumn("ends", _("Work ends"), kind="time"),
        TableColumn("gates", _("Gates"), "gate_count", kind="number"),
        TableColumn("site_id", _("Site id"), kind="code", shown=False, sort=("site_id", "pk")),
        TableColumn("code", _("Platform code"), kind="code", shown=False),
        TableColumn("address", _("Address"), kind="long", shown=False),
        TableColumn("resumed", _("Resumed work"), kind="time", shown=False),
        TableColumn("closed", _("Closed"), kind="time", shown=False),
    ),
    empty=EmptyState(
        _("No sites yet"), _("Add one, or import a sheet of sites."), "places:add_site", _("Add site"), "site"
    ),
)
ENTERPRISES = ListTable(
    name="enterprises",
    keys=("name", "pk"),
    columns=(
        TableColumn(
            "name", _("Enterprise"), link=lambda row: reverse("places:enterprise", args=[row.pk]), sort=("name", "pk")
        ),
        TableColumn("uscc", _("Unified social credit code"), kind="code", sort=("uscc", "pk")),
        TableColumn("kind", _("Type"), lambda row: row.get_kind_display()),
        TableColumn("place", _("Seat"), "place.name"),
        TableColumn("contact", _("Contact")),
        TableColumn("phone", _("Telephone"), kind="code"),
        TableColumn("retired", _("Retired"), kind="time", shown=False),
    ),
    empty=EmptyState(
        _("No enterprises yet"),
        _("Add one, or import a sheet of enterprises."),
        "places:add_enterprise",
        _("Add enterprise"),
        "building",
    ),
)
VACANT_ENTERPRISES = ListTable(
    name="vacant-enterprises",
    keys=("name", "pk"),
    columns=(
        TableColumn(
            "name", _("Enterprise"), link=lambda row: reverse("places:enterprise", args=[row.pk]), sort=("name", "pk")
        ),
        TableColumn("place", _("Seat"), "place.name"),
        TableColumn("officer", _("Officer"), _post("has_officer"), kind="badge", tone=lambda row: "care"),
        TableColumn("liaison", _("Liaison"), _post("has_liaison"), kind="badge", tone=lambda row: "care"),
    ),
    empty=EmptyState(_("Each enterprise has its officer and liaison"), icon="check"),
)
VACANT_PLACES = ListTable(
    name="vacant-places",
    keys=("path", "pk"),
    columns=(
        TableColumn("name", _("Place"), link=lambda row: reverse("places:place", args=[row.pk])),
        TableColumn("kind", _("Type"), lambda row: row.get_kind_display()),
        TableColumn("officer", _("Officer"), _post("has_officer"), kind="badge", tone=lambda row: "care"),
        TableColumn(
            "liaison",
            _("Liaison"),
            lambda row: gettext("vacant") if row.kind == "site" and not row.has_liaison else "",
            kind="badge",
            tone=lambda row: "care",
        ),
    ),
    empty=EmptyState(_("Each grid and site has its officer"), icon="check"),
)
PLACES = ListTable(
    name="places",
    keys=("path", "pk"),
    columns=(
        TableColumn("name", _("Place"), link=lambda row: reverse("places:place", args=[row.pk])),
        TableColumn("kind", _("Type"), "get_kind_display"),
        TableColumn("code", _("Code"), kind="code"),
        TableColumn("level", _("Level"), "depth", kind="number"),
        TableColumn("retired", _("Out of use"), kind="time"),
        TableColumn("path", _("Position in the tree"), kind="code", shown=False),
    ),
    empty=EmptyState(_("No places yet"), "", "places:tree", _("Places"), "site"),
)
APPOINTMENTS = ListTable(
    name="appointments",
    keys=("-starts", "-pk"),
    columns=(
        TableColumn("user", _("Name"), "user.name"),
        TableColumn("kind", _("Type"), "get_kind_display"),
        TableColumn("place", _("Place"), "place.name"),
        TableColumn("enterprise", _("Enterprise"), "enterprise.name", kind="long"),
        TableColumn("starts", _("From"), kind="time", sort=("starts", "pk")),
        TableColumn("ends", _("Until"), kind="time"),
    ),
    empty=EmptyState(_("Nobody is appointed yet"), "", "places:vacancies", _("Vacancies"), "inbox"),
)
