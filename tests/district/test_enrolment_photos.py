"""PROMISE: a photo becomes a template or an advice, and is thrown away; a likeness goes to a person."""

import base64
from collections.abc import Iterator, Sequence
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from district_hq import TestedHq, hq_in
from district_rig import SmallDistrict
from django.utils import timezone
from PIL import Image

from district.enrolment import photos
from district.enrolment.models import EnrolmentPhoto, PlatformPhoto
from district.enrolment.rules import PLATFORM_BYTES_MAX, PhotoAdvice, advice_of
from district.exchange import hand_over
from district.people import registry
from district.people.models import Consent, DuplicateCandidate, Person
from district.wire import FaceMatching, HqAway, HqDoor, JudgedPhoto, PhotoToJudge
from edge.matcher.engine import quality

FACE, PLATFORM = Consent.Purpose.FACE, Consent.Purpose.PLATFORM_PHOTO


class Judge:
    """Judges photos by what the test says: an answer for each worker."""

    def __init__(self) -> None:
        self.answers: dict[str, JudgedPhoto] = {}
        self.asked = 0

    def judge(self, door: HqDoor, found: Sequence[PhotoToJudge]) -> list[JudgedPhoto]:
        self.asked += 1
        good = JudgedPhoto(0, "model-1", bytes(256))
        return [
            JudgedPhoto(p.number, a.model_id, a.vector, a.problem, a.looks_like)
            for p in found
            for a in [self.answers.get(p.worker_id, good)]
        ]

    def open(self) -> None:
        pass

    def close_unused(self) -> None:
        pass


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[TestedHq]:
    with hq_in(tmp_path / "hq") as made:
        yield made


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch, settings: object) -> Judge:
    made = Judge()
    monkeypatch.setattr(photos, "_matching", made)
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}  # type: ignore[attr-defined]
    return made


def picture(size: tuple[int, int] = (1280, 960)) -> bytes:
    target = BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(target, "JPEG", quality=95)
    return target.getvalue()


def take(person: Person, *purposes: Consent.Purpose) -> EnrolmentPhoto:
    for purpose in purposes:
        registry.give_consent("worker", person, purpose, "1")
    photo = photos.put_photo(person, picture())
    hand_over.hand_over()
    return photo


def has_face(hq: TestedHq, worker_id: str) -> bool:
    with hq.store.read() as db:
        return any(one.templates for one in hq.people.roster(db, [worker_id]))


def test_ok__a_photo_becomes_a_template_and_is_thrown_away(town: SmallDistrict, hq: TestedHq, judge: Judge) -> None:
    photo = take(town.people[0], FACE)
    assert not photos.judge_photos()
    photo.refresh_from_db()
    assert (photo.state, photo.picture) == ("enrolled", "")
    assert has_face(hq, "w-1")
    assert not PlatformPhoto.objects.exists()


def test_ok__a_kill_between_hq_and_us_enrols_once(town: SmallDistrict, hq: TestedHq, judge: Judge) -> None:
    photo = take(town.people[0], FACE)
    photos.judge_photos()
    EnrolmentPhoto.objects.filter(pk=photo.pk).update(state="waiting", picture=base64.b64encode(picture()).decode())
    photos.judge_photos()
    with hq.store.read() as db:
        assert len(hq.people.roster(db, ["w-1"])[0].templates) == 1


def test_ok__a_platform_photo_is_kept_only_by_its_own_consent(town: SmallDistrict, hq: TestedHq, judge: Judge) -> None:
    take(town.people[0], FACE, PLATFORM)
    photos.judge_photos()
    kept = base64.b64decode(PlatformPhoto.objects.get().picture)
    assert len(kept) <= PLATFORM_BYTES_MAX
    with Image.open(BytesIO(kept)) as image:
        assert max(image.size) <= 640 and not image.getexif()
    registry.withdraw_consent("worker", town.people[0], PLATFORM)
    photos.judge_photos()
    assert not PlatformPhoto.objects.exists()
    assert has_face(hq, "w-1"), "the other consent stands"


def test_ok__a_platform_photo_without_a_face_makes_no_template(town: SmallDistrict, hq: TestedHq, judge: Judge) -> None:
    photo = take(town.people[0], PLATFORM)
    photos.judge_photos()
    photo.refresh_from_db()
    assert photo.state == "taken"
    assert not has_face(hq, "w-1")
    assert PlatformPhoto.objects.exists()


def test_ok__a_likeness_waits_for_a_person(town: SmallDistrict, hq: TestedHq, judge: Judge) -> None:
    judge.answers["w-1"] = JudgedPhoto(0, "model-1", bytes(256), looks_like="w-3")
    photo = take(town.people[0], FACE)
    photos.judge_photos()
    photo.refresh_from_db()
    assert (photo.state, photo.picture) == ("another", "")
    assert not has_face(hq, "w-1")
    pair = DuplicateCandidate.objects.get()
    assert {pair.first.worker_id, pair.second.worker_id} == {"w-1", "w-3"}
    registry.decide_different("officer", pair.first, pair.second)
    take(town.people[0])
    photos.judge_photos()
    assert has_face(hq, "w-1"), "twins enrol after somebody looked"


def test_fail__a_consent_that_ends_meanwhile_enrols_nothing(town: SmallDistrict, hq: TestedHq, judge: Judge) -> None:
    photo = take(town.people[0], FACE)
    registry.withdraw_consent("worker", town.people[0], FACE)
    hand_over.hand_over()
    photos.judge_photos()
    photo.refresh_from_db()
    assert (photo.state, photo.picture) == ("dropped", "")
    assert judge.asked == 0
    assert not has_face(hq, "w-1")


def test_fail__a_bad_photo_ends_with_an_advice(town: SmallDistrict, hq: TestedHq, judge: Judge) -> None:
    judge.answers["w-1"] = JudgedPhoto(0, problem="the face is too dark; use more light")
    photo = take(town.people[0], FACE)
    photos.judge_photos()
    photo.refresh_from_db()
    assert (photo.state, photo.advice, photo.picture) == ("refused", "light", "")


def test_fail__what_nobody_can_judge_is_dropped(town: SmallDistrict, hq: TestedHq, judge: Judge) -> None:
    photo = take(town.people[0], FACE)
    EnrolmentPhoto.objects.update(taken=timezone.now() - timedelta(days=3))
    photos.judge_photos()
    photo.refresh_from_db()
    assert (photo.state, photo.picture) == ("dropped", "")


def test_fail__a_photo_waits_until_hq_knows_the_consent(town: SmallDistrict, hq: TestedHq, judge: Judge) -> None:
    registry.give_consent("worker", town.people[0], FACE, "1")
    photos.put_photo(town.people[0], picture((64, 64)))
    photos.judge_photos()
    assert judge.asked == 0
    hand_over.hand_over()
    photos.judge_photos()
    assert has_face(hq, "w-1")


def test_ok__every_fault_of_a_photo_has_its_advice() -> None:
    faults = [one.photo for one in vars(quality).values() if isinstance(one, quality.QualityFault)]
    assert len(faults) > 5
    assert PhotoAdvice.AGAIN not in {advice_of(text) for text in faults}


def test_ok__the_matcher_judges_real_photos(
    town: SmallDistrict, hq: TestedHq, models_dir: Path, photos_dir: Path
) -> None:
    hand_over.hand_over()
    registry.give_consent("worker", town.people[0], FACE, "1")
    registry.give_consent("worker", town.people[2], FACE, "1")
    hand_over.hand_over()
    door, matching = HqDoor(hq.folder), FaceMatching(models_dir)
    try:
        first, group = matching.judge(
            door,
            [
                PhotoToJudge(1, "w-1", (photos_dir / "person-a-1.jpg").read_bytes()),
                PhotoToJudge(2, "w-2", (photos_dir / "group-1.jpg").read_bytes()),
            ],
        )
        assert first.vector and not first.problem and not first.looks_like
        assert advice_of(group.problem) is PhotoAdvice.ONE_FACE
        consent = hq.worker("w-1")
        assert consent is not None and consent.consent_ref is not None
        door.enrol("w-1", consent.consent_ref, timezone.now(), first.model_id, [first.vector])
        (again,) = matching.judge(door, [PhotoToJudge(3, "w-3", (photos_dir / "person-a-2.jpg").read_bytes())])
        assert again.looks_like == "w-1"
        (other,) = matching.judge(door, [PhotoToJudge(4, "w-1", (photos_dir / "person-b-1.jpg").read_bytes())])
        assert other.looks_like == "w-1", "another face than before"
        door.withdraw("w-1", timezone.now())
        (free,) = matching.judge(door, [PhotoToJudge(5, "w-3", (photos_dir / "person-a-2.jpg").read_bytes())])
        assert not free.looks_like, "what HQ destroyed is not held"
        (bomb,) = matching.judge(door, [PhotoToJudge(6, "w-3", b"\xff\xd8\xff\xe0" + bytes(500))])
        assert bomb.problem and not bomb.vector
    finally:
        matching.close()
        door.close()


def test_fail__without_weights_photos_wait(town: SmallDistrict, hq: TestedHq, tmp_path: Path) -> None:
    matching = FaceMatching(tmp_path / "no-models")
    with pytest.raises(HqAway, match="cannot be judged"):
        matching.judge(HqDoor(hq.folder), [PhotoToJudge(1, "w-1", b"x")])
