"""Whom HQ's gates hold because of a hit: one entry for each person, at exactly the sites concerned."""

from collections.abc import Sequence

from django.utils import timezone

from district.people.models import Assignment, in_force
from district.screening.models import Hit
from district.screening.rules import HitState
from district.wire import HqRiskEntry, HqRiskLift

LIST = "district-screening"
"""A policy may have a rule for this list. Without one the gates hold."""


def risks_of(worker_ids: Sequence[str]) -> list[HqRiskEntry | HqRiskLift]:
    """Return the entries of workers, each until the end of the last hit, and who lifted others.

    A hit holds at the sites inside its measure's place where its person works, and nowhere else. When one of several
    hits ends, the worker's round sends its person again: the sites of that hit alone are free then.
    """
    known = Hit.objects.kept().filter(person__worker_id__in=worker_ids, person__erased=None, person__merged_into=None)
    known = known.select_related("person", "list", "measure__place")
    held = known.filter(state=HitState.IN_FORCE, until__gt=timezone.now(), list__withdrawn=None)
    last: dict[str, Hit] = {}
    sites: dict[str, set[str]] = {}
    for hit in held.order_by("until", "pk"):
        who, there = hit.person.worker_id, _sites(hit)
        if there:
            last[who] = hit
            sites.setdefault(who, set()).update(there)
    entries = [_entry(hit, sorted(sites[who])) for who, hit in last.items()]
    lifts: dict[str, HqRiskLift] = {}
    for hit in known.filter(state=HitState.LIFTED).order_by("decided", "pk"):
        lifts[hit.person.worker_id] = HqRiskLift(hit.person.worker_id, LIST, hit.decided_by, hit.why)
    return [*entries, *(one for who, one in lifts.items() if who not in last)]


def _entry(hit: Hit, sites: Sequence[str]) -> HqRiskEntry:
    until = hit.until.replace(microsecond=0)
    return HqRiskEntry(hit.person.worker_id, LIST, hit.list.reason_code, hit.list.officer, until, tuple(sites))


def _sites(hit: Hit) -> list[str]:
    """Return the sites of a hit's person inside the place of its measure."""
    first, end = hit.measure.place.branch
    work = Assignment.objects.filter(in_force(timezone.localdate()), person=hit.person)
    inside = work.filter(project__place__path__gte=first, project__place__path__lt=end)
    return list(inside.order_by().values_list("project__site_id", flat=True).distinct())
