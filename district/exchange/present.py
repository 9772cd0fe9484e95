"""The present state of workers and sites, as HQ needs it. Only this is ever handed over, never a difference."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.db.models import Q
from django.utils import timezone

from district.people import for_hq
from district.people.for_hq import TrainingForGate, WorkerForHq, WorkOnSite
from district.people.models import Assignment
from district.places.models import Project
from district.wire import HqSite, HqWorker

_NEVER_EXPIRES = date(2099, 12, 31)
_TEXT_MAX = 80
"""HQ's limit for names."""


def workers_for_hq(worker_ids: Sequence[str], today: date | None = None) -> list[HqWorker]:
    """Return these people as HQ needs them. Who was erased, merged or has no work passes no gate."""
    today = today or timezone.localdate()
    found = for_hq.workers_for_hq(worker_ids)
    return [hq_worker(one, today) for one in found.values() if not one.erased]


def hq_worker(one: WorkerForHq, today: date) -> HqWorker:
    """Name the sites of today. Before the first day: those of the first day, with that day as the beginning. Pure."""
    shown = one.on(today) or _next(one.work, today)
    last = max(shown, key=lambda work: work.starts, default=None)
    ends = [work.ends for work in shown if work.ends is not None]
    return HqWorker(
        worker_id=one.worker_id,
        name=one.name[:_TEXT_MAX],
        sites=tuple(sorted({work.site_id for work in shown})),
        active=bool(shown),
        valid_from=min((work.starts for work in shown), default=None),
        valid_until=max(ends) if shown and len(ends) == len(shown) else None,
        training_valid_until=_trained(one.trainings),
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
    return HqSite(project.site_id, project.place.name[:_TEXT_MAX], retired=closed)


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


def _trained(trainings: Sequence[TrainingForGate]) -> date | None:
    """Return the day up to which some training is valid. HQ's rules know one day; None is none."""
    return max((one.expires or _NEVER_EXPIRES for one in trainings), default=None)
