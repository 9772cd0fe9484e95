"""Filters of the lists of learners."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.training.models import Course, CourseCompletion, Learning
from district.web.days import DayFilter


class _OfCourses(django_filters.FilterSet):  # type: ignore[misc]
    """Offers the courses that an account sees."""

    course = django_filters.ModelChoiceFilter(label=_("Course"), queryset=Course.objects.none())

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.filters["course"].queryset = Course.objects.visible_to(user).order_by("title", "pk")


class LearnersFilter(_OfCourses):
    """Whose course is at which state."""

    state = django_filters.ChoiceFilter(
        label=_("State"),
        choices=[("learning", _("learning")), ("waits", _("proof at a gate is missing")), ("done", _("completed"))],
        method="of_state",
    )

    class Meta:
        model = Learning
        fields = ("course",)

    def of_state(self, rows: "QuerySet[Any]", _name: str, value: str) -> "QuerySet[Any]":
        """Keep the rows of one state."""
        if value == "done":
            return rows.filter(completed__isnull=False)
        return rows.filter(completed=None, passed__isnull=value == "learning")


class CompletedFilter(_OfCourses):
    """Whose course holds, and until when."""

    before = DayFilter(
        label=_("Ends before"),
        field_name="expires",
        lookup_expr="lt",
    )
    holding = django_filters.BooleanFilter(label=_("Holds today"), method="of_today")

    class Meta:
        model = CourseCompletion
        fields = ("course",)

    def of_today(self, rows: "QuerySet[Any]", _name: str, value: bool) -> "QuerySet[Any]":
        """Keep what holds today, or what is over."""
        today = timezone.localdate()
        return rows.filter(expires__gte=today) if value else rows.filter(expires__lt=today)
