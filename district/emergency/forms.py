"""Forms of measures."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from district.emergency.models import KIND_NAMES
from district.emergency.rules import DAYS_MAX
from district.permissions import Permission
from district.places.choices import PlaceChoiceField
from district.places.models import Place
from district.scope import Account
from district.web.days import DayField


class StartMeasureForm(forms.Form):
    """A new measure."""

    kind = forms.ChoiceField(label=_("Measure"), choices=[(k.value, name) for k, name in KIND_NAMES.items()])
    place = PlaceChoiceField(label=_("Place"), queryset=Place.objects.none())
    purpose = forms.CharField(
        label=_("Purpose"), max_length=500, help_text=_("One sentence. Everybody concerned can read it.")
    )
    legal_basis = forms.CharField(label=_("Legal basis"), max_length=500)
    ends = DayField(
        label=_("Last day of the measure"),
        help_text=_("At most %(days)s days from now. All data of the measure are erased afterwards.")
        % {"days": DAYS_MAX},
    )
    kept_days = forms.IntegerField(
        label=_("Days that each entry is kept"),
        required=False,
        min_value=1,
        max_value=90,
        help_text=_("Empty: the longest time that this type allows."),
    )

    def __init__(self, user: Account, *args: Any, **options: Any) -> None:
        """`user`: in whose places the measure may hold."""
        super().__init__(*args, **options)
        places = Place.objects.visible_to(user, Permission.START_MEASURES).filter(retired=None).order_by("path")
        field = self.fields["place"]
        assert isinstance(field, PlaceChoiceField)
        field.queryset = places


class ExtendMeasureForm(forms.Form):
    """A later last day, and why."""

    ends = DayField(label=_("Last day of the measure"))
    why = forms.CharField(label=_("Reason"), max_length=500)
