"""Filters of the list of quarantines."""

from datetime import timedelta
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.fields import index_of
from district.people.models import Person
from district.people.search import found_q
from district.places.filters import BranchFilter
from district.places.models import Place
from district.quarantine.models import OPEN_OFFER, QuarantineHandOver, QuarantineNeed, QuarantineOrder
from district.quarantine.registry.watching import unvisited_on, with_visits

_STATES = [
    ("due", _("visit due today")),
    ("overdue", _("overdue")),
    ("moving", _("between two hands")),
    ("to_me", _("offered to me")),
    ("mine", _("with me")),
    ("needs", _("needs something")),
    ("released", _("released")),
]


def orders_in_state(rows: "QuerySet[Any]", state: str, me: int) -> "QuerySet[Any]":
    """Keep the orders in one of the states of `_STATES`. `me`: the key of the account that asks."""
    offers = QuarantineHandOver.objects.filter(OPEN_OFFER)
    match state:
        case "due":
            return _due_today(rows)
        case "overdue":
            return _overdue(rows)
        case "moving":
            return rows.filter(pk__in=offers.values("order"))
        case "to_me":
            return rows.filter(pk__in=offers.filter(receiver=me).values("order"))
        case "mine":
            return rows.filter(holder=me)
        case "needs":
            return rows.filter(pk__in=QuarantineNeed.objects.filter(done=None).values("order"))
    return rows.exclude(released=None)


def _overdue(rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """Keep the orders in which somebody should have done something: a visit, a hand-over, a release."""
    today = timezone.localdate()
    missed = unvisited_on(today - timedelta(days=1), rows).values("pk")
    late = Exists(QuarantineHandOver.objects.filter(OPEN_OFFER, order=OuterRef("pk"), due__lt=timezone.now()))
    return rows.filter(Q(pk__in=missed) | Q(ends__lt=today) | Q(late))


def _due_today(rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """Keep the orders that lack a visit of today."""
    today = timezone.localdate()
    return with_visits(rows.filter(starts__lte=today), today, "seen").filter(visits_each_day__gt=F("seen"))


class QuarantineFilter(BranchFilter):
    """Quarantines by words, state and place. Without a state those that nobody released."""

    q = django_filters.CharFilter(
        label=_("Search"),
        method="search",
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Name, worker id or phone")}),
    )
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=_STATES, method="in_state", empty_label=_("in quarantine")
    )
    below = django_filters.ModelChoiceFilter(
        label=_("Below"), queryset=Place.objects.none(), method="in_branch", empty_label=_("everywhere")
    )

    class Meta:
        model = QuarantineOrder
        fields: ClassVar[list[str]] = []

    def filter_queryset(self, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """Leave those out who were released, unless asked for."""
        found: QuerySet[Any] = super().filter_queryset(queryset)
        return found if self.form.cleaned_data.get("state") == "released" else found.filter(released=None)

    def search(self, rows: "QuerySet[Any]", _name: str, text: str) -> "QuerySet[Any]":
        """Keep workers who fit, and others by their whole name."""
        assert self.request is not None
        user: Any = self.request.user
        people = Person.objects.visible_to(user).filter(found_q(text, user)).values("pk")
        name = index_of(QuarantineOrder, "name_index", " ".join(text.split()).casefold())
        return rows.filter(Q(person__in=people) | (Q(name_index=name) & ~Q(name_index="")))

    def in_state(self, rows: "QuerySet[Any]", _name: str, state: str) -> "QuerySet[Any]":
        """Keep those in a state."""
        assert self.request is not None
        return orders_in_state(rows, state, self.request.user.pk)
