"""Forms of places, enterprises and sites."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from district.places.choices import AccountChoiceField, EnterpriseField, PlaceChoiceField, places_for
from district.places.models import Enterprise, Place, Project
from district.places.rules import (
    OUTLINE_BYTES_MAX,
    PlaceRefused,
    checked_outline,
    checked_position,
    checked_uscc,
    is_site_id,
    may_stand_below,
)
from district.scope import Account
from district.web.days import DayField
from district.web.refusals import refused


class AddPlaceForm(forms.Form):
    """A new place below another."""

    kind = forms.ChoiceField(label=_("Type"))
    name = forms.CharField(label=pgettext_lazy("thing", "Name"), max_length=120)
    code = forms.CharField(
        label=_("Area code"), max_length=20, required=False, help_text=_("The division's code, or the grid's number.")
    )

    def __init__(self, parent: Place, *args: Any, **options: Any) -> None:
        """`parent`: the place above."""
        super().__init__(*args, **options)
        kinds = [
            (k, name) for k, name in Place.Kind.choices if k != Place.Kind.SITE and may_stand_below(k, parent.kind)
        ]
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = kinds


class ChangePlaceForm(forms.Form):
    """Name, code and outline of a place."""

    name = forms.CharField(label=pgettext_lazy("thing", "Name"), max_length=120)
    code = forms.CharField(label=_("Area code"), max_length=20, required=False)
    file = forms.FileField(
        label=_("Outline"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".geojson,.json"}),
        help_text=_("A GeoJSON file (WGS84) with one area. It replaces the former outline."),
    )
    without_outline = forms.BooleanField(label=_("Remove the outline"), required=False)

    def clean_file(self) -> Any:
        """Check the outline."""
        file = self.cleaned_data["file"]
        if not file:
            return None
        try:
            return checked_outline(file.read(OUTLINE_BYTES_MAX + 1)).geometry
        except PlaceRefused as error:
            raise refused(error) from error

    def changes(self) -> dict[str, Any]:
        """Return what the form says, by the fields of the place."""
        said = {"name": self.cleaned_data["name"], "code": self.cleaned_data["code"]}
        if self.cleaned_data["file"]:
            return {**said, "outline": self.cleaned_data["file"]}
        return {**said, "outline": None} if self.cleaned_data["without_outline"] else said


class MovePlaceForm(forms.Form):
    """Where a place is to stand."""

    def __init__(self, user: Account, place: Place, *args: Any, **options: Any) -> None:
        """Offer the places below which it may stand."""
        super().__init__(*args, **options)
        found = places_for(user, below_may_stand=place.kind).exclude(path__startswith=place.path)
        self.fields["parent"] = PlaceChoiceField(queryset=found, label=_("Below"))


class EnterpriseForm(forms.Form):
    """An enterprise."""

    name = forms.CharField(label=pgettext_lazy("thing", "Name"), max_length=120)
    uscc = forms.CharField(label=_("Unified social credit code"), max_length=40)
    kind = forms.ChoiceField(label=_("Type"), choices=Enterprise.Kind.choices, initial=Enterprise.Kind.LABOUR)
    contact = forms.CharField(label=_("Contact"), max_length=80, required=False)
    phone = forms.CharField(
        label=_("Telephone"), max_length=40, required=False, widget=forms.TextInput({"type": "tel"})
    )

    def __init__(self, user: Account, *args: Any, **options: Any) -> None:
        """`user`: in whose part of the tree the seat may be."""
        super().__init__(*args, **options)
        note = _("The grid, community or town where it has its seat: one enterprise, one grid.")
        self.fields["place"] = PlaceChoiceField(queryset=places_for(user), label=_("Seat"), help_text=note)

    def clean_uscc(self) -> str:
        """Check the code by its last character."""
        try:
            return checked_uscc(self.cleaned_data["uscc"])
        except PlaceRefused as error:
            raise refused(error) from error


class SiteForm(forms.Form):
    """A building site. Fields that only a new site has are removed for an older one."""

    name = forms.CharField(label=pgettext_lazy("thing", "Name"), max_length=120)
    site_id = forms.SlugField(
        label=_("Site id"),
        max_length=63,
        required=False,
        help_text=_("Small letters, digits and hyphens, as the gates carry it. Empty: it is made from the name."),
    )
    permit = forms.CharField(label=_("Building permit"), max_length=60, required=False)
    code = forms.CharField(
        label=_("Platform code"),
        max_length=40,
        required=False,
        help_text=_("The project's code on the national platform."),
    )
    address = forms.CharField(label=_("Address"), max_length=200, required=False)
    longitude = forms.FloatField(label=_("Longitude"), required=False)
    latitude = forms.FloatField(label=_("Latitude"), required=False, help_text=_("In degrees (WGS84)."))
    starts = DayField(label=_("Work begins"), required=False)
    ends = DayField(label=_("Work ends"), required=False)
    resumed = DayField(label=_("Resumed work"), required=False)
    field_order = ("name", "parent", "site_id", "general_contractor")

    def __init__(self, user: Account, project: Project | None, *args: Any, **options: Any) -> None:
        """`project`: the site to change; None for a new one."""
        super().__init__(*args, **options)
        self.fields["general_contractor"] = EnterpriseField(user=user, label=_("General contractor"))
        if project is None:
            self.fields["parent"] = PlaceChoiceField(
                queryset=places_for(user, below_may_stand="site"), label=_("Below")
            )
            del self.fields["resumed"]
        else:
            del self.fields["site_id"]
        self.order_fields(self.field_order)

    def clean_site_id(self) -> str:
        """Refuse what HQ would refuse."""
        text = str(self.cleaned_data["site_id"])
        if text and not is_site_id(text):
            raise ValidationError(_("Use small letters, digits and hyphens."))
        return text

    def clean(self) -> dict[str, Any]:
        """Check the position and the order of the days."""
        said = self.cleaned_data
        try:
            checked_position(said.get("longitude"), said.get("latitude"))
        except PlaceRefused as error:
            self.add_error("latitude", refused(error))
        if said.get("starts") and said.get("ends") and said["ends"] < said["starts"]:
            self.add_error("ends", _("The end is before the beginning: correct one of both."))
        return said


class SubcontractForm(forms.Form):
    """An enterprise that works on a site."""

    starts = DayField(label=_("Contract from"), initial=timezone.localdate)
    ends = DayField(label=_("Contract until"), required=False)

    def __init__(self, user: Account, *args: Any, **options: Any) -> None:
        """`user`: among whose enterprises is chosen."""
        super().__init__(*args, **options)
        self.fields["enterprise"] = EnterpriseField(user=user, label=_("Enterprise"))
        self.order_fields(("enterprise", "starts", "ends"))


class DayForm(forms.Form):
    """A day on which something ends."""

    day = DayField(label=_("Day"), initial=timezone.localdate)


class AppointForm(forms.Form):
    """Who is in charge."""

    def __init__(self, user: Account, *args: Any, **options: Any) -> None:
        """`user`: among whose accounts is chosen."""
        super().__init__(*args, **options)
        note = _("An account with a role in your part of the tree. Its former holder's time ends today.")
        self.fields["who"] = AccountChoiceField(user=user, label=_("Person in charge"), help_text=note)
