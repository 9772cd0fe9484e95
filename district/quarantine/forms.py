"""Forms of quarantine."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from district.declarations.rules import SYMPTOMS
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import measure_at
from district.emergency.rules import MeasureKind
from district.people.models import Person
from district.people.search import found_people
from district.permissions import Permission
from district.places.choices import PlaceChoiceField
from district.places.models import Place
from district.quarantine.models import QuarantineOrder
from district.quarantine.registry import followers
from district.quarantine.rules import DAYS_MAX, OFFER_MAX
from district.scope import Account
from district.web.days import DayField

USUAL_DAYS = 14


def account_text(user: Any) -> str:
    """Return an account by which the form finds it again."""
    return f"{user.name} ({user.get_username()})" if user.name else str(user.get_username())


class FollowerField(forms.CharField):
    """An account that answers for somebody. The browser suggests those that can."""

    def __init__(self, *, address: str, **options: Any) -> None:
        """`address`: where the browser asks for suggestions."""
        attrs = {
            "list": "found-accounts",
            "autocomplete": "off",
            "hx-get": address,
            "hx-trigger": "keyup changed delay:250ms, focus once",
            "hx-target": "#found-accounts",
            "hx-swap": "innerHTML",
        }
        super().__init__(max_length=250, widget=forms.TextInput(attrs=attrs), **options)


def follower_of(text: str, measure: EmergencyMeasure, enterprise: int | None = None) -> Any:
    """Return the account that a text names. Raises ValidationError."""
    plain = text.strip()
    username = plain[plain.rfind("(") + 1 : -1] if plain.endswith(")") and "(" in plain else plain
    found = list(followers(measure, enterprise).filter(Q(username=username) | Q(name=plain))[:2])
    if len(found) == 1:
        return found[0]
    raise ValidationError(_("No account that sees health data there has this name: choose one of the list."))


class QuarantineOrderForm(forms.Form):
    """A new order: a worker, or somebody by name."""

    worker = forms.CharField(
        label=_("Worker"),
        max_length=80,
        required=False,
        help_text=_("Worker id, name or phone of somebody registered."),
    )
    name = forms.CharField(
        label=_("Name of somebody who is no worker"),
        max_length=80,
        required=False,
        help_text=_("A traveller, or somebody of a household."),
    )
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False, widget=forms.TextInput({"type": "tel"}))
    place = PlaceChoiceField(
        label=_("Place that follows it"),
        queryset=Place.objects.none(),
        help_text=_("The grid, community, town or site."),
    )
    at_home = forms.BooleanField(label=_("At home"), required=False)
    where = forms.CharField(label=_("Address or room"), max_length=200, required=False)
    starts = DayField(label=_("First day of the quarantine"))
    ends = DayField(label=_("Last day of the quarantine"))
    visits_each_day = forms.IntegerField(label=_("Visits each day"), min_value=0, max_value=6, initial=2)
    why = forms.CharField(label=_("Reason"), max_length=300, help_text=_("It never names another person."))

    def __init__(self, user: Account, address: str, *args: Any, **options: Any) -> None:
        """`user`: who orders. `address`: where the browser asks for accounts."""
        super().__init__(*args, **options)
        self.user = user
        self.measure: EmergencyMeasure | None = None
        field = self.fields["place"]
        assert isinstance(field, PlaceChoiceField)
        places = Place.objects.visible_to(user, Permission.ORDER_QUARANTINE).filter(retired=None)
        field.queryset = places.order_by("path")
        self.fields["holder"] = FollowerField(
            address=address, label=_("Who answers for the person"), help_text=_("Until another account accepts.")
        )
        today = timezone.localdate()
        self.fields["starts"].initial = today
        self.fields["ends"].initial = today + timedelta(days=USUAL_DAYS)
        self.order_fields(
            (
                "worker",
                "name",
                "phone",
                "place",
                "where",
                "at_home",
                "starts",
                "ends",
                "visits_each_day",
                "holder",
                "why",
            )
        )

    def clean_worker(self) -> Person | None:
        """Find the worker. Raises ValidationError."""
        text = self.cleaned_data["worker"].strip()
        if not text:
            return None
        found = found_people(text, self.user, 6)
        exact = [one for one in found if one.worker_id == text.lower()]
        if len(exact or found) == 1:
            return (exact or found)[0]
        if not found:
            raise ValidationError(_("Nobody you may see fits: check the text, or write the name below."))
        names = ", ".join(f"{one.name} ({one.worker_id})" for one in found)
        raise ValidationError(_("Several people fit, write the worker id: %(names)s") % {"names": names})

    def clean(self) -> dict[str, Any]:
        """Check that the order is of one person, where a measure holds, with an account that follows it."""
        given: dict[str, Any] = super().clean() or {}
        if "worker" in given and bool(given["worker"]) == bool(given.get("name", "").strip()):
            self.add_error("worker", _("Write either a worker or a name, not both."))
        if place := given.get("place"):
            self.measure = measure_at(MeasureKind.QUARANTINE, place.path)
            if self.measure is None:
                self.add_error("place", _("No measure allows quarantine there: start one first."))
            elif text := given.get("holder"):
                try:
                    given["holder"] = follower_of(text, self.measure)
                except ValidationError as error:
                    self.add_error("holder", error)
        return given


class QuarantineVisitForm(forms.Form):
    """What somebody saw at a visit, or what the person answers."""

    temperature = forms.CharField(
        label=_("Temperature"), max_length=10, required=False, widget=forms.TextInput({"inputmode": "decimal"})
    )
    symptoms = forms.MultipleChoiceField(label=_("Symptoms"), required=False, widget=forms.CheckboxSelectMultiple)
    needs = forms.CharField(
        label=_("What is needed"), max_length=300, required=False, widget=forms.Textarea({"rows": 2})
    )
    client_key = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        """Name the symptoms in the reader's language."""
        super().__init__(*args, **options)
        field = self.fields["symptoms"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(code, gettext(text)) for code, text in SYMPTOMS.items()]


class QuarantineNeedForm(forms.Form):
    """What a person needs, apart from a visit."""

    text = forms.CharField(label=_("What is needed"), max_length=300)


class NeedDoneForm(forms.Form):
    """What was done."""

    answer = forms.CharField(label=_("What was done"), max_length=300)


class QuarantineHandOverForm(forms.Form):
    """To whom a person goes, how, and until when."""

    means = forms.CharField(
        label=_("How they travel"), max_length=120, required=False, help_text=_("Vehicle, plate, driver, seat.")
    )
    hours = forms.IntegerField(
        label=_("Hours until it is accepted"),
        min_value=1,
        max_value=int(OFFER_MAX.total_seconds() // 3600),
        initial=2,
        help_text=_("Later it is overdue, and a case is opened."),
    )

    def __init__(self, found: QuarantineOrder, address: str, *args: Any, **options: Any) -> None:
        """`found`: whose hand-over. `address`: where the browser asks for accounts."""
        super().__init__(*args, **options)
        self.found = found
        self.fields["receiver"] = FollowerField(address=address, label=_("Receiver"))
        first, end = found.measure.place.branch
        places = Place.objects.filter(path__gte=first, path__lt=end, retired=None).order_by("path")
        self.fields["place"] = PlaceChoiceField(
            label=_("Place that follows it from then on"), queryset=places, required=False, empty_label=_("the same")
        )
        self.order_fields(("receiver", "place", "means", "hours"))

    def clean_receiver(self) -> Any:
        """Find the account. Raises ValidationError."""
        return follower_of(self.cleaned_data["receiver"], self.found.measure, self.found.enterprise_id)


class QuarantineExtensionForm(forms.Form):
    """A later last day, and why."""

    ends = DayField(label=_("Last day of the quarantine"))
    why = forms.CharField(label=_("Reason"), max_length=300)

    def __init__(self, *args: Any, **options: Any) -> None:
        """Say how long an order may last."""
        super().__init__(*args, **options)
        self.fields["ends"].help_text = _("At most %(days)s days from today.") % {"days": DAYS_MAX}


class QuarantineReleaseForm(forms.Form):
    """How a quarantine ended."""

    outcome = forms.CharField(
        label=pgettext_lazy("quarantine", "Outcome"), max_length=300, help_text=_("Such as: healthy, test negative.")
    )


class QuarantineWhyForm(forms.Form):
    """Why somebody else accepts a person, or why an offer is taken back."""

    why = forms.CharField(label=_("Reason"), max_length=300)
