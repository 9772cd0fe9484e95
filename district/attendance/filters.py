"""The filters of attendance lists. What they offer is limited by rights too."""

from collections.abc import Iterator
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters.fields import ModelChoiceField, ModelChoiceIterator

from district.attendance.models import Correction, Day, Stay
from district.attendance.models.projections import FLAGGED
from district.people.models import Person, Team
from district.people.rules import TRADES
from district.people.search import begins
from district.permissions import Permission
from district.places.models import Enterprise, Project
from district.web import days


def _sites(request: Any) -> QuerySet[Any]:
    return Project.objects.visible_to(request.user).select_related("place").only("place__name")


def _employers(request: Any) -> QuerySet[Any]:
    return Enterprise.objects.visible_to(request.user).only("name")


def _teams(request: Any) -> QuerySet[Any]:
    """Offer teams of the chosen site; without one there would be thousands."""
    site = request.GET.get("project", "")
    if not site.isdecimal() or len(site) > 18:
        return Team.objects.none()
    return Team.objects.visible_to(request.user, Permission.SEE_PRESENCE).filter(project=int(site))


class _NamedIterator(ModelChoiceIterator):  # type: ignore[misc]
    """Gives the key and name of each choice. A thousand rows as objects take 40 ms of a page."""

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        """Read two columns."""
        if self.field.empty_label is not None:
            yield "", self.field.empty_label
        name = "place__name" if self.queryset.model is Project else "name"
        yield from self.queryset.values_list("pk", name).iterator()


class _NamedField(ModelChoiceField):  # type: ignore[misc]
    """A choice among rows that are shown by their name."""

    iterator = _NamedIterator


class _NamedFilter(django_filters.ModelChoiceFilter):  # type: ignore[misc]
    """A filter by a row that is shown by its name."""

    field_class = _NamedField


def _trades() -> list[tuple[str, str]]:
    return [(code, str(names[0])) for code, names in TRADES.items()]


class _AtSiteFilter(django_filters.FilterSet):  # type: ignore[misc]
    """What all lists of attendance can be filtered by."""

    name = django_filters.CharFilter(
        label=_("Name"), method="by_name", max_length=40, widget=forms.TextInput(attrs={"type": "search"})
    )
    project = _NamedFilter(label=_("Site"), queryset=_sites)
    enterprise = _NamedFilter(label=_("Employer"), queryset=_employers)
    team = _NamedFilter(label=_("Team"), queryset=_teams)

    def by_name(self, rows: QuerySet[Any], _name: str, text: str) -> QuerySet[Any]:
        """Keep people whose name or pinyin begins so."""
        plain = text.strip().replace("\0", "")
        joined = plain.lower().replace(" ", "")
        people = Person.objects.filter(begins("name", plain) | begins("joined", joined))
        return rows.filter(person__in=people.order_by().values("pk"))


class InsideFilter(_AtSiteFilter):
    """Filters of who is inside."""

    trade = django_filters.ChoiceFilter(label=_("Trade"), choices=_trades)

    class Meta:
        model = Stay
        fields: ClassVar = ["name", "project", "enterprise", "team", "trade"]


class DayFilter(_AtSiteFilter):
    """Filters of days."""

    since = days.DayFilter(
        label=_("From"),
        field_name="date",
        lookup_expr="gte",
    )
    until = days.DayFilter(
        label=_("To"),
        field_name="date",
        lookup_expr="lte",
    )
    flagged = django_filters.BooleanFilter(label=_("Incomplete"), method="by_flag", widget=forms.CheckboxInput)

    class Meta:
        model = Day
        fields: ClassVar = ["name", "project", "enterprise", "team", "since", "until", "flagged"]

    def by_flag(self, rows: QuerySet[Any], _name: str, value: bool) -> QuerySet[Any]:
        """Keep days without an entry or exit."""
        return rows.filter(FLAGGED) if value else rows


class CorrectionFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Filters of requests."""

    project = _NamedFilter(label=_("Site"), queryset=_sites)
    state = django_filters.ChoiceFilter(label=_("State"), choices=Correction.State.choices)
    kind = django_filters.ChoiceFilter(label=_("Asked"), choices=Correction.Kind.choices)

    class Meta:
        model = Correction
        fields: ClassVar = ["project", "state", "kind"]
