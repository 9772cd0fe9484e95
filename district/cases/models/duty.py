"""The district's calendar, hours of office, night duty and quiet."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from district.permissions import Permission
from district.places.models import Place
from district.scope import Scope, VisibleModel


class CalendarDay(models.Model):
    """A day on which the district works, or does not, other than its weekday says."""

    day = models.DateField(_("day"), primary_key=True)
    works = models.BooleanField(_("working day"))
    name = models.CharField(pgettext_lazy("thing", "name"), max_length=80, blank=True)
    edited_by = models.CharField(_("changed by"), max_length=150, blank=True)
    """Empty: from the published calendar, which may replace it."""

    class Meta:
        ordering: ClassVar = ["day"]


class DutyHours(VisibleModel):
    """Hours of a weekday in one part of the tree. The nearest place above a case that has some decides."""

    class Kind(models.TextChoices):
        """What the hours are."""

        OFFICE = "office", _("Office hours")
        NIGHT = "night", _("Night duty")
        QUIET = "quiet", _("Quiet hours")

    permission: ClassVar[Permission] = Permission.SEE_CASES
    place = models.ForeignKey(Place, models.CASCADE, related_name="duty_hours")
    kind = models.CharField(_("type"), max_length=8, choices=Kind.choices)
    weekday = models.PositiveSmallIntegerField(_("weekday"))
    """0 is Monday. Night duty and quiet hours hold on free days too."""
    begins = models.TimeField(_("begins"))
    ends = models.TimeField(_("ends"))
    """Not after `begins`: on the next day."""
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="duty_hours")
    """Who has night duty."""

    class Meta:
        ordering: ClassVar = ["kind", "weekday", "begins"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="duty_weekday"),
            models.CheckConstraint(condition=~Q(kind="night") | Q(user__isnull=False), name="night_duty_has_somebody"),
            models.UniqueConstraint(fields=["place", "kind", "weekday", "begins"], name="duty_hours_once"),
        ]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of places in the scope."""
        return scope.places("place__path")
