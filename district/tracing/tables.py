"""The lists of investigations and contacts."""

from typing import Any, ClassVar

import django_filters
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from district.tracing.explaining import ReasonNames, all_reasons, strongest_reason
from district.tracing.models import CERTAINTY_NAMES, Contact
from district.tracing.rules import Certainty
from district.web.tables import EmptyState, ListTable, TableColumn, Tone


def investigation_state(row: Any) -> tuple[str, Tone]:
    """Return the state of an investigation, and its colour."""
    if row.closed is not None:
        return gettext("closed"), ""
    if row.searching:
        return gettext("being searched"), "care"
    if row.traced is None:
        return gettext("not searched yet"), "care"
    return pgettext("investigation", "open"), "good"


def contact_state(row: Any) -> tuple[str, Tone]:
    """Return where a contact stands, and its colour."""
    if row.released is not None:
        return gettext("follow-up over"), ""
    if not row.outcome:
        return gettext("not called"), "care"
    text = str(row.get_outcome_display())
    if row.outcome == Contact.Outcome.ILL:
        return text, "bad"
    again = row.call_again is not None and row.call_again <= timezone.localdate()
    return text, "care" if again else "good"


def certainty_tone(row: Any) -> Tone:
    """Return the colour of a certainty."""
    tones: dict[int, Tone] = {Certainty.CERTAIN: "bad", Certainty.LIKELY: "care", Certainty.POSSIBLE: "info"}
    return tones.get(row.certainty, "")


def _contact_address(row: Any) -> str:
    return reverse("tracing:contact", args=[row.pk])


INVESTIGATIONS = ListTable(
    name="investigations",
    keys=("-made", "-pk"),
    columns=(
        TableColumn(
            "person",
            _("Person traced"),
            "person.name",
            link=lambda row: reverse("tracing:investigation", args=[row.pk]),
            note="person.worker_id",
        ),
        TableColumn("place", _("Place"), "place.name"),
        TableColumn(
            "state",
            _("State"),
            lambda row: investigation_state(row)[0],
            kind="badge",
            tone=lambda row: investigation_state(row)[1],
        ),
        TableColumn("first_day", _("First day looked at"), kind="time"),
        TableColumn("last_day", _("Last day among people"), kind="time", sort=("last_day", "pk")),
        TableColumn("count", _("Contacts"), kind="number"),
        TableColumn("waiting", _("To call"), kind="number"),
        TableColumn("traced", _("Last search"), kind="time"),
        TableColumn("by", _("Opened by"), shown=False),
        TableColumn("why", _("Reason"), kind="long", shown=False),
    ),
    empty=EmptyState(
        _("Nobody is traced"),
        _("Open an investigation when somebody is a confirmed case."),
        "tracing:open",
        _("Open an investigation"),
        icon="search",
    ),
)

_NAME = TableColumn("name", _("Name"), "person.name", link=_contact_address, note="person.worker_id")
_STATE = TableColumn(
    "state", _("State"), lambda row: contact_state(row)[0], kind="badge", tone=lambda row: contact_state(row)[1]
)

CALLS = ListTable(
    name="contact-calls",
    keys=("hop", "-certainty", "-last", "pk"),
    columns=(
        _NAME,
        TableColumn("site", _("Site"), "site_name"),
        TableColumn("language", _("Language"), "person.language"),
        _STATE,
        TableColumn("last_day", _("Last day of contact"), kind="time"),
        TableColumn("called", _("Last call"), kind="time"),
        TableColumn("call_again", _("Call again on"), kind="time"),
    ),
    empty=EmptyState(
        _("Nobody waits for a call"), _("Contacts appear here when an investigation finds them."), icon="phone"
    ),
)


def contacts_table() -> ListTable:
    """Return the list of the contacts of one investigation. Names in reasons are read once for the whole list."""
    names = ReasonNames()
    return ListTable(
        name="contacts",
        keys=("rank", "pk"),
        columns=(
            _NAME,
            TableColumn("site", _("Site"), "site_name"),
            TableColumn("hop", _("Hop"), kind="number", sort=("hop", "rank", "pk")),
            TableColumn(
                "certainty",
                _("Certainty"),
                lambda row: str(CERTAINTY_NAMES[Certainty(row.certainty)]),
                kind="badge",
                tone=certainty_tone,
            ),
            TableColumn("reason", _("Strongest reason"), lambda row: strongest_reason(row, names), kind="long"),
            TableColumn("reasons", _("All reasons"), lambda row: all_reasons(row, names), kind="long", shown=False),
            TableColumn("first", _("First met"), kind="time", sort=("first", "pk"), shown=False),
            TableColumn("last_day", _("Last day of contact"), kind="time", sort=("last", "pk")),
            _STATE,
            TableColumn("called", _("Last call"), kind="time", shown=False),
            TableColumn("call_again", _("Call again on"), kind="time"),
            TableColumn("found", _("Still found"), shown=False),
        ),
        empty=EmptyState(
            _("No contact was found"),
            _("The search reads declared trips, sites, gates and teams. Search again when more is declared."),
            icon="people",
        ),
    )


class CallsFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Chooses whom to call."""

    state = django_filters.ChoiceFilter(
        label=_("State"),
        method="by_state",
        empty_label=_("to call today"),
        choices=[("followed", _("followed")), ("released", _("follow-up over")), ("all", _("all contacts"))],
    )

    class Meta:
        model = Contact
        fields: ClassVar = ["state"]

    def by_state(self, rows: Any, _name: str, state: str) -> Any:
        """Keep contacts that stand so."""
        if state == "followed":
            return rows.filter(released=None)
        return rows.filter(released__isnull=False) if state == "released" else rows


class ContactsFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Chooses contacts of one investigation."""

    hop = django_filters.ChoiceFilter(label=_("Hop"), choices=[(1, "1"), (2, "2")])
    certainty = django_filters.ChoiceFilter(
        label=_("Certainty"), choices=[(c.value, n) for c, n in CERTAINTY_NAMES.items()]
    )
    outcome = django_filters.ChoiceFilter(
        label=_("Call"), method="by_outcome", choices=[("none", _("not called")), *Contact.Outcome.choices[1:]]
    )

    class Meta:
        model = Contact
        fields: ClassVar = ["hop", "certainty", "outcome"]

    def by_outcome(self, rows: Any, _name: str, outcome: str) -> Any:
        """Keep contacts whose latest call brought this."""
        return rows.filter(outcome="" if outcome == "none" else outcome)
