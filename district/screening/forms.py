"""Forms and filters of key lists and hits."""

from typing import Any, ClassVar

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from common.sheets.columns import letter
from common.sheets.opening import SHEETS
from district.declarations.forms import AreaField
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import running
from district.emergency.rules import MeasureKind
from district.imports.reading import OpenedSheet
from district.permissions import Permission
from district.scope import Account
from district.screening.models import BASIS_NAMES, STATE_NAMES, Hit, KeyList
from district.screening.registry.files import UPLOAD_MAX
from district.screening.sheet import NAMING, KeyListSheet
from district.web.days import DayField


def measures_of(user: Account) -> "QuerySet[EmergencyMeasure]":
    """Return the running measures whose lists an account may load: those inside its own part of the tree."""
    inside = user.scope(Permission.SCREEN).places("place__path")
    found: QuerySet[EmergencyMeasure] = running(MeasureKind.SCREENING).filter(inside).select_related("place")
    return found


class _MeasureField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A measure, by its place."""

    def label_from_instance(self, obj: Any) -> str:
        """Show place and last day."""
        return f"{obj.place.name} → {obj.ends}"


class FromSourceForm(forms.Form):
    """Under which measure, from whom, and what a gate's desk sees."""

    measure = _MeasureField(label=_("Measure"), queryset=EmergencyMeasure.objects.none())
    name = forms.CharField(label=pgettext_lazy("key list", "Name"), max_length=120)
    source = forms.CharField(
        label=_("Source"), max_length=200, help_text=_("The authority that made the list, with the letter's number.")
    )
    legal_basis = forms.CharField(label=_("Legal basis"), max_length=500)
    reason_code = forms.CharField(
        label=_("Reason code"),
        max_length=40,
        help_text=_("The desk at the gate sees it, the lane shows nothing. Write no diagnosis."),
    )
    officer = forms.CharField(label=_("Officer"), max_length=80, help_text=_("Whom the desk asks: name and telephone."))

    def __init__(self, user: Account, *args: Any, **options: Any) -> None:
        """`user`: under whose measures the list may be loaded."""
        super().__init__(*args, **options)
        field = self.fields["measure"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = measures_of(user)
        if field.queryset.count() == 1:
            field.initial = field.queryset.get()


class NewListForm(FromSourceForm):
    """A new list."""

    ends = DayField(
        label=pgettext_lazy("key list", "Last day"),
        help_text=_("Its people are admitted again on the day after."),
    )
    file = forms.FileField(
        label=_("Sheet"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ",".join(SHEETS)}),
        help_text=_(
            "An .xlsx or .csv file with one row of headings: id number, phone, or name with date of birth or area. "
            "Nobody is stopped before you confirm it. Without a file the list has only places and days."
        ),
    )

    def clean_ends(self) -> Any:
        """Refuse a last day that is over."""
        ends = self.cleaned_data["ends"]
        if ends < timezone.localdate():
            raise ValidationError(_("The list's last day is over: ask its source for a newer one."))
        return ends

    def clean_file(self) -> Any:
        """Refuse a file that is too big before it is read."""
        file = self.cleaned_data["file"]
        if file and file.size > UPLOAD_MAX:
            raise ValidationError(_("The file has more than %(most)s MB: split it."), params={"most": UPLOAD_MAX >> 20})
        return file


class ListColumnsForm(forms.Form):
    """Which column holds which field."""

    def __init__(self, opened: OpenedSheet, *args: Any, **options: Any) -> None:
        """Begin with what was guessed."""
        super().__init__(*args, **options)
        choices = [("", gettext("– not in the sheet –"))]
        for position, text in enumerate(opened.headings.texts):
            choices.append((letter(position), f"{letter(position)}  {text}"))
        for one in KeyListSheet.fields:
            index = opened.guess.columns.get(one.column.key)
            self.fields[one.column.key] = forms.ChoiceField(
                label=one.label,
                choices=choices,
                required=False,
                initial="" if index is None else letter(index),
                help_text=str(one.note),
            )

    def clean(self) -> dict[str, Any]:
        """Refuse one column for two fields, and a sheet that names nobody."""
        chosen = [column for column in self.cleaned_data.values() if column]
        if len(chosen) > len(set(chosen)):
            raise ValidationError(_("One column is chosen for two fields: choose another for one of them."))
        if not any(self.cleaned_data.get(key) for key in NAMING):
            raise ValidationError(_("Choose a column for the id number, the phone or the name."))
        return self.cleaned_data


class ListRuleForm(forms.Form):
    """An area and days."""

    area = AreaField(
        label=_("Area"),
        required=True,
        help_text=_("By name, pinyin or code (GB/T 2260). 420000 is a whole province, 420100 a whole city."),
    )
    first_day = DayField(label=_("First day there"))
    last_day = DayField(label=_("Last day there"))
    at_once = forms.BooleanField(label=_("Stop who was surely there without a decision"), required=False)


class WhyForm(forms.Form):
    """A reason."""

    why = forms.CharField(label=_("Reason"), max_length=500)


class ConfirmHitForm(WhyForm):
    """A reason, and a day if the hit shall end before its list."""

    until = DayField(
        label=_("Last day of the stop"),
        required=False,
        help_text=_("Empty: until the list or the measure ends."),
    )


class HitFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Chooses hits by state, list and what found them."""

    state = django_filters.ChoiceFilter(
        label=_("State"), choices=[(one.value, name) for one, name in STATE_NAMES.items()]
    )
    basis = django_filters.ChoiceFilter(
        label=_("Found by"), choices=[(one.value, name) for one, name in BASIS_NAMES.items()]
    )
    list = django_filters.ModelChoiceFilter(label=_("Key list"), queryset=lambda request: _lists(request))

    class Meta:
        model = Hit
        fields: ClassVar = ["state", "basis", "list"]


def _lists(request: Any) -> "QuerySet[KeyList]":
    return KeyList.objects.visible_to(request.user).kept().order_by("-pk")
