"""Whom HQ's gates hold because of a hit: one entry for each person."""

from collections.abc import Sequence

from django.utils import timezone

from district.screening.models import Hit
from district.screening.rules import HitState
from district.wire import HqRiskEntry, HqRiskLift

LIST = "district-screening"
"""A policy may have a rule for this list. Without one the gates hold."""


def risks_of(worker_ids: Sequence[str]) -> list[HqRiskEntry | HqRiskLift]:
    """Return the entries of workers, each until the end of the last hit, and who lifted others."""
    known = Hit.objects.kept().filter(person__worker_id__in=worker_ids, person__erased=None, person__merged_into=None)
    known = known.select_related("person", "list")
    entries: dict[str, HqRiskEntry] = {}
    held = known.filter(state=HitState.IN_FORCE, until__gt=timezone.now(), list__withdrawn=None)
    for hit in held.order_by("until", "pk"):
        who, until = hit.person.worker_id, hit.until.replace(microsecond=0)
        entries[who] = HqRiskEntry(who, LIST, hit.list.reason_code, hit.list.officer, until)
    lifts: dict[str, HqRiskLift] = {}
    for hit in known.filter(state=HitState.LIFTED).order_by("decided", "pk"):
        lifts[hit.person.worker_id] = HqRiskLift(hit.person.worker_id, LIST, hit.decided_by, hit.why)
    return [*entries.values(), *(one for who, one in lifts.items() if who not in entries)]
