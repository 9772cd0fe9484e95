"""Forms of offers, commitments, checks and of what a measure asks."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from district.permissions import Permission
from district.places.choices import PlaceChoiceField
from district.places.models import Place, Project
from district.scope import Account
from district.supplies.asked import sites_asked
from district.supplies.models import SupplyPolicy
from district.supplies.names import ITEM_NAMES, RESULT_NAMES
from district.supplies.rules.commitments import STATEMENTS
from district.supplies.rules.draws import CHECKS_MAX
from district.supplies.rules.items import SupplyNeeds
from district.web.days import DayField


class OfferForm(forms.Form):
    """Who gives what to whom."""

    item = forms.ChoiceField(label=_("Item"), choices=[(one.value, name) for one, name in ITEM_NAMES.items()])
    giver = forms.ModelChoiceField(label=_("Gives"), queryset=Project.objects.none())
    taker = forms.ModelChoiceField(label=_("Receives"), queryset=Project.objects.none())
    amount = forms.IntegerField(label=_("Quantity"), min_value=1)

    def __init__(self, user: Account, *args: Any, **options: Any) -> None:
        """`user`: among whose sites is chosen."""
        super().__init__(*args, **options)
        for name in ("giver", "taker"):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = sites_asked(user, Permission.CHECK_SITES).order_by("place__name", "pk")


class StepForm(forms.Form):
    """A reason, or what arrived."""

    why = forms.CharField(label=_("Reason"), max_length=500, required=False)
    received = forms.IntegerField(label=_("Quantity received"), min_value=0, required=False)


class CommitmentForm(forms.Form):
    """A site's word."""

    starts = DayField(label=_("First day of work"))
    people = forms.IntegerField(label=_("People planned"), min_value=1)
    statements = forms.MultipleChoiceField(
        label=_("We commit ourselves"),
        choices=list(STATEMENTS.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


class EndForm(forms.Form):
    """Why a commitment ends."""

    why = forms.CharField(label=_("Reason"), max_length=500)


class DrawForm(forms.Form):
    """How many of a place's commitments are drawn."""

    place = PlaceChoiceField(label=_("Place"), queryset=Place.objects.none())
    count = forms.IntegerField(label=_("How many"), min_value=1, max_value=CHECKS_MAX, initial=3)

    def __init__(self, user: Account, *args: Any, **options: Any) -> None:
        """`user`: in whose places is drawn."""
        super().__init__(*args, **options)
        scope = user.scope(Permission.CHECK_SITES)
        wide = Place.objects.filter(scope.places(), retired=None).exclude(kind=Place.Kind.SITE)
        field = self.fields["place"]
        assert isinstance(field, PlaceChoiceField)
        field.queryset = wide.order_by("path")


class CheckForm(forms.Form):
    """What a spot check found."""

    result = forms.ChoiceField(label=_("Result"), choices=[(one.value, name) for one, name in RESULT_NAMES.items()])
    note = forms.CharField(label=_("What was seen"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 3}))


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a measure asks of sites."""

    class Meta:
        model = SupplyPolicy
        fields = ("due", "short_days", "enough_days", "surplus_days", "people_per_thermometer", "listed_areas")
        widgets = {"due": forms.TimeInput(format="%H:%M", attrs={"type": "time"})}  # noqa: RUF012 - Django's way
        help_texts = {  # noqa: RUF012 - Django's way
            "due": _("Sites that have not declared by then are reminded."),
            "short_days": _("Below so many days a site asks for help by itself."),
            "surplus_days": _("Above so many days a site can give to others."),
            "listed_areas": _("The form of the sites shows them. For example: Hubei, Wenzhou."),
        }

    def needs(self) -> SupplyNeeds:
        """Return what each site should have."""
        said = self.cleaned_data
        return SupplyNeeds(
            said["short_days"], said["enough_days"], said["surplus_days"], said["people_per_thermometer"]
        )
