"""The present state of a worker, as HQ and the gates need it."""

from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from district.people.models import AccessCard, Assignment, Certificate, Consent, Person, in_force
from district.people.rules import TRADES


@dataclass(frozen=True)
class WorkOnSite:
    """Work on one site that holds today or begins later. Days are those of the district's time zone."""

    site_id: str
    starts: date
    ends: date | None
    employer: str
    trade: str
    """The name in Chinese, which the gates' rules compare."""
    team: str


@dataclass(frozen=True)
class TrainingForGate:
    """A training and its last valid day; None: it does not expire."""

    kind: str
    expires: date | None


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
    person = Person.objects.filter(worker_id=worker_id).first()
    if person is None:
        return None
    gone = person.erased is not None or person.merged_into_id is not None
    consent = Consent.objects.filter(person=person, purpose=Consent.Purpose.FACE, withdrawn__isnull=True).first()
    return WorkerForHq(
        worker_id=worker_id,
        name=person.name,
        phone=person.phone,
        erased=person.erased is not None,
        work=() if gone else _work(person),
        trainings=() if gone else _trainings(person),
        cards=() if gone else _cards(person),
        way=person.way,
        slow=person.slow,
        face_consent=f"{consent.text_version}/{consent.given:%Y-%m-%d}/{consent.pk}" if consent else "",
    )


def _work(person: Person) -> tuple[WorkOnSite, ...]:
    today = timezone.localdate()
    rows = (
        Assignment.objects.filter(in_force(today), person=person, project__closed__isnull=True)
        .select_related("project", "enterprise", "team")
        .order_by("project__site_id", "starts", "pk")
    )
    return tuple(
        WorkOnSite(
            site_id=row.project.site_id,
            starts=row.starts,
            ends=row.ends,
            employer=row.enterprise.name,
            trade=TRADES.get(row.trade, (row.trade,))[0],
            team=row.team.name if row.team else "",
        )
        for row in rows
    )


def _trainings(person: Person) -> tuple[TrainingForGate, ...]:
    rows = Certificate.objects.filter(person=person, is_training=True).order_by("kind", "expires")
    return tuple(TrainingForGate(row.kind, row.expires) for row in rows)


def _cards(person: Person) -> tuple[str, ...]:
    rows = AccessCard.objects.filter(person=person, ended__isnull=True).order_by("pk")
    return tuple(row.number for row in rows)
