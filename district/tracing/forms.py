"""Forms of tracing. They offer only what the account may use; the registry checks the rest."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.emergency.models import EmergencyMeasure
from district.emergency.registry import running
from district.emergency.rules import MeasureKind
from district.people.models import Assignment, Person, in_force
from district.people.search import TEXT_MAX, found_people
from district.permissions import Permission
from district.places.choices import PlaceChoiceField
from district.places.models import Place
from district.quarantine.rules import DAYS_MAX as QUARANTINE_MAX
from district.scope import Account
from district.tracing.models import Contact
from district.tracing.rules import TraceLimits
from district.tracing.rules.contacts import DAYS_MAX, MINUTES_MAX
from district.web.days import DayField

_DEFAULTS = TraceLimits()
FOUND_MAX = 10


def places_with(user: Account, kind: MeasureKind, permission: Permission) -> Any:
    """Return the places, no sites, where a measure holds and the account has a permission."""
    held = Q(pk__in=[])
    for measure in EmergencyMeasure.objects.filter(pk__in=running(kind).values("pk")).select_related("place"):
        first, end = measure.place.branch
        held |= Q(path__gte=first, path__lt=end)
    rows = Place.objects.visible_to(user, permission).filter(held, retired=None).exclude(kind=Place.Kind.SITE)
    return rows.order_by("path")


def _in_two_weeks() -> date:
    return timezone.localdate() + timedelta(days=14)


class OpenInvestigationForm(forms.Form):
    """Who is traced, since when, and what counts."""

    who = forms.CharField(
        label=_("Who is traced"),
        max_length=TEXT_MAX,
        help_text=_("Worker id, name, phone or id number of the confirmed case."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-private": ""}),
    )
    person = forms.ChoiceField(label=_("Several people fit: choose one"), required=False, widget=forms.RadioSelect)
    place = PlaceChoiceField(
        label=_("Place"),
        queryset=Place.objects.none(),
        help_text=_("Officers of this place and above it see who is traced. Choose it as small as possible."),
    )
    last_day = DayField(label=_("Last day among people"), initial=timezone.localdate)
    days = forms.IntegerField(label=_("Days to look back"), min_value=1, max_value=DAYS_MAX, initial=_DEFAULTS.days)
    hops = forms.TypedChoiceField(
        label=_("Whom to find"),
        coerce=int,
        choices=[(1, _("contacts")), (2, _("contacts and their contacts"))],
        initial=_DEFAULTS.hops,
    )
    overlap_minutes = forms.IntegerField(
        label=_("Minutes together on a site"), min_value=1, max_value=24 * 60, initial=_DEFAULTS.overlap_minutes
    )
    gate_minutes = forms.IntegerField(
        label=_("Minutes between two passages of a gate"),
        min_value=0,
        max_value=MINUTES_MAX,
        initial=_DEFAULTS.gate_minutes,
    )
    why = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("Officers of the place read it. It is erased with the measure.")
    )

    def __init__(self, user: Account, *args: Any, **options: Any) -> None:
        """`user`: whose people and places are offered."""
        super().__init__(*args, **options)
        self.user = user
        field: Any = self.fields["place"]
        field.queryset = places_with(user, MeasureKind.TRACING, Permission.TRACE)
        if not self.is_bound:
            field.initial = field.queryset.first()
        self._offer()

    def clean(self) -> dict[str, Any]:
        """Find the person. Several who fit are offered, so that nobody is traced by a wrong name."""
        data: dict[str, Any] = super().clean() or {}
        found, chosen = self._found, data.get("person")
        if chosen:
            found = [one for one in found if str(one.pk) == chosen]
        if "who" in data and not found:
            self.add_error("who", _("Nobody whom you see fits: type the worker id, the whole name or the number."))
        elif len(found) > 1:
            self.add_error("person", _("Several people fit: choose one."))
        elif found:
            data["found"] = found[0]
        return data

    def _offer(self) -> None:
        """Offer who fits, if several do; else hide the choice."""
        text = str(self.data.get("who", "")) if self.is_bound else ""
        self._found: list[Person] = found_people(text, self.user, limit=FOUND_MAX) if text.strip() else []
        if len(self._found) < 2:
            del self.fields["person"]
            return
        field: Any = self.fields["person"]
        field.choices = [(str(one.pk), _described(one)) for one in self._found]

    @property
    def limits(self) -> TraceLimits:
        """Return what counts as an encounter."""
        given = self.cleaned_data
        return TraceLimits(given["days"], given["hops"], given["overlap_minutes"], given["gate_minutes"])


class CallForm(forms.Form):
    """What a call brought."""

    outcome = forms.ChoiceField(label=_("What the call brought"), choices=Contact.Outcome.choices[1:])
    note = forms.CharField(
        label=_("Note of the call"),
        required=False,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3, "data-private": ""}),
    )
    again = DayField(
        label=_("Call again on"),
        required=False,
        help_text=_("Empty: no further call is planned."),
    )


class ContactQuarantineForm(forms.Form):
    """Where a contact stays, and how long."""

    place = PlaceChoiceField(label=_("Place that follows it"), queryset=Place.objects.none())
    starts = DayField(label=_("First day"), initial=timezone.localdate)
    ends = DayField(
        label=_("Last day"),
        initial=_in_two_weeks,
        help_text=_("At most %(days)s days.") % {"days": QUARANTINE_MAX},
    )
    at_home = forms.BooleanField(label=_("At home"), required=False)
    where = forms.CharField(
        label=_("Address or room"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-private": ""}),
    )

    def __init__(self, user: Account, *args: Any, **options: Any) -> None:
        """`user`: whose places are offered."""
        super().__init__(*args, **options)
        field: Any = self.fields["place"]
        field.queryset = places_with(user, MeasureKind.QUARANTINE, Permission.CHANGE_HEALTH)
        if not self.is_bound:
            field.initial = field.queryset.first()


def _described(person: Person) -> str:
    """Return name, worker id and site, so that people of the same name can be distinguished."""
    rows = Assignment.objects.filter(in_force(timezone.localdate()), person=person).select_related("project__place")
    site = rows.order_by("-starts", "-pk").first()
    parts = (person.name, person.worker_id, str(site.project) if site else "")
    return " · ".join(part for part in parts if part)
