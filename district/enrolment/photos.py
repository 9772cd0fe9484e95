"""Photos: taken by the worker, judged by a worker process, and thrown away."""

import base64
from collections.abc import Sequence
from datetime import timedelta
from io import BytesIO

import structlog
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from district.audit.record import record
from district.enrolment.models import EnrolmentPhoto, PlatformPhoto
from district.enrolment.rules import (
    PHOTO_KEPT,
    PICTURES_A_DAY,
    PLATFORM_BYTES_MAX,
    PhotoAdvice,
    advice_of,
)
from district.exchange.door import hq_door
from district.exchange.models import OutboxRow
from district.people.for_hq import worker_for_hq
from district.people.models import Consent, DuplicateCandidate, Person
from district.small_pictures import PictureTooLargeError, PictureUnreadableError, upright_picture
from district.web.clock import is_proven
from district.wire import FaceMatching, HqRefused, JudgedPhoto, PhotoToJudge

log = structlog.get_logger()

AT_ONCE = 20
_SOON = "enrolment-photo-soon"
_SOON_S = 90
_WHO = "photo check"
_PIXELS_MAX = {"JPEG": 51_000_000, "PNG": 20_000_000, "WEBP": 20_000_000, "BMP": 20_000_000}
_State = EnrolmentPhoto.State
_matching = FaceMatching()


class TooManyPhotos(ValueError):
    """A worker sent more photos today than anybody needs."""


def expect_photo() -> None:
    """Say that a photo will come soon, so that the matcher is ready: its start takes seconds."""
    cache.set(_SOON, 1, _SOON_S)


@transaction.atomic
def put_photo(person: Person, picture: bytes) -> EnrolmentPhoto:
    """Store a photo until it was judged. An earlier one that still waits is dropped. Raises TooManyPhotos."""
    day = timezone.now() - timedelta(days=1)
    if EnrolmentPhoto.objects.filter(person=person, taken__gt=day).count() >= PICTURES_A_DAY:
        raise TooManyPhotos
    drop_waiting(person)
    consent = face_consent(person)
    photo = EnrolmentPhoto(person=person, consent=consent, picture=base64.b64encode(picture).decode())
    photo.save()
    record(f"worker {person.worker_id}", "take photo", person)
    return photo


def drop_waiting(person: Person) -> None:
    """Drop photos that wait: another one came, or the consent ended."""
    waiting = EnrolmentPhoto.objects.filter(person=person, state=_State.WAITING)
    waiting.update(state=_State.DROPPED, picture="", judged=timezone.now())


def face_consent(person: Person) -> Consent | None:
    """Return the consent to the face that stands."""
    return _consent(person, Consent.Purpose.FACE)


def platform_consent(person: Person) -> Consent | None:
    """Return the consent to a photo for the national platform that stands."""
    return _consent(person, Consent.Purpose.PLATFORM_PHOTO)


def judge_photos() -> bool:
    """Judge the photos that wait, and hand templates to HQ. Return whether more wait. Raises HqAway.

    If this process ends between HQ's transaction and ours, the photo is judged again: HQ knows the template then.
    """
    _drop_old()
    photos = _waiting()
    if not photos:
        if cache.get(_SOON):
            _matching.open()
        else:
            _matching.close_unused()
        return False
    door = hq_door()
    found = _matching.judge(door, [PhotoToJudge(p.pk, p.person.worker_id, base64.b64decode(p.picture)) for p in photos])
    judged = {one.number: one for one in found}
    for photo in photos:
        if photo.pk in judged:
            _settle(photo, judged[photo.pk])
    return len(photos) == AT_ONCE


def _waiting() -> list[EnrolmentPhoto]:
    """Return photos that can be judged, of each person one: HQ must know the worker and the consent."""
    rows = list(
        EnrolmentPhoto.objects.filter(state=_State.WAITING)
        .select_related("person", "consent")
        .order_by("taken", "pk")[:AT_ONCE]
    )
    on_the_way = set(
        OutboxRow.objects.filter(done=None, subject__in={row.person.worker_id for row in rows}).values_list(
            "subject", flat=True
        )
    )
    return [row for row in rows if row.person.worker_id not in on_the_way]


def _settle(photo: EnrolmentPhoto, judged: JudgedPhoto) -> None:
    """Do what follows from a judgement, and throw the picture away."""
    if judged.problem:
        return _end(photo, _State.REFUSED, advice_of(judged.problem))
    if judged.looks_like and not _decided_different(photo.person, judged.looks_like):
        return _ask(photo, judged.looks_like)
    if photo.consent is None:
        return _end(photo, _State.TAKEN)
    if face_consent(photo.person) != photo.consent:
        return _end(photo, _State.DROPPED)
    try:
        hq_door().enrol(
            photo.person.worker_id, _consent_ref(photo.person), photo.taken, judged.model_id, [judged.vector]
        )
    except HqRefused as error:
        log.error("enrolment_refused", worker_id=photo.person.worker_id, detail=str(error))
        return _end(photo, _State.REFUSED, PhotoAdvice.AGAIN)
    return _end(photo, _State.ENROLLED)


@transaction.atomic
def _end(photo: EnrolmentPhoto, state: EnrolmentPhoto.State, advice: str = "") -> None:
    """Note what became of a photo. Keep a small copy for the platform only by its own consent."""
    good = state in {_State.ENROLLED, _State.TAKEN}
    consent = platform_consent(photo.person) if good else None
    small = small_jpeg(base64.b64decode(photo.picture)) if consent is not None else b""
    if small:
        values = {"consent": consent, "picture": base64.b64encode(small).decode(), "taken": photo.taken}
        PlatformPhoto.objects.update_or_create(person=photo.person, defaults=values)
    done = EnrolmentPhoto.objects.filter(pk=photo.pk, state=_State.WAITING)
    if done.update(state=state, advice=advice, picture="", judged=timezone.now()):
        record(_WHO, f"photo {state.value}", photo.person, details={"advice": advice} if advice else None)


def _ask(photo: EnrolmentPhoto, other_id: str) -> None:
    """Let somebody decide whether two records are one person. A likeness alone decides nothing."""
    other = Person.objects.filter(worker_id=other_id).exclude(pk=photo.person.pk).first()
    if other is not None:
        first, second = sorted((photo.person, other), key=lambda one: one.pk)
        DuplicateCandidate.objects.get_or_create(first=first, second=second, defaults={"score": 1.0})
    _end(photo, _State.LIKE_ANOTHER)


def _decided_different(person: Person, other_id: str) -> bool:
    """Say whether somebody decided that the two are two people, such as twins."""
    pairs = DuplicateCandidate.objects.filter(decision=DuplicateCandidate.Decision.DIFFERENT)
    return (
        pairs.filter(first=person, second__worker_id=other_id).exists()
        or pairs.filter(second=person, first__worker_id=other_id).exists()
    )


def _drop_old() -> None:
    """Drop what may not be kept: photos of ended consents, and photos that nobody could judge in time."""
    now = timezone.now()
    waiting = EnrolmentPhoto.objects.filter(state=_State.WAITING)
    waiting.filter(consent__withdrawn__isnull=False).update(state=_State.DROPPED, picture="", judged=now)
    PlatformPhoto.objects.filter(consent__withdrawn__isnull=False).delete()
    if is_proven(now) and waiting.filter(taken__lt=now - PHOTO_KEPT).update(
        state=_State.DROPPED, picture="", judged=now
    ):
        log.error("photos_dropped", detail="nobody could judge them for two days: look at the worker's log")


def small_jpeg(picture: bytes) -> bytes:
    """Return an upright JPEG of at most 50 KB without the phone's notes; b"" if it cannot be made.

    The matcher's decoder took the picture before, and reads less of the phone's notes. So the platform gets no photo
    of it, and the photos behind it go on.
    """
    try:
        image = upright_picture(picture, (960, 1280), _PIXELS_MAX)
    except (PictureTooLargeError, PictureUnreadableError):
        log.warning("no_platform_photo", detail="the photo cannot be made small: the worker takes another")
        return b""
    image.thumbnail((480, 640))
    for quality in (88, 75, 60, 45, 30, 15):
        target = BytesIO()
        image.save(target, "JPEG", quality=quality, optimize=True)
        if target.tell() <= PLATFORM_BYTES_MAX:
            break
    return target.getvalue()


def _consent(person: Person, purpose: Consent.Purpose) -> Consent | None:
    return Consent.objects.filter(person=person, purpose=purpose, withdrawn=None).order_by("-given", "-pk").first()


def _consent_ref(person: Person) -> str:
    """Return the consent's name at HQ."""
    present = worker_for_hq(person.worker_id)
    return present.face_consent if present else ""


def newest_states(people: Sequence[Person]) -> dict[int, str]:
    """Return the state of the newest photo of each person who took one."""
    rows = EnrolmentPhoto.objects.filter(person__in=people).order_by("taken", "pk").values_list("person", "state")
    return dict(rows)
