"""Measures, and the base of every row that one allows."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import ExpressionWrapper, F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.emergency.rules import MeasureKind
from district.permissions import Permission
from district.places.models import Place
from district.scope import Scope, VisibleModel, VisibleQuerySet

KIND_NAMES = {
    MeasureKind.DECLARATIONS: _("Workers declare health and trips"),
    MeasureKind.SUPPLIES: _("Sites declare people and supplies"),
    MeasureKind.SCREENING: _("Key lists are compared"),
    MeasureKind.TRACING: _("Contacts are traced"),
    MeasureKind.QUARANTINE: _("Quarantine is followed"),
}


class EmergencyMeasure(VisibleModel):
    """What a district may collect in one part of the tree, why, and until when. It never starts again: who needs it
    longer extends it before its end, or starts another.
    """

    permission: ClassVar[Permission] = Permission.SEE_MEASURES
    kind = models.CharField(_("type"), max_length=16, choices=[(k.value, name) for k, name in KIND_NAMES.items()])
    place = models.ForeignKey(Place, models.PROTECT, related_name="measures")
    purpose = models.CharField(_("purpose"), max_length=500)
    legal_basis = models.CharField(_("legal basis"), max_length=500)
    starts = models.DateField(_("first day"))
    ends = models.DateField(_("last day"))
    kept_days = models.PositiveSmallIntegerField(_("days that each entry is kept"))
    by = models.CharField(_("started by"), max_length=150)
    made = models.DateTimeField(default=timezone.now)
    ended = models.DateTimeField(_("ended early"), null=True, blank=True)
    erased = models.DateTimeField(_("data erased"), null=True, blank=True)
    """When none of its rows were left."""

    class Meta:
        ordering: ClassVar = ["-starts", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends__gte=F("starts")), name="emergency_measure_in_order")
        ]
        indexes: ClassVar = [
            models.Index(fields=["kind", "ends"], condition=Q(ended=None), name="emergency_measure_open")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.place.name}"

    @property
    def over(self) -> bool:
        """Say whether it has ended, early or after its last day, or is erased. Then it stays over by any clock."""
        return self.ended is not None or self.erased is not None or self.ends < timezone.localdate()

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the measures of places in the scope, and those of places above it: they hold there too."""
        above = {path for first, _end in scope.ranges for path in Place.paths_to(first)}
        return scope.places("place__path") | Q(place__path__in=above)


class OfMeasureQuerySet(VisibleQuerySet):
    """Rows of measures."""

    def kept(self, today: Any = None) -> Self:
        """Keep the rows whose measure is not over, so that nobody reads what waits for its erasure.

        `today`: for a prepared query, which has no day yet.
        """
        return self.filter(_not_over(today))

    def mark_kept(self, today: Any = None) -> Self:
        """Add `kept` to each row: whether `kept()` would keep it."""
        return self.annotate(kept=ExpressionWrapper(_not_over(today), output_field=models.BooleanField()))


def _not_over(today: Any) -> Q:
    return Q(measure__ended=None, measure__erased=None, measure__ends__gte=today or timezone.localdate())


class OfMeasure(VisibleModel):
    """A row that exists only because of a measure. It goes with the measure, or after the measure's `kept_days`.

    `emergency.erasing` finds all its subclasses by itself. Rows that hang on such a row by CASCADE go with it.
    """

    measure = models.ForeignKey(EmergencyMeasure, models.PROTECT, related_name="+")
    made = models.DateTimeField(_("recorded"), default=timezone.now, db_index=True)
    objects = OfMeasureQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        abstract = True

    @classmethod
    def before_erasing(cls, rows: "models.QuerySet[Any]") -> None:
        """Undo what rows did elsewhere before they go, in the same transaction: files, entries at HQ."""
