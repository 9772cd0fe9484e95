"""Days that people choose in forms."""

from datetime import date
from typing import Any, ClassVar

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""Sheets take the same days. Within them each day has a day before and after it."""


class DayInput(forms.DateInput):
    """A date as the browser picks it."""

    input_type = "date"

    def __init__(self) -> None:
        """Use the browser's own form of dates."""
        super().__init__(format="%Y-%m-%d")


class DayField(forms.DateField):
    """A day. Programs write 9999-12-31 for "without an end": no day follows it, so it is refused in words."""

    widget = DayInput

    def __init__(self, **options: Any) -> None:
        """Refuse days that nobody means."""
        super().__init__(**options)
        says = _("No day of 1900 to 2199: compare the year.")
        self.validators += [MinValueValidator(FIRST_DAY, says), MaxValueValidator(LAST_DAY, says)]


class DayFilter(django_filters.DateFilter):  # type: ignore[misc]
    """A day that a list is filtered by."""

    field_class: ClassVar = DayField
