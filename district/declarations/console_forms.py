"""Forms of the console: on behalf, a temperature, what is asked, tablets."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from district.declarations.rules import Asked
from district.people.forms import codes
from district.people.rules import TRADES
from district.places.models import Project


class BehalfForm(forms.Form):
    """Why somebody declares for a worker."""

    why = forms.CharField(label=_("Why you declare for the worker"), min_length=2, max_length=200)


class RevealForm(forms.Form):
    """Why somebody reads what a worker declared."""

    why = forms.CharField(label=_("Reason"), min_length=2, max_length=200)


class TemperatureForm(forms.Form):
    """A temperature that a clerk took."""

    degrees = forms.CharField(
        label=_("Temperature"), max_length=30, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )


class PolicyForm(forms.Form):
    """What one measure asks of workers."""

    valid_hours = forms.IntegerField(label=_("Hours that a declaration holds"), min_value=1, max_value=720)
    look_back_days = forms.IntegerField(label=_("Days of trips and places"), min_value=1, max_value=60)
    fever = forms.DecimalField(
        label=_("Too high from (°C)"), min_value=Decimal(36), max_value=Decimal(40), decimal_places=1, max_digits=3
    )
    trades = forms.MultipleChoiceField(
        label=_("Trades with two temperatures a day"), required=False, widget=forms.SelectMultiple(attrs={"size": 6})
    )
    at_gate = forms.BooleanField(label=_("Gates ask for a valid declaration"), required=False)
    why = forms.CharField(label=_("Reason"), min_length=2, max_length=200)

    def __init__(self, *args: Any, **options: Any) -> None:
        """Name the trades in the reader's language."""
        super().__init__(*args, **options)
        self.fields["trades"].choices = codes(TRADES)[1:]  # type: ignore[attr-defined]

    @staticmethod
    def shown(asked: Asked) -> dict[str, Any]:
        """Return what the form shows of the present policy."""
        return {
            "valid_hours": asked.valid_hours,
            "look_back_days": asked.look_back_days,
            "fever": Decimal(asked.fever_tenths) / 10,
            "trades": sorted(asked.twice_daily_trades),
            "at_gate": asked.at_gate,
        }

    def asked(self) -> Asked:
        """Return what a valid form asks."""
        data = self.cleaned_data
        return Asked(
            valid_hours=data["valid_hours"],
            look_back_days=data["look_back_days"],
            fever_tenths=int(data["fever"] * 10),
            twice_daily_trades=frozenset(data["trades"]),
            at_gate=data["at_gate"],
        )


class KioskForm(forms.Form):
    """A new tablet of a site."""

    project = forms.ModelChoiceField(label=_("Site"), queryset=Project.objects.none())
    name = forms.CharField(label=_("Where it stands"), max_length=60)

    def __init__(self, sites: Any, *args: Any, **options: Any) -> None:
        """`sites`: among which the account chooses."""
        super().__init__(*args, **options)
        self.fields["project"].queryset = sites  # type: ignore[attr-defined]
