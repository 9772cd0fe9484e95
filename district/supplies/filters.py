"""Filters of the lists."""

from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from district.places.filters import BranchFilter
from district.places.models import Place, Project
from district.supplies.asked import FILED, SHORT, policy_value
from district.supplies.models import SupplyLine
from district.supplies.names import ITEM_NAMES, STOCK_NAMES
from district.supplies.rules.items import StockState
from district.web.days import DayField, DayFilter

_STATES = [("missing", pgettext_lazy("filing", "not declared")), ("filed", pgettext_lazy("filing", "declared"))]
_STOCKS = [(one.value, STOCK_NAMES[one]) for one in (StockState.SHORT, StockState.SURPLUS)]
_WIDE = (*BranchFilter.wide, Place.Kind.GRID)


class DeclaredFilter(BranchFilter):
    """Sites by day, state and place."""

    wide = _WIDE
    day = DayFilter(label=_("Day"), method="as_it_is")
    state = django_filters.ChoiceFilter(label=_("State"), choices=_STATES, method="in_state", empty_label=_("all"))
    below = django_filters.ModelChoiceFilter(
        label=_("Below"), queryset=Place.objects.none(), method="in_branch", empty_label=_("everywhere")
    )

    class Meta:
        model = Project
        fields: ClassVar[list[str]] = []

    def as_it_is(self, rows: "QuerySet[Any]", _name: str, _value: object) -> "QuerySet[Any]":
        """Leave it to the view, which shows the day that was chosen."""
        return rows

    def in_state(self, rows: "QuerySet[Any]", _name: str, state: str) -> "QuerySet[Any]":
        """Keep those that declared, or those that did not."""
        return rows.filter(FILED) if state == "filed" else rows.exclude(FILED)


class StockFilter(BranchFilter):
    """Stocks by item, state and place."""

    wide = _WIDE
    place_path = "report__project__place__path"
    item = django_filters.ChoiceFilter(
        label=_("Item"), choices=[(one.value, name) for one, name in ITEM_NAMES.items()], empty_label=_("all")
    )
    state = django_filters.ChoiceFilter(label=_("State"), choices=_STOCKS, method="in_state", empty_label=_("all"))
    below = django_filters.ModelChoiceFilter(
        label=_("Below"), queryset=Place.objects.none(), method="in_branch", empty_label=_("everywhere")
    )

    class Meta:
        model = SupplyLine
        fields: ClassVar[list[str]] = []

    def in_state(self, rows: "QuerySet[Any]", _name: str, state: str) -> "QuerySet[Any]":
        """Keep short stocks, or those of which a site can give."""
        if state == StockState.SHORT:
            return rows.filter(SHORT)
        days, each = policy_value("surplus_days"), policy_value("people_per_thermometer")
        durable = Q(item="thermometers", report__people__gt=0, report__people__lte=(F("stock") - 1) / 2 * each)
        return rows.filter(Q(daily_use__gt=0, stock__gte=F("daily_use") * (days + 1)) | durable)


class LevelForm(forms.Form):
    """The day and the level of the tree of the sums."""

    day = DayField(label=_("Day"), required=False)
    level = forms.ChoiceField(
        label=_("Level"),
        required=False,
        choices=[(one.value, one.label) for one in Place.Kind if one != Place.Kind.SITE],
    )
