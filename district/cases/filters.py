"""Filters of the list of cases."""

from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from district.cases.models import Case
from district.cases.names import KIND_NAMES, STATE_NAMES
from district.cases.rules import CaseState
from district.places.filters import BranchFilter
from district.places.models import Place

_STATES = [("open", _("all open")), *((s.value, name) for s, name in STATE_NAMES.items())]
_WHOSE = [("mine", _("mine")), ("reported", _("reported by me")), ("nobody", _("without an owner"))]


class CaseFilter(BranchFilter):
    """Cases by number, type, state, owner, place and clock."""

    wide = (*BranchFilter.wide, Place.Kind.GRID)
    q = django_filters.CharFilter(
        label=_("Case no."),
        method="by_number",
        widget=forms.TextInput({"type": "search", "inputmode": "numeric", "size": 6}),
    )
    kind = django_filters.ChoiceFilter(
        label=_("Type"), choices=[(k.value, name) for k, name in KIND_NAMES.items()], empty_label=_("all")
    )
    state = django_filters.ChoiceFilter(
        label=pgettext_lazy("case", "State"), choices=_STATES, method="in_state", empty_label=_("all")
    )
    whose = django_filters.ChoiceFilter(label=_("Whose"), choices=_WHOSE, method="of_account", empty_label=_("all"))
    below = django_filters.ModelChoiceFilter(
        label=_("Below"), queryset=Place.objects.none(), method="in_branch", empty_label=_("everywhere")
    )
    overdue = django_filters.BooleanFilter(
        label=_("Overdue"), method="only_overdue", widget=forms.CheckboxInput, initial=False
    )

    class Meta:
        model = Case
        fields: ClassVar[list[str]] = []

    def by_number(self, rows: "QuerySet[Any]", _name: str, text: str) -> "QuerySet[Any]":
        """Keep the case with a number."""
        number = text.strip().lstrip("#")
        known = number.isascii() and number.isdecimal() and len(number) < 18
        return rows.filter(pk=int(number)) if known else rows.none()

    def in_state(self, rows: "QuerySet[Any]", _name: str, state: str) -> "QuerySet[Any]":
        """Keep those in a state."""
        return rows.exclude(state=CaseState.CLOSED.value) if state == "open" else rows.filter(state=state)

    def of_account(self, rows: "QuerySet[Any]", _name: str, whose: str) -> "QuerySet[Any]":
        """Keep those that the account owns or reported, or that nobody owns."""
        user = self.request.user
        wanted = {"mine": Q(owner=user), "reported": Q(reporter=user), "nobody": Q(owner=None)}
        return rows.filter(wanted[whose])

    def only_overdue(self, rows: "QuerySet[Any]", _name: str, wanted: bool) -> "QuerySet[Any]":
        """Keep those of which a clock has run out."""
        return rows.overdue(timezone.now()) if wanted else rows  # type: ignore[attr-defined]
