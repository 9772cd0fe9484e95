"""The lists of people, work and papers, each described once for page, phone and file."""

from dataclasses import replace
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.people import rules
from district.people.listing import LIST_KEYS, first_expiry, present_work
from district.web.tables import EmptyState, ListTable, TableColumn, Tone

SOON_DAYS = 30


def _address(person: Any) -> str:
    return reverse("people:person", args=[person.pk])


def _of_row(row: Any) -> str:
    return reverse("people:person", args=[row.person_id])


def _work(name: str) -> Any:
    def value(person: Any) -> object:
        row: Any = present_work(person)
        for part in name.split("."):
            row = getattr(row, part, None)
        return row

    return value


def _trade(person: Any) -> str:
    row = present_work(person)
    return rules.trade_name(row.trade) if row else ""


def _expiry_tone(person: Any) -> Tone:
    return day_tone(first_expiry(person))


def day_tone(day: Any) -> Tone:
    """Return the colour of a last valid day."""
    if day is None:
        return ""
    left = (day - timezone.localdate()).days
    return "bad" if left < 0 else "care" if left <= SOON_DAYS else "good"


PEOPLE = ListTable(
    name="people",
    keys=LIST_KEYS,
    pick=True,
    columns=(
        TableColumn("name", _("Name"), link=_address),
        TableColumn("site", _("Site"), value=_work("project.place.name")),
        TableColumn("employer", _("Employer"), value=_work("enterprise.name"), kind="long"),
        TableColumn("team", _("Team"), value=_work("team.name")),
        TableColumn("trade", _("Trade"), value=_trade),
        TableColumn("since", _("Since"), value=_work("starts"), kind="time"),
        TableColumn("expires", _("First paper ends"), value=first_expiry, kind="badge", tone=_expiry_tone),
        TableColumn("way", _("Way to pass"), value="get_way_display"),
        TableColumn("face", _("Face consent"), value=lambda person: bool(person.face_consents), shown=False),
        TableColumn("sex", _("Sex"), value="get_sex_display", shown=False),
        TableColumn("birth", _("Born"), kind="time", shown=False),
        TableColumn("nation", _("Nation"), value=lambda person: rules.nation_name(person.nation), shown=False),
        TableColumn("province", _("Origin"), value=lambda person: rules.province_name(person.province), shown=False),
        TableColumn("pinyin", _("Pinyin"), shown=False),
        TableColumn("worker_id", _("Worker id"), kind="code", shown=False),
    ),
    empty=EmptyState(
        _("Nobody is registered yet"),
        _("Add people one by one, or import a sheet with all of them."),
        "people:add",
        _("Add a person"),
        "people",
    ),
)
_OF_RECORDS = frozenset({"expires", "face", "sex", "birth", "nation", "province", "pinyin"})
PEOPLE_BY_NAME = replace(PEOPLE, columns=tuple(one for one in PEOPLE.columns if one.name not in _OF_RECORDS))
"""For guards: their screen stands in a hut, and needs no code at the sign-in."""
WORK = ListTable(
    name="work",
    keys=("-starts", "-pk"),
    columns=(
        TableColumn("person", _("Name"), value="person.name", link=_of_row),
        TableColumn("site", _("Site"), value="project.place.name"),
        TableColumn("employer", _("Employer"), value="enterprise.name", kind="long"),
        TableColumn("team", _("Team"), value="team.name"),
        TableColumn("trade", _("Trade"), value=lambda row: rules.trade_name(row.trade)),
        TableColumn("role", _("Role"), value="get_role_display"),
        TableColumn("starts", _("First day"), kind="time", sort=("starts", "pk")),
        TableColumn("ends", _("Last day"), kind="time"),
        TableColumn("worker_id", _("Worker id"), value="person.worker_id", kind="code", shown=False),
        TableColumn("site_id", _("Site id"), value="project.site_id", kind="code", shown=False),
    ),
    empty=EmptyState(_("Nobody works here yet"), _("Open a person and assign a site."), "people:people", _("People")),
)
EMPLOYMENTS = ListTable(
    name="employments",
    keys=("-starts", "-pk"),
    columns=(
        TableColumn("person", _("Name"), value="person.name", link=_of_row),
        TableColumn("employer", _("Employer"), value="enterprise.name", kind="long"),
        TableColumn("starts", _("First day"), kind="time", sort=("starts", "pk")),
        TableColumn("ends", _("Last day"), kind="time"),
        TableColumn("contract", _("Contract"), value="contract_number"),
        TableColumn("contract_ends", _("Contract ends"), kind="badge", tone=lambda row: day_tone(row.contract_ends)),
        TableColumn("worker_id", _("Worker id"), value="person.worker_id", kind="code", shown=False),
    ),
    empty=EmptyState(_("No employment is recorded yet"), "", "people:people", _("People")),
)
PAPERS = ListTable(
    name="papers",
    keys=("expires", "pk"),
    columns=(
        TableColumn("person", _("Name"), value="person.name", link=_of_row),
        TableColumn("kind", _("Paper")),
        TableColumn("number", _("Number"), kind="code"),
        TableColumn("issued", _("Issued"), kind="time", shown=False),
        TableColumn("expires", _("Ends"), kind="badge", tone=lambda row: day_tone(row.expires), sort=("expires", "pk")),
        TableColumn("is_training", _("Training"), shown=False),
        TableColumn("worker_id", _("Worker id"), value="person.worker_id", kind="code", shown=False),
    ),
    empty=EmptyState(_("No paper ends soon"), _("Papers without a last day are on each person's page."), icon="check"),
)
INSURANCES = ListTable(
    name="insurances",
    keys=("pk",),
    columns=(
        TableColumn("person", _("Name"), value="person.name", link=_of_row),
        TableColumn("kind", _("Insurance")),
        TableColumn("number", _("Number"), kind="code"),
        TableColumn("expires", _("Ends"), kind="badge", tone=lambda row: day_tone(row.expires)),
        TableColumn("worker_id", _("Worker id"), value="person.worker_id", kind="code", shown=False),
    ),
    empty=EmptyState(_("No insurance is recorded yet"), "", "people:people", _("People")),
)
TEAMS = ListTable(
    name="teams",
    keys=("name", "pk"),
    columns=(
        TableColumn("name", _("Team"), sort=("name", "pk"), link=lambda row: reverse("people:team", args=[row.pk])),
        TableColumn("site", _("Site"), value="project.place.name"),
        TableColumn("employer", _("Employer"), value="enterprise.name", kind="long"),
        TableColumn("leader", _("Leader"), value="leader.name"),
        TableColumn("platform_number", _("Platform number"), kind="code"),
        TableColumn("retired", _("Ended"), kind="time", shown=False),
    ),
    empty=EmptyState(_("No team is recorded yet"), icon="team"),
)
REQUIREMENTS = ListTable(
    name="requirements",
    keys=("place__path", "kind", "pk"),
    columns=(
        TableColumn("place", _("Site or place"), value="place.name"),
        TableColumn("kind", _("Training")),
        TableColumn(
            "trade", _("Trade"), value=lambda row: rules.trade_name(row.trade) if row.trade else _("every trade")
        ),
    ),
    empty=EmptyState(
        _("No site asks for certain trainings"),
        _("Gates then go by the latest training of each person. A requirement decides which trainings count."),
        icon="certificate",
    ),
)
CONSENTS = ListTable(
    name="consents",
    keys=("-given", "-pk"),
    columns=(
        TableColumn("person", _("Name"), value="person.name", link=_of_row),
        TableColumn("purpose", _("Purpose"), value="get_purpose_display"),
        TableColumn("given", _("Given"), kind="time", sort=("given", "pk")),
        TableColumn("text_version", _("Text")),
        TableColumn("given_on", _("Given on")),
        TableColumn("withdrawn", _("Withdrawn"), kind="time"),
        TableColumn("worker_id", _("Worker id"), value="person.worker_id", kind="code", shown=False),
    ),
    empty=EmptyState(_("No consent is recorded yet"), "", "people:people", _("People")),
)
DOCUMENTS = ListTable(
    name="documents",
    keys=("pk",),
    columns=(
        TableColumn("person", _("Name"), value="person.name", link=_of_row),
        TableColumn("kind", _("Document"), value="get_kind_display"),
        TableColumn("expires", _("Ends"), kind="badge", tone=lambda row: day_tone(row.expires)),
        TableColumn("issuer", _("Issued by")),
        TableColumn("worker_id", _("Worker id"), value="person.worker_id", kind="code", shown=False),
    ),
    empty=EmptyState(_("No id document is recorded yet"), "", "people:people", _("People")),
)
MERGES = ListTable(
    name="merges",
    keys=("-pk",),
    columns=(
        TableColumn("person", _("Record that stays"), value="person.name", link=_of_row),
        TableColumn("absorbed", _("Merged record"), value="absorbed.worker_id", kind="code"),
        TableColumn("reason", _("Reason")),
        TableColumn("done", _("Merged"), kind="time"),
        TableColumn("done_by", _("By")),
        TableColumn("undone", _("Taken back"), kind="time"),
        TableColumn("undone_by", _("Taken back by")),
    ),
    empty=EmptyState(_("Nothing was merged yet"), icon="merge"),
)
