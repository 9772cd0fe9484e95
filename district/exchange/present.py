"""The present state of workers and sites, as HQ needs it. Only this is ever handed over, never a difference."""

from collections.abc import Sequence
from datetime import date

from django.db.models import Q
from django.utils import timezone

from district.people.models import AccessCard, Assignment, Certificate, Consent, Person
from district.people.rules import TRADES
from district.places.models import Project
from district.wire import HqSite, HqWorker


def workers_for_hq(worker_ids: Sequence[str], today: date | None = None) -> dict[str, HqWorker]:
    """Return, by worker id, those of these people who are to be at HQ. The others were erased, merged, or never
    assigned.
    """
    today = today or timezone.localdate()
    people = {
        person.pk: person
        for person in Person.objects.filter(worker_id__in=worker_ids, erased=None, merged_into=None).order_by()
    }
    work: dict[int, list[Assignment]] = {}
    for one in (
        Assignment.objects.filter(person__in=people)
        .select_related("project", "enterprise", "team")
        .order_by("starts", "pk")
    ):
        work.setdefault(one.person_id, []).append(one)
    consents = dict(
        Consent.objects.filter(person__in=people, purpose=Consent.Purpose.FACE, withdrawn=None)
        .order_by("given", "pk")
        .values_list("person", "pk")
    )
    trained: dict[int, date] = {}
    for person, expires in Certificate.objects.filter(
        Q(expires__isnull=False), person__in=people, is_training=True
    ).values_list("person", "expires"):
        trained[person] = max(trained.get(person, expires), expires)
    cards: dict[int, list[str]] = {pk: [] for pk in people}
    for person, number in AccessCard.objects.filter(person__in=people, ended=None).values_list("person", "number"):
        cards[person].append(number)
    return {
        person.worker_id: _worker(person, work[pk], today, trained.get(pk), consents.get(pk), cards[pk])
        for pk, person in people.items()
        if pk in work
    }


def site_for_hq(site_id: str) -> HqSite | None:
    """Return a site; None if there is none of this id."""
    project = Project.objects.filter(site_id=site_id).select_related("place").first()
    if project is None:
        return None
    closed = project.closed is not None and project.closed <= timezone.localdate()
    return HqSite(project.site_id, project.place.name[:80], retired=closed)


def turning(since: date, today: date) -> list[str]:
    """Return the workers whose assignments began or ended on the days after `since`, up to today."""
    began = Q(starts__gt=since, starts__lte=today)
    ended = Q(ends__gte=since, ends__lt=today)
    turned = Assignment.objects.filter(began | ended)
    return sorted(turned.order_by().values_list("person__worker_id", flat=True).distinct())


def _worker(
    person: Person,
    work: Sequence[Assignment],
    today: date,
    trained: date | None,
    consent: int | None,
    cards: Sequence[str],
) -> HqWorker:
    """Name the sites of today. Before the first day: those of the first day, with that day as the beginning."""
    now = [one for one in work if one.starts <= today and (one.ends is None or one.ends >= today)]
    later = [one for one in work if one.starts > today]
    shown = now or [one for one in later if one.starts == later[0].starts] or work[-1:]
    last = shown[-1]
    ends = [one.ends for one in shown]
    return HqWorker(
        worker_id=person.worker_id,
        name=person.name,
        sites=tuple(sorted({one.project.site_id for one in shown})),
        active=bool(now or later),
        valid_from=min(one.starts for one in shown),
        valid_until=None if None in ends else max(end for end in ends if end),
        training_valid_until=trained,
        employer=last.enterprise.name[:80],
        trade=TRADES[last.trade][0] if last.trade in TRADES else last.trade,
        team=last.team.name if last.team else "",
        phone=person.phone,
        slow=person.slow,
        cards=tuple(sorted(cards)),
        consent_ref=f"district-{consent}" if consent is not None else None,
    )
