"""Whom HQ's gates hold because of a hit: one entry for each person, at exactly the sites concerned."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.utils import timezone

from district.emergency.models import EmergencyMeasure
from district.screening.models import Hit
from district.screening.rules import HitState
from district.screening.work import work_inside
from district.wire import HqRiskEntry, HqRiskLift

LIST = "district-screening"
"""A policy may have a rule for this list. Without one the gates hold."""


def risks_of(worker_ids: Sequence[str]) -> list[HqRiskEntry | HqRiskLift]:
    """Return the entries of workers, each until the end of the last hit, and who lifted others.

    A hit holds at the sites inside its measure's place where its person works, and nowhere else. When one of several
    hits ends, the worker's round sends its person again. The sites of that hit alone are free then.
    """
    known = Hit.objects.kept().filter(person__worker_id__in=worker_ids, person__erased=None, person__merged_into=None)
    known = known.select_related("person", "list", "measure__place")
    held = known.filter(state=HitState.IN_FORCE, until__gt=timezone.now(), list__withdrawn=None)
    hits: list[Hit] = list(held.order_by("until", "pk"))
    there, last = _sites(hits), dict[str, Hit]()
    sites: dict[str, set[str]] = defaultdict(set)
    for hit in hits:
        if found := there.get((hit.measure_id, hit.person_id)):
            last[hit.person.worker_id] = hit
            sites[hit.person.worker_id] |= found
    entries = [_entry(hit, sorted(sites[who])) for who, hit in last.items()]
    lifts: dict[str, HqRiskLift] = {}
    for hit in known.filter(state=HitState.LIFTED).order_by("decided", "pk"):
        lifts[hit.person.worker_id] = HqRiskLift(hit.person.worker_id, LIST, hit.decided_by, hit.why)
    return [*entries, *(one for who, one in lifts.items() if who not in last)]


def _entry(hit: Hit, sites: Sequence[str]) -> HqRiskEntry:
    until = hit.until.replace(microsecond=0)
    return HqRiskEntry(hit.person.worker_id, LIST, hit.list.reason_code, hit.list.officer, until, tuple(sites))


def _sites(hits: Iterable[Hit]) -> dict[tuple[int, int], set[str]]:
    """Return the sites of each person inside the place of each measure, by both keys. A measure is one query."""
    people: dict[EmergencyMeasure, set[int]] = defaultdict(set)
    for hit in hits:
        people[hit.measure].add(hit.person_id)
    found: dict[tuple[int, int], set[str]] = defaultdict(set)
    for measure, theirs in people.items():
        work = work_inside(measure).filter(person__in=theirs).order_by()
        for person, site in work.values_list("person", "project__site_id"):
            found[measure.pk, person].add(site)
    return found
