"""What a worker's phone shows about the worker: ways to pass, sites, codes, withdrawals, what is kept."""

from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from district.enrolment.models import EnrolmentPhoto
from district.enrolment.photos import face_consent
from district.enrolment.rules import CODE_SAME_S, CODE_VALID, CODES_A_DAY, GateAnswer, Ways, Withdrawal, WorkPlace
from district.exchange.door import hq_door
from district.exchange.models import OutboxRow
from district.people.models import Assignment, Consent, Person, in_force
from district.phones.codes import ShownCode, shown_code
from district.places.models import Gate, Project


class NoMoreCodes(RuntimeError):
    """So many codes were made today that somebody else may be using them."""


def ways_of(person: Person) -> Ways:
    """Return how a worker wants to pass, and how far that is."""
    consent = face_consent(person)
    photo = newest_photo(person, consent)
    return Ways(person.way, consent is not None, photo.state if photo else "")


def newest_photo(person: Person, consent: Consent | None) -> EnrolmentPhoto | None:
    """Return the newest photo of a consent that was not dropped."""
    photos = EnrolmentPhoto.objects.filter(person=person, consent=consent)
    return photos.exclude(state=EnrolmentPhoto.State.DROPPED).order_by("-taken", "-pk").first()


def places_of(person: Person) -> list[WorkPlace]:
    """Return the sites on which the worker works now or will work, by first day."""
    rows = Assignment.objects.filter(in_force(timezone.localdate()), person=person)
    rows = rows.select_related("project__place", "enterprise", "team").order_by("starts", "pk")
    return [
        WorkPlace(str(row.project), row.enterprise.name, row.team.name if row.team else "", row.starts, row.ends)
        for row in rows
    ]


def asks_platform_photo() -> bool:
    """Say whether this district sends photos to the national platform at all."""
    config = getattr(settings, "CONFIG", None)
    return config is None or bool(config.realname.url)


def code_of(person: Person) -> ShownCode:
    """Return the code that admits the worker once. Raises HqAway, HqRefused, NoMoreCodes."""

    def make() -> str:
        _count_code(person)
        return hq_door().code(person.worker_id, CODE_VALID)

    return shown_code(f"enrolment-code-{person.pk}", make, valid=CODE_VALID, same_s=CODE_SAME_S)


def _count_code(person: Person) -> None:
    """Limit the codes of a day: nobody passes so often, and gathered codes admit others."""
    key = f"enrolment-codes-{person.pk}-{timezone.localdate()}"
    cache.add(key, 0, int(timedelta(days=1).total_seconds()))
    if cache.incr(key) > CODES_A_DAY:
        raise NoMoreCodes


def withdrew(person: Person) -> bool:
    """Say whether the worker ever withdrew the consent to the face."""
    return Consent.objects.filter(person=person, purpose=Consent.Purpose.FACE, withdrawn__isnull=False).exists()


def withdrawal_of(person: Person) -> Withdrawal | None:
    """Return how far the newest withdrawal of the face is; None if there was none, or a new consent followed. Raises
    HqAway.
    """
    ended = Consent.objects.filter(person=person, purpose=Consent.Purpose.FACE, withdrawn__isnull=False)
    newest = ended.order_by("-withdrawn").first()
    if newest is None or newest.withdrawn is None or face_consent(person) is not None:
        return None
    since = newest.withdrawn
    waiting = OutboxRow.objects.filter(done=None, kind=OutboxRow.Kind.WITHDRAWAL, subject=person.worker_id)
    if waiting.exists():
        return Withdrawal(since, sent=False)
    sites = dict(Project.objects.order_by().values_list("site_id", "place__name"))
    names = {(site, gate): name for site, gate, name in Gate.objects.values_list("project__site_id", "gate_id", "name")}
    answers = tuple(
        GateAnswer(
            sites.get(one.site_id, one.site_id),
            names.get((one.site_id, one.gate_id)) or one.gate_id,
            one.gone,
            one.proven,
            one.online,
        )
        for one in hq_door().receipts(person.worker_id)
    )
    return Withdrawal(since, sent=True, answers=answers)
