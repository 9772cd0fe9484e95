"""Erase cases that closed long ago. Cases of a measure go earlier, with the measure."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from district.audit.record import record
from district.cases.models import Case, CaseTrigger
from district.web.clock import is_proven

KEPT = timedelta(days=730)
"""A closed case is kept so long: its history shows who did what."""
TRIGGERS_KEPT = timedelta(days=14)
"""HQ repeats an event of a restored journal. Older ones open no case."""
AT_ONCE = 500


def forget_old() -> bool:
    """Erase a bounded number of cases. Return whether there may be more. A clock that jumped erases nothing."""
    now = timezone.now()
    if not is_proven(now):
        return False
    CaseTrigger.objects.filter(made__lt=now - TRIGGERS_KEPT).delete()
    old = list(Case.objects.filter(closed__lt=now - KEPT).order_by("closed").values_list("pk", flat=True)[:AT_ONCE])
    if old:
        with transaction.atomic():
            Case.objects.filter(pk__in=old).delete()
            record("worker", "erase", Case, details={"count": str(len(old))})
    return len(old) == AT_ONCE
