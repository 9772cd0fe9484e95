"""Filters of the lists."""

from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.places.models import Enterprise, Place, Project

_STATES = [("open", _("under construction")), ("closed", _("closed")), ("past", _("past its end"))]


def _search(text: Any) -> Any:
    return forms.TextInput(attrs={"type": "search", "placeholder": text})


class BranchFilter(django_filters.FilterSet):  # type: ignore[misc]
    """A base for filters with `below`: a choice of the wide places that the account sees."""

    place_path: ClassVar[str] = "place__path"
    """Where the rows have the path of their place."""
    wide: ClassVar[tuple[Place.Kind, ...]] = (Place.Kind.DISTRICT, Place.Kind.TOWN, Place.Kind.COMMUNITY)

    def __init__(self, *args: Any, **options: Any) -> None:
        """Offer the wide places that the account sees."""
        super().__init__(*args, **options)
        if self.request is not None:
            self.filters["below"].queryset = Place.objects.visible_to(self.request.user).filter(kind__in=self.wide)

    def in_branch(self, rows: "QuerySet[Any]", _name: str, place: Place) -> "QuerySet[Any]":
        """Keep those below a place."""
        first, end = place.branch
        return rows.filter(**{f"{self.place_path}__gte": first, f"{self.place_path}__lt": end})


class SiteFilter(BranchFilter):
    """Sites by words, state and place."""

    q = django_filters.CharFilter(label=_("Search"), method="search", widget=_search(_("Name, permit or id")))
    state = django_filters.ChoiceFilter(label=_("State"), choices=_STATES, method="in_state", empty_label=_("all"))
    below = django_filters.ModelChoiceFilter(
        label=_("Below"),
        queryset=Place.objects.none(),
        method="in_branch",
        empty_label=_("everywhere"),
    )

    class Meta:
        model = Project
        fields: ClassVar[list[str]] = []

    def search(self, rows: "QuerySet[Any]", _name: str, text: str) -> "QuerySet[Any]":
        """Keep those whose name, permit or id has these letters."""
        return rows.filter(Q(place__name__icontains=text) | Q(permit__icontains=text) | Q(site_id__icontains=text))

    def in_state(self, rows: "QuerySet[Any]", _name: str, state: str) -> "QuerySet[Any]":
        """Keep those in a state."""
        today = timezone.localdate()
        closed = Q(closed__lte=today)
        if state == "closed":
            return rows.filter(closed)
        still = Q(closed=None) | Q(closed__gt=today)
        return rows.filter(still, ends__lt=today) if state == "past" else rows.filter(still)


class EnterpriseFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Enterprises by words and kind; retired ones only if asked for."""

    q = django_filters.CharFilter(label=_("Search"), method="search", widget=_search(_("Name or code")))
    kind = django_filters.ChoiceFilter(label=_("Type"), choices=Enterprise.Kind.choices, empty_label=_("all"))
    retired = django_filters.BooleanFilter(
        label=_("Retired too"), method="with_retired", widget=forms.CheckboxInput, initial=False
    )

    class Meta:
        model = Enterprise
        fields: ClassVar[list[str]] = []

    def filter_queryset(self, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """Leave retired ones out, unless asked for."""
        found: QuerySet[Any] = super().filter_queryset(queryset)
        return found if self.form.cleaned_data.get("retired") else found.filter(retired=None)

    def search(self, rows: "QuerySet[Any]", _name: str, text: str) -> "QuerySet[Any]":
        """Keep those whose name or code has these letters."""
        return rows.filter(Q(name__icontains=text) | Q(uscc__icontains=text))

    def with_retired(self, rows: "QuerySet[Any]", _name: str, _value: bool) -> "QuerySet[Any]":
        """Leave it to `filter_queryset`."""
        return rows
