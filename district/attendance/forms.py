"""The forms of attendance."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from district.attendance.models import Entrance, Passage, Shift
from district.attendance.rules.working_time import HOUR, LONGEST_MAX_S
from district.web.days import DayField

WHY_MAX = 300


def _why(help_text: Any = "") -> forms.CharField:
    return forms.CharField(label=gettext_lazy("What happened"), max_length=WHY_MAX, help_text=help_text)


class AddPassageForm(forms.Form):
    """Ask to add a passage that no gate saw."""

    direction = forms.ChoiceField(label=gettext_lazy("Direction"), choices=Passage.Direction.choices)
    date = DayField(label=gettext_lazy("Date"))
    time = forms.TimeField(
        label=gettext_lazy("At what time"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )
    why = _why(gettext_lazy("For example: the gate was without power, the foreman saw him leave."))

    moment: datetime = datetime.max.replace(tzinfo=UTC)

    def clean(self) -> dict[str, Any]:
        """Make one moment of date and time."""
        found: dict[str, Any] = super().clean() or {}
        if "date" in found and "time" in found:
            try:
                self.moment = timezone.make_aware(datetime.combine(found["date"], found["time"])).astimezone(UTC)
            except (OverflowError, ValueError):
                raise ValidationError(_("This date cannot be: check the year.")) from None
        return found


class SetAsideForm(forms.Form):
    """Ask to set a passage aside."""

    passage = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    why = _why()


class AnswerForm(forms.Form):
    """Decide a request."""

    answer = forms.CharField(
        label=gettext_lazy("Answer"),
        max_length=WHY_MAX,
        required=False,
        help_text=gettext_lazy("Needed to refuse: the worker reads it."),
    )


class SiteRulesForm(forms.Form):
    """How a site counts working time."""

    since = DayField(
        label=gettext_lazy("From this day on"),
        help_text=gettext_lazy("Not before this month: earlier ledgers stay as they are."),
    )
    day_begins = forms.TimeField(
        label=gettext_lazy("Working day begins"),
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        help_text=gettext_lazy("Who comes earlier counts for the day before. Choose an hour when nobody begins."),
    )
    longest_h = forms.IntegerField(
        label=gettext_lazy("Longest stay in hours"),
        min_value=1,
        max_value=LONGEST_MAX_S // HOUR,
        help_text=gettext_lazy("After it somebody who did not leave is flagged, and no longer counts as inside."),
    )
    full_day_h = forms.DecimalField(
        label=gettext_lazy("Hours of a full day"), min_value=1, max_value=LONGEST_MAX_S // HOUR, decimal_places=1
    )

    def clean_day_begins(self) -> int:
        """Return seconds after midnight, at most noon."""
        found = self.cleaned_data["day_begins"]
        seconds = int(found.hour * 3600 + found.minute * 60)
        if seconds > 12 * HOUR:
            raise ValidationError(_("Choose a time before noon."))
        return seconds


class ShiftForm(forms.ModelForm):  # type: ignore[type-arg]
    """A shift of a site."""

    class Meta:
        model = Shift
        fields: ClassVar = ["name", "starts", "ends", "grace_minutes"]
        widgets: ClassVar = {
            "starts": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            "ends": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        }

    def clean(self) -> dict[str, Any]:
        """Refuse a shift without length."""
        found: dict[str, Any] = super().clean() or {}
        if "starts" in found and found.get("starts") == found.get("ends"):
            raise ValidationError(_("The shift ends when it begins: change one of the times."))
        return found


class EntranceForm(forms.ModelForm):  # type: ignore[type-arg]
    """An entrance without a gate."""

    latitude = forms.FloatField(label=gettext_lazy("Latitude"), min_value=-90, max_value=90, required=False)
    longitude = forms.FloatField(label=gettext_lazy("Longitude"), min_value=-180, max_value=180, required=False)

    class Meta:
        model = Entrance
        fields: ClassVar = ["name", "period_s", "latitude", "longitude", "radius_m"]
        help_texts: ClassVar = {
            "latitude": gettext_lazy("In degrees (WGS84). Without a place the code alone counts."),
        }

    def clean(self) -> dict[str, Any]:
        """Refuse half a place."""
        found: dict[str, Any] = super().clean() or {}
        if (found.get("latitude") is None) != (found.get("longitude") is None):
            raise ValidationError(_("Give both latitude and longitude, or neither."))
        return found


class MarkForm(forms.Form):
    """A worker records going in or out."""

    direction = forms.ChoiceField(choices=Passage.Direction.choices)
    code = forms.CharField(max_length=12)
    latitude = forms.FloatField(min_value=-90, max_value=90, required=False)
    longitude = forms.FloatField(min_value=-180, max_value=180, required=False)
    accuracy = forms.FloatField(min_value=0, max_value=1_000_000, required=False)
