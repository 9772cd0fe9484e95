"""The filters of the lists. What they offer is limited by rights too."""

from typing import Any, ClassVar

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from district.declarations.listing import asking_sites_of
from district.declarations.models import HealthDeclaration
from district.people.models import Assignment
from district.people.search import begins
from district.web.days import DayFilter


def _sites(request: Any) -> Any:
    return asking_sites_of(request.user).select_related("place").order_by("place__name", "pk")


class _OfPeople(django_filters.FilterSet):  # type: ignore[misc]
    """Chooses by site and name."""

    project = django_filters.ModelChoiceFilter(label=_("Site"), queryset=_sites, empty_label=_("all"))
    name = django_filters.CharFilter(label=_("Name"), method="by_name")

    def by_name(self, rows: "QuerySet[Any]", _name: str, text: str) -> "QuerySet[Any]":
        """Keep those whose name or pinyin begins so."""
        plain = " ".join(text.replace("\0", "").split())[:60]
        joined = plain.casefold().replace(" ", "")
        return rows.filter(begins("person__name", plain) | begins("person__joined", joined)) if plain else rows


class MissingFilter(_OfPeople):
    """Chooses among people whose declaration is missing."""

    state = django_filters.ChoiceFilter(
        label=_("State"),
        choices=[("waits", _("waits for a decision")), ("over", _("no longer valid")), ("never", _("never declared"))],
        method="in_state",
        empty_label=_("all"),
    )

    class Meta:
        model = Assignment
        fields: ClassVar[list[str]] = ["project"]

    def in_state(self, rows: "QuerySet[Any]", _name: str, state: str) -> "QuerySet[Any]":
        """Keep those in a state."""
        if state == "waits":
            return rows.exclude(held=None)
        return rows.filter(Q(held=None), last=None) if state == "never" else rows.filter(held=None).exclude(last=None)


class DueFilter(_OfPeople):
    """Chooses among people whose temperature is due."""

    class Meta:
        model = Assignment
        fields: ClassVar[list[str]] = ["project"]


class DeclarationFilter(_OfPeople):
    """Chooses among declarations."""

    day = DayFilter(label=_("Day"))
    abnormal = django_filters.ChoiceFilter(
        label=_("Abnormal"), choices=[("yes", _("only abnormal ones"))], method="only_abnormal", empty_label=_("all")
    )

    class Meta:
        model = HealthDeclaration
        fields: ClassVar[list[str]] = ["project", "day"]

    def only_abnormal(self, rows: "QuerySet[Any]", _name: str, _value: str) -> "QuerySet[Any]":
        """Keep the abnormal ones."""
        return rows.exclude(abnormal="")
