"""The present state of a worker, as HQ and the gates need it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q
from django.utils import timezone

from district.people.models import AccessCard, Assignment, Consent, Person, in_force
from district.people.requirements import required_trainings, trainings_of
from district.people.rules import TRADES
from district.people.rules.trainings import TrainingForGate


@dataclass(frozen=True)
class WorkOnSite:
    """Work on one site that holds today or begins later, up to the day before the site closes. Days are those of the
    district's time zone.
    """

    site_id: str
    starts: date
    ends: date | None
    employer: str
    trade: str
    """The name in Chinese, which the gates' rules compare."""
    team: str
    requires: tuple[str, ...] = ()
    """The kinds of training that the site asks of this trade."""


@dataclass(frozen=True, repr=False)
class WorkerForHq:
    """Everything HQ and the gates need of a worker. `erased`, or without `work`: no gate opens."""

    worker_id: str
    name: str
    phone: str
    erased: bool
    work: tuple[WorkOnSite, ...]
    """By site, then by first day."""
    trainings: tuple[TrainingForGate, ...]
    cards: tuple[str, ...]
    """Numbers as a reader gives them."""
    way: str
    """`face`, `code`, `card`, or "" if not chosen."""
    slow: bool
    face_consent: str
    """Reference of the consent to the face in force; "" without one: no template may be kept."""

    def on(self, day: date) -> tuple[WorkOnSite, ...]:
        """Return the work that holds on a day."""
        return tuple(one for one in self.work if one.starts <= day and (one.ends is None or one.ends >= day))


def worker_for_hq(worker_id: str) -> WorkerForHq | None:
    """Return what HQ needs of a worker now; None for an id that never was. A merged record has no work."""
    return workers_for_hq([worker_id]).get(worker_id)


def workers_for_hq(worker_ids: Sequence[str]) -> dict[str, WorkerForHq]:
    """Return the same of many workers, by worker id, with one query for each table."""
    people = list(Person.objects.filter(worker_id__in=worker_ids).order_by())
    there = [one.pk for one in people if one.erased is None and one.merged_into_id is None]
    work, trainings, cards = _work(there), trainings_of(there), _cards(there)
    consents = {
        consent.person_id: consent
        for consent in Consent.objects.filter(
            person__in=[one.pk for one in people], purpose=Consent.Purpose.FACE, withdrawn__isnull=True
        ).order_by("pk")
    }
    return {
        one.worker_id: WorkerForHq(
            worker_id=one.worker_id,
            name=one.name,
            phone=one.phone,
            erased=one.erased is not None,
            work=tuple(work.get(one.pk, ())),
            trainings=tuple(trainings.get(one.pk, ())),
            cards=tuple(cards.get(one.pk, ())),
            way=one.way,
            slow=one.slow,
            face_consent=_reference(consents.get(one.pk)),
        )
        for one in people
    }


def _work(people: Sequence[int]) -> dict[int, list[WorkOnSite]]:
    today = timezone.localdate()
    still_open = Q(project__closed__isnull=True) | Q(project__closed__gt=today)
    rows = (
        Assignment.objects.filter(in_force(today), still_open, person__in=people)
        .select_related("project__place", "enterprise", "team")
        .order_by("project__site_id", "starts", "pk")
    )
    found: dict[int, list[WorkOnSite]] = {}
    requires = required_trainings(rows)
    for row in rows:
        found.setdefault(row.person_id, []).append(
            WorkOnSite(
                site_id=row.project.site_id,
                starts=row.starts,
                ends=_last_day(row.ends, row.project.closed),
                employer=row.enterprise.name,
                trade=TRADES.get(row.trade, (row.trade,))[0],
                team=row.team.name if row.team else "",
                requires=requires[row.pk],
            )
        )
    return found


def _last_day(ends: date | None, closed: date | None) -> date | None:
    """Return the last day of work: a gate without a network must not open after the site has closed."""
    days = [day for day in (ends, closed and closed - timedelta(days=1)) if day]
    return min(days, default=None)


def _cards(people: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for row in AccessCard.objects.filter(person__in=people, ended__isnull=True).order_by("pk"):
        found.setdefault(row.person_id, []).append(row.number)
    return found


def _reference(consent: Consent | None) -> str:
    return f"{consent.text_version}/{consent.given:%Y-%m-%d}/{consent.pk}" if consent else ""
