"""The present state of workers and sites, as HQ needs it. Only this is ever handed over, never a difference."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from district.exchange.signals import declared_asked, hours_asked
from district.people import for_hq
from district.people.for_hq import WorkerForHq, WorkOnSite
from district.people.models import Assignment
from district.people.rules.trainings import TrainingForGate, trained
from district.places.models import Project
from district.wire import HqSite, HqSiteDates, HqWorker

_TEXT_MAX = 80
"""HQ's limit for names."""


def workers_for_hq(worker_ids: Sequence[str], today: date | None = None) -> list[HqWorker]:
    """Return these people as HQ needs them. Who was erased, merged or has no work passes no gate."""
    today = today or timezone.localdate()
    found = for_hq.workers_for_hq(worker_ids)
    workers = [hq_worker(one, today) for one in found.values() if not one.erased]
    answers: Any = declared_asked.send(HqWorker, worker_ids=worker_ids)
    for _receiver, declared in answers:
        if declared is not None:
            workers = [replace(one, declares=True, declared_utc=declared.get(one.worker_id)) for one in workers]
    return workers


def hq_worker(one: WorkerForHq, today: date) -> HqWorker:
    """Name the sites of today and of later, each with its own dates. A gate without a network goes by them. Pure."""
    dates = _dates(one, today)
    shown = one.on(today) or _next(one.work, today)
    last = max(shown, key=lambda work: work.starts, default=None)
    ends = [own.valid_until for own in dates if own.valid_until is not None]
    trainings = [own.training_valid_until for own in dates if own.training_valid_until is not None]
    return HqWorker(
        worker_id=one.worker_id,
        name=one.name[:_TEXT_MAX],
        sites=tuple(own.site_id for own in dates),
        active=bool(dates),
        valid_from=min((own.valid_from for own in dates if own.valid_from), default=None),
        valid_until=max(ends) if dates and len(ends) == len(dates) else None,
        training_valid_until=min(trainings) if dates and len(trainings) == len(dates) else None,
        site_dates=dates,
        employer=last.employer[:_TEXT_MAX] if last else "",
        trade=last.trade[:_TEXT_MAX] if last else "",
        team=last.team[:_TEXT_MAX] if last else "",
        phone=one.phone,
        slow=one.slow,
        consent_ref=one.face_consent or None,
        cards=one.cards,
    )


def site_for_hq(site_id: str) -> HqSite | None:
    """Return a site; None if there is none of this id."""
    project = Project.objects.filter(site_id=site_id).select_related("place").first()
    if project is None:
        return None
    closed = project.closed is not None and project.closed <= timezone.localdate()
    site = HqSite(project.site_id, project.place.name[:_TEXT_MAX], retired=closed)
    answers: Any = hours_asked.send(HqSite, project=project)
    for _receiver, said in answers:
        if said is not None:
            site = replace(site, says_hours=said[0], declaration_valid_h=said[1])
    return site


def turning(since: date, today: date) -> list[str]:
    """Return the workers whose assignments began or ended on the days after `since`, up to today."""
    began = Q(starts__gt=since, starts__lte=today)
    ended = Q(ends__gte=since, ends__lt=today)
    turned = Assignment.objects.filter(began | ended)
    return sorted(turned.order_by().values_list("person__worker_id", flat=True).distinct())


def closing(since: date, today: date) -> list[str]:
    """Return the sites that closed on the days after `since`, up to today."""
    closed = Project.objects.filter(closed__gt=since, closed__lte=today)
    return sorted(closed.order_by().values_list("site_id", flat=True))


def _next(work: Sequence[WorkOnSite], today: date) -> tuple[WorkOnSite, ...]:
    """Return the work that begins next, on its first day."""
    later = [one for one in work if one.starts > today]
    first = min((one.starts for one in later), default=today + timedelta(days=1))
    return tuple(one for one in later if one.starts == first)


def _dates(one: WorkerForHq, today: date) -> tuple[HqSiteDates, ...]:
    """Return the dates at each site of today or later. Pure.

    HQ knows one time for each site: the present one, or else the next. The worker's own dates, which HQ takes where a
    date here is None, are None too then.
    """
    by_site: dict[str, list[WorkOnSite]] = {}
    for work in one.work:
        by_site.setdefault(work.site_id, []).append(work)
    return tuple(
        dates for site_id in sorted(by_site) if (dates := _at(site_id, by_site[site_id], one.trainings, today))
    )


def _at(
    site_id: str, work: Sequence[WorkOnSite], trainings: Sequence[TrainingForGate], today: date
) -> HqSiteDates | None:
    """Join the work that follows without a day between, from the work of today or the next on."""
    rows = [row for row in sorted(work, key=lambda row: row.starts) if row.ends is None or row.ends >= today]
    rows = [row for row in rows if row.ends is None or row.ends >= row.starts]
    if not rows:
        return None
    until, requires = rows[0].ends, {*rows[0].requires}
    for row in rows[1:]:
        if until is not None and row.starts > until + timedelta(days=1):
            break
        until = None if until is None or row.ends is None else max(until, row.ends)
        requires |= {*row.requires}
    return HqSiteDates(site_id, rows[0].starts, until, trained(trainings, requires).until)
