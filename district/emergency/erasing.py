"""Erase the rows of measures that are over, and the rows of running ones that are too old."""

from datetime import timedelta

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from district.audit.record import record
from district.emergency.models import EmergencyMeasure, OfMeasure

AT_ONCE = 1_000
"""Rows of one transaction: others write between."""


def models_of_measures() -> list[type[OfMeasure]]:
    """Return every table whose rows belong to a measure."""
    return [model for model in apps.get_models() if issubclass(model, OfMeasure)]


def erase_some() -> bool:
    """Erase a bounded number of rows. Return whether there may be more."""
    for measure in _due():
        if _erase_of(measure):
            return True
        _note_erased(measure)
    return False


def _due() -> list[EmergencyMeasure]:
    """Return the measures that have not lost their rows yet; what ended first comes first."""
    return list(EmergencyMeasure.objects.filter(erased=None).order_by("ends", "pk"))


def _erase_of(measure: EmergencyMeasure) -> bool:
    """Erase rows of a measure that are due. Return whether there were any."""
    now = timezone.now()
    due = Q(measure=measure)
    if not measure.over:
        due &= Q(made__lt=now - timedelta(days=measure.kept_days))
    for model in models_of_measures():
        numbers = list(model.objects.filter(due).order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
        if numbers:
            with transaction.atomic():
                rows = model.objects.filter(pk__in=numbers)
                model.before_erasing(rows)
                rows.delete()
                record("worker", "erase", model, details={"rows": str(len(numbers)), "measure": str(measure.pk)})
            return True
    return False


def _note_erased(measure: EmergencyMeasure) -> None:
    """Note that nothing of a measure that is over is left, and take its bytes out of SQLite's files."""
    if not measure.over:
        return
    with transaction.atomic():
        if EmergencyMeasure.objects.filter(pk=measure.pk, erased=None).update(erased=timezone.now()):
            record("worker", "measure erased", measure)
    wipe_free_pages(connection)


def wipe_free_pages(db: object) -> None:
    """Remove deleted bytes from SQLite's write-ahead log. PostgreSQL's autovacuum frees its own pages."""
    if getattr(db, "vendor", "") == "sqlite" and not getattr(db, "in_atomic_block", False):
        with db.cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
