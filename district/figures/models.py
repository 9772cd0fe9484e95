"""Day tables: one row for each figure, place and day. Pages read nothing else."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from district.emergency.models import OfMeasure
from district.permissions import Permission
from district.places.models import Place
from district.scope import Scope, VisibleModel


class FigureRow(models.Model):
    """One figure of a place on one day, perhaps of a part."""

    place = models.ForeignKey(Place, models.CASCADE, related_name="+")
    day = models.DateField()
    name = models.CharField(max_length=24)
    """`rules.FigureName`."""
    part = models.CharField(max_length=40, blank=True)
    value = models.BigIntegerField()

    class Meta:
        abstract = True

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of places in the scope."""
        return scope.places("place__path")


class DayFigure(FigureRow, VisibleModel):
    """One figure of a site, or of a seat of enterprises, on one day. Wider places are sums."""

    permission: ClassVar[Permission] = Permission.SEE_ATTENDANCE

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day", "name", "place", "part"], name="day_figure_once")
        ]


class MeasureFigure(FigureRow, OfMeasure):
    """One figure that exists only because of a measure. It goes with the measure."""

    permission: ClassVar[Permission] = Permission.SEE_HEALTH

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day", "name", "place", "part", "measure"], name="measure_figure_once")
        ]


class CountedDay(models.Model):
    """A day that was counted, and when for the last time."""

    day = models.DateField(primary_key=True)
    counted = models.DateTimeField(default=timezone.now)
