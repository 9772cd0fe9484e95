"""Filters of the applications."""

from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from district.support.models import STATE_NAMES, SupportApplication, SupportMeasure


class ApplicationFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Applications by enterprise, state and measure."""

    q = django_filters.CharFilter(
        label=_("Search"),
        method="search",
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Name of the enterprise")}),
    )
    state = django_filters.ChoiceFilter(
        label=pgettext_lazy("support", "State"), choices=[(one.value, name) for one, name in STATE_NAMES.items()]
    )
    key = django_filters.ChoiceFilter(label=_("Measure"), choices=())

    class Meta:
        model = SupportApplication
        fields: ClassVar[list[str]] = []

    def __init__(self, *args: Any, **options: Any) -> None:
        """Offer the measures in their latest versions."""
        super().__init__(*args, **options)
        latest = {one.key: str(one) for one in SupportMeasure.objects.order_by("key", "version")}
        self.filters["key"].extra["choices"] = list(latest.items())

    def search(self, rows: "QuerySet[Any]", _name: str, text: str) -> "QuerySet[Any]":
        """Keep those of enterprises with these letters."""
        return rows.filter(enterprise__name__icontains=text)
