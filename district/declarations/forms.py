"""Forms of declarations: what a worker answers, and rows of trips and places."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from district.declarations.area_names import area_of, area_text
from district.declarations.models import Trip
from district.declarations.rules import (
    SYMPTOMS,
    Answers,
    DeclarationRefused,
    DraftStopover,
    DraftTrip,
    carriage,
    degrees_of,
    seat,
    trip_number,
)
from district.declarations.rules.answers import ROWS_MAX
from district.web.days import DayField
from district.web.refusals import refused

WELL, ILL = "well", "ill"


class AreaField(forms.CharField):
    """A province, city or county: by name, pinyin or code. The form suggests the wide ones."""

    def __init__(self, **options: Any) -> None:
        """Suggest from the page's own list, so that it works without a network."""
        attrs = {"list": "areas", "autocomplete": "off"}
        super().__init__(**{"required": False} | options, max_length=100, widget=forms.TextInput(attrs=attrs))

    def prepare_value(self, value: Any) -> Any:
        """Show a code as a name."""
        text = str(value or "")
        return area_text(text) if text.isascii() and text.isdigit() and len(text) == 6 else text

    def clean(self, value: Any) -> str:
        """Return the code. Raises ValidationError."""
        text = super().clean(value)
        try:
            return area_of(text)
        except DeclarationRefused as error:
            raise refused(error) from None


class AnswersForm(forms.Form):
    """Health today, and where somebody comes from."""

    health = forms.ChoiceField(
        label=_("How are you today?"),
        choices=[(WELL, _("I feel well")), (ILL, _("I do not feel well"))],
        widget=forms.RadioSelect,
    )
    symptoms = forms.MultipleChoiceField(
        label=_("What do you feel?"),
        choices=[(code, _(name)) for code, name in SYMPTOMS.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    temperature = forms.CharField(
        label=_("Temperature"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "placeholder": "36.5", "autocomplete": "off"}),
    )
    contact = forms.ChoiceField(
        label=_("Is somebody with whom you live infected, or was near an infected person?"),
        choices=[("no", _("no")), ("yes", _("yes"))],
        widget=forms.RadioSelect,
    )
    away = forms.ChoiceField(
        label=_("Did you travel, or stay in another city?"),
        choices=[("no", _("no")), ("yes", _("yes"))],
        widget=forms.RadioSelect,
    )
    origin = AreaField(label=_("Where do you come from?"))
    living = AreaField(label=_("Where did you live in the last days?"))

    def clean_temperature(self) -> str:
        """Refuse what is no body temperature."""
        return _checked(self.cleaned_data["temperature"], lambda text: str(degrees_of(text) or ""))

    def clean(self) -> dict[str, Any]:
        """Refuse answers that contradict each other: nobody may guess which one is true."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("health") == ILL and not data.get("symptoms"):
            self.add_error("symptoms", gettext("Choose what you feel."))
        if data.get("health") == WELL and data.get("symptoms"):
            self.add_error("health", gettext("You chose a symptom: say that you do not feel well, or take it out."))
        return data


class TripForm(forms.Form):
    """One trip. An empty row counts as none."""

    mode = forms.ChoiceField(label=pgettext_lazy("trip", "By"), choices=[("", "–"), *Trip.Mode.choices], required=False)
    day = DayField(label=_("Day of departure"), required=False)
    number = forms.CharField(label=pgettext_lazy("trip", "Number"), max_length=40, required=False)
    carriage = forms.CharField(label=_("Carriage"), max_length=20, required=False)
    seat = forms.CharField(label=pgettext_lazy("trip", "Seat"), max_length=20, required=False)
    from_area = AreaField(label=pgettext_lazy("trip", "From"))
    to_area = AreaField(label=pgettext_lazy("trip", "To"))

    def clean(self) -> dict[str, Any]:
        """Check one row, so that its own fields say what is wrong."""
        data: dict[str, Any] = super().clean() or {}
        if _is_empty(data):
            return data
        if not data.get("mode"):
            self.add_error("mode", gettext("Say how you travelled: choose from the list."))
        elif "number" in data:
            self._try("number", lambda: trip_number(data["mode"], data["number"]))
        if "day" in data and not data["day"]:
            self.add_error("day", gettext("Choose the day of this trip."))
        for name, check in (("carriage", carriage), ("seat", seat)):
            if name in data:
                self._try(name, lambda check=check, name=name: check(data[name]))  # type: ignore[misc]
        return data

    def _try(self, name: str, check: Callable[[], object]) -> None:
        try:
            check()
        except DeclarationRefused as error:
            self.add_error(name, refused(error))


class StayForm(forms.Form):
    """One place of stay. An empty row counts as none."""

    area = AreaField(label=pgettext_lazy("trip", "Place"))
    from_day = DayField(label=_("From day"), required=False)
    until_day = DayField(label=_("Until day"), required=False)

    def clean(self) -> dict[str, Any]:
        """Check one row."""
        data: dict[str, Any] = super().clean() or {}
        if _is_empty(data):
            return data
        if "area" in data and not data["area"]:
            self.add_error("area", gettext("Write the place, or empty the row."))
        for name in ("from_day", "until_day"):
            if name in data and not data[name]:
                self.add_error(name, gettext("Choose the day."))
        return data


class DeclareForm:
    """The whole page: answers, trips and places of stay, as one form."""

    def __init__(self, data: Any = None, *, last: Answers | None = None) -> None:
        """`data`: of a POST; `last`: what is shown of the last time."""
        last = last or Answers()
        known = {"away": "yes"} if last.trips or last.stopovers else {}
        initial = {"origin": last.origin_code, "living": last.living_code, **known}
        self.answers = AnswersForm(data, initial=initial)
        self.trips = _rows(TripForm, data, "trip", [_trip_row(one) for one in last.trips])
        self.stays = _rows(StayForm, data, "stay", [_stay_row(one) for one in last.stopovers])

    @property
    def is_bound(self) -> bool:
        """Say whether it holds a POST."""
        return self.answers.is_bound

    def is_valid(self) -> bool:
        """Check all parts, so that all that is wrong is shown at once."""
        parts = [part.is_valid() for part in (self.answers, self.trips, self.stays)]
        if all(parts):
            self._compare_away()
        return all(parts) and self.answers.is_valid()

    def _compare_away(self) -> None:
        """Refuse "no" beside a trip, and "yes" without one."""
        rows, away = [*_filled(self.trips), *_filled(self.stays)], self.answers.cleaned_data["away"] == "yes"
        if away and not rows:
            self.answers.add_error("away", gettext("Write the trip or the place, or say no."))
        elif rows and not away:
            self.answers.add_error("away", gettext("You wrote a trip or a place: say yes, or empty its row."))

    def refuse(self, error: DeclarationRefused) -> None:
        """Show a refusal of the whole."""
        self.answers.add_error(None, refused(error))

    def given(self) -> Answers:
        """Return the answers of a valid form."""
        data = self.answers.cleaned_data
        return Answers(
            symptoms=tuple(data["symptoms"]),
            temperature=data["temperature"],
            contact_with_case=data["contact"] == "yes",
            origin_code=data["origin"],
            living_code=data["living"],
            trips=tuple(_draft_trip(row) for row in _filled(self.trips)),
            stopovers=tuple(
                DraftStopover(row["area"], row["from_day"], row["until_day"]) for row in _filled(self.stays)
            ),
        )

    def problems(self) -> list[str]:
        """Return each sentence about what is wrong, for a phone that sent a stored draft."""
        parts: list[Any] = [self.answers, *self.trips.forms, *self.stays.forms]
        found = [str(text) for part in parts for texts in part.errors.values() for text in texts]
        sets: list[Any] = [*self.trips.non_form_errors(), *self.stays.non_form_errors()]
        return list(dict.fromkeys([*found, *map(str, sets)]))


def _rows(form: type[forms.Form], data: Any, prefix: str, known: list[dict[str, Any]]) -> Any:
    made = forms.formset_factory(form, extra=1, max_num=ROWS_MAX, absolute_max=ROWS_MAX + 1, validate_max=True)
    return made(data, prefix=prefix, initial=known) if data is None else made(data, prefix=prefix)


def _filled(rows: Any) -> list[dict[str, Any]]:
    return [row.cleaned_data for row in rows if row.cleaned_data and not _is_empty(row.cleaned_data)]


def _is_empty(data: dict[str, Any]) -> bool:
    return not any(data.values())


def _trip_row(one: DraftTrip) -> dict[str, Any]:
    return {
        "mode": one.mode,
        "day": one.day,
        "number": one.number,
        "carriage": one.carriage,
        "seat": one.seat,
        "from_area": one.from_code,
        "to_area": one.to_code,
    }


def _stay_row(one: DraftStopover) -> dict[str, Any]:
    return {"area": one.area, "from_day": one.from_day, "until_day": one.until_day}


def _draft_trip(row: dict[str, Any]) -> DraftTrip:
    day: date = row["day"]
    return DraftTrip(row["mode"], day, row["number"], row["carriage"], row["seat"], row["from_area"], row["to_area"])


def _checked(text: str, check: Callable[[str], str]) -> str:
    try:
        return check(text)
    except DeclarationRefused as error:
        raise refused(error) from None
