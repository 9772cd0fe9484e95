"""Real photos through the real weights."""

import time

import cv2
import numpy as np
import pytest

from edge.core.config import MatcherConfig
from edge.core.domain import Frame, Sight, Template
from edge.core.templates import TemplateStore
from edge.matcher import EnrolmentError, FaceMatcher, open_matcher
from edge.matcher.engine import quality
from edge.matcher.engine.engine import FRAME_EFFORT
from edge.matcher.pipeline import RIVAL_SIZE_MIN
from edge.sim import occlusion

HEIGHT, WIDTH = 480, 640
USABLE_PX = MatcherConfig().eye_distance_min_px


@pytest.fixture(scope="module")
def engine(models_dir):
    return open_matcher(MatcherConfig(), models_dir).engine


@pytest.fixture(scope="module")
def photo(photos_dir):
    def read(name):
        image = cv2.imread(str(photos_dir / name))
        assert image is not None
        return image

    return read


@pytest.fixture
def matcher(engine, photo):
    """Worker A enrolled from one photo; the tests show others."""
    made = FaceMatcher(engine, MatcherConfig())
    made.load([("worker-a", template) for template in made.enrol([photo("person-a-1.jpg")])])
    return made


@pytest.fixture
def voting(engine, photo):
    """The same without an early exit: k of n frames, always."""
    made = FaceMatcher(engine, MatcherConfig(early_exit_rarity=0))
    made.load([("worker-a", template) for template in made.enrol([photo("person-a-1.jpg")])])
    return made


def scene(*placed):
    """A 640 × 480 frame with each (photo, height in pixels, left edge) on grey, cut at the frame's edge."""
    frame = np.full((HEIGHT, WIDTH, 3), 110, dtype=np.uint8)
    for image, height, left in placed:
        size = (round(image.shape[1] * height / image.shape[0]), height)
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)[:HEIGHT, : WIDTH - left]
        frame[: small.shape[0], left : left + small.shape[1]] = small
    return frame


class Lane:
    """Shows pictures to a matcher at 30 frames a second."""

    def __init__(self, matcher):
        self.matcher, self.number, self.now_s = matcher, 0, 100.0

    def show(self, image, frames=1):
        for _ in range(frames):
            self.number += 1
            self.now_s += 1 / 30
            seen = self.matcher.identify(Frame(image, self.now_s, self.number))
        return seen


def vector(engine, image):
    (face,) = engine.detect(image)
    return engine.embed(engine.align(image, face))


def test_ok__every_face_of_a_group_is_found(engine, photo):
    faces = engine.detect(photo("group-1.jpg"))
    assert len(faces) == 6
    assert all(face.score > 0.8 and face.eye_distance_px > 25 for face in faces)
    assert [face.score for face in faces] == sorted((face.score for face in faces), reverse=True)


@pytest.mark.parametrize("name", ["person-a-1.jpg", "person-b-1.jpg", "person-c-1.png", "person-d-1.png"])
def test_ok__a_portrait_has_one_face_with_landmarks_in_order(engine, photo, name):
    (face,) = engine.detect(photo(name))
    right_eye, left_eye, nose, right_mouth, left_mouth = face.landmarks
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_mouth[0] < left_mouth[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])


def test_ok__a_picture_without_people_has_no_face(engine):
    assert engine.detect(np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)) == []


def test_ok__one_person_scores_high_and_two_people_low(engine, photo):
    same = [vector(engine, photo(f"person-a-{i}.jpg")) for i in (1, 2, 3)]
    others = [vector(engine, photo(name)) for name in ("person-b-1.jpg", "person-c-1.png", "person-d-1.png")]
    assert min(same[0] @ same[1], same[0] @ same[2], same[1] @ same[2]) > 0.65
    assert max(float(a @ b) for a in same for b in others) < 0.35


def test_ok__another_photo_of_the_worker_is_known_after_the_vote(voting, photo):
    matcher, lane = voting, Lane(voting)
    picture = scene((photo("person-a-2.jpg"), 480, 180))
    first = lane.show(picture)
    assert (first.sight, first.approach, first.frames) == (Sight.LOOKING, 1, 1)
    known = lane.show(picture, 2)
    assert (known.sight, known.frames, known.candidate.worker_id) == (Sight.KNOWN, 3, "worker-a")
    assert known.candidate.score > known.threshold == matcher.threshold
    assert known.usable_since_s == first.usable_since_s
    assert lane.show(picture, 10) == known


def test_ok__overwhelming_evidence_ends_the_vote_on_the_second_frame_never_on_the_first(matcher, photo):
    lane = Lane(matcher)
    picture = scene((photo("person-a-2.jpg"), 480, 180))
    first = lane.show(picture)
    assert (first.sight, first.frames) == (Sight.LOOKING, 1)
    assert first.candidate.score > matcher.threshold + 0.2  # and though the first frame alone says enough
    known = lane.show(picture)
    assert (known.sight, known.frames, known.candidate.worker_id) == (Sight.KNOWN, 2, "worker-a")
    assert lane.show(picture, 5) == known


def test_ok__evidence_that_is_not_overwhelming_needs_the_whole_vote(engine, photo):
    sure = FaceMatcher(engine, MatcherConfig(threshold=0.55, early_exit_rarity=1_000_000))
    sure.load([("worker-a", template) for template in sure.enrol([photo("person-a-1.jpg")])])
    lane = Lane(sure)
    picture = scene((photo("person-a-2.jpg"), 480, 180))
    assert lane.show(picture, 2).sight is Sight.LOOKING
    assert lane.show(picture).sight is Sight.KNOWN


def test_fail__two_people_one_frame_each_make_no_early_exit(matcher, photo):
    lane = Lane(matcher)
    lane.show(scene((photo("person-a-2.jpg"), 480, 180)))
    assert lane.show(scene((photo("person-b-1.jpg"), 600, 150))).sight is Sight.LOOKING
    assert lane.show(scene((photo("person-a-2.jpg"), 480, 180))).sight is Sight.LOOKING


def test_fail__a_face_that_is_replaced_starts_again(matcher, photo):
    (template,) = matcher.enrol([photo("person-b-1.jpg")])
    (first,) = matcher.enrol([photo("person-a-1.jpg")])
    matcher.load([("worker-a", first), ("worker-b", template)])
    lane = Lane(matcher)
    lane.show(scene((photo("person-a-2.jpg"), 480, 180)))
    other = scene((photo("person-b-1.jpg"), 600, 150))
    begun = lane.show(other)
    assert (begun.sight, begun.approach, begun.frames) == (Sight.LOOKING, 2, 1)  # A's frame does not count for B
    known = lane.show(other)
    assert (known.sight, known.candidate.worker_id, known.frames) == (Sight.KNOWN, "worker-b", 2)


def test_ok__a_frame_is_compared_unmirrored_with_a_mirrored_template(engine, photo):
    image = photo("person-a-2.jpg")
    (face,) = engine.detect(image)
    frame = engine.embed(engine.align(image, face, FRAME_EFFORT), FRAME_EFFORT)
    template = engine.embed(engine.align(image, face))
    assert 0.9 < float(frame @ template) < 0.9999
    assert abs(float(np.linalg.norm(frame)) - 1) < 1e-5


@pytest.mark.parametrize("eyes_px", [28, 35, 45])
def test_ok__the_smallest_usable_face_and_half_as_large_a_rival_are_found(engine, photo, eyes_px):
    """Coarsely each usable face; once the nearest is known, each face beside it that is half as tall."""
    image = photo("person-a-1.jpg")
    (face,) = engine.detect(image)
    height = round(image.shape[0] * eyes_px / face.eye_distance_px)
    alone = scene((image, height, 0))
    assert len(engine.detect_large(alone, USABLE_PX)) == 1
    both = scene((image, height, 0), (photo("person-b-1.jpg"), round(height * 0.8), 400))
    assert len(engine.detect_large(both, RIVAL_SIZE_MIN * eyes_px)) == len(engine.detect(both)) == 2


def test_ok__beside_a_near_face_a_frame_is_searched_as_coarsely_as_its_rivals_allow(engine, matcher, photo):
    picture = scene((photo("person-a-2.jpg"), 480, 0), (photo("person-b-1.jpg"), 480, 320))
    assert len(matcher.faces_near(picture, 48)) == len(engine.detect(picture)) == 2
    far = scene((photo("person-a-1.jpg"), 150, 300))
    (fine,) = engine.detect(far)
    for nobody_or_far_px in (float("inf"), fine.eye_distance_px):  # a person who is too far away sees that
        (face,) = matcher.faces_near(far, nobody_or_far_px)
        assert face.eye_distance_px == fine.eye_distance_px < 18


def test_ok__a_stranger_is_unknown_and_stays_so(matcher, photo):
    lane = Lane(matcher)
    picture = scene((photo("person-b-1.jpg"), 600, 150))
    assert lane.show(picture, 4).sight is Sight.LOOKING
    unknown = lane.show(picture)
    assert (unknown.sight, unknown.frames) == (Sight.UNKNOWN, 5)
    assert unknown.candidate.score < unknown.threshold
    assert lane.show(picture, 20) == unknown


def test_ok__a_person_who_stays_unknown_is_voted_on_afresh(matcher, photo):
    lane = Lane(matcher)
    picture = scene((photo("person-b-1.jpg"), 600, 150))
    lane.show(picture, 5)
    lane.now_s += 2.5
    lane.matcher.identify(Frame(picture, lane.now_s - 2, 0))
    lane.matcher.identify(Frame(picture, lane.now_s - 1.4, 0))
    lane.matcher.identify(Frame(picture, lane.now_s - 0.8, 0))
    lane.matcher.identify(Frame(picture, lane.now_s - 0.2, 0))
    assert lane.show(picture, 16).sight is Sight.LOOKING
    assert lane.show(picture, 5).sight is Sight.UNKNOWN


def test_fail__nobody_is_known_while_the_gallery_is_empty(engine, photo):
    lane = Lane(FaceMatcher(engine, MatcherConfig()))
    seen = lane.show(scene((photo("person-a-2.jpg"), 480, 180)), 5)
    assert (seen.sight, seen.candidate) == (Sight.UNKNOWN, None)


def test_fail__templates_of_another_model_never_match(matcher, photo):
    (template,) = matcher.enrol([photo("person-a-1.jpg")])
    matcher.load([("worker-a", Template(template.vector, "opencv-zoo/other/00000000"))])
    assert matcher.gallery_size == 0
    assert Lane(matcher).show(scene((photo("person-a-2.jpg"), 480, 180)), 5).sight is Sight.UNKNOWN


def test_ok__an_empty_lane_ends_the_approach(matcher, photo):
    lane = Lane(matcher)
    picture, empty = scene((photo("person-a-2.jpg"), 480, 180)), scene()
    assert lane.show(empty).approach == 0
    lane.show(picture, 3)
    assert (lane.show(empty).sight, lane.show(empty).approach) == (Sight.NOBODY, 1)
    assert lane.show(empty, 25).approach == 0
    assert lane.show(picture).approach == 2


def test_fail__another_person_in_the_same_place_does_not_inherit_the_answer(matcher, photo):
    lane = Lane(matcher)
    assert lane.show(scene((photo("person-a-2.jpg"), 480, 180)), 3).sight is Sight.KNOWN
    other = scene((photo("person-b-1.jpg"), 600, 150))
    assert lane.show(other).sight is Sight.LOOKING
    assert lane.show(other).approach == 2
    assert lane.show(other, 5).sight is Sight.UNKNOWN


def test_fail__two_people_are_asked_to_come_one_by_one(matcher, photo):
    lane = Lane(matcher)
    alone = scene((photo("person-a-2.jpg"), 480, 0))
    both = scene((photo("person-a-2.jpg"), 480, 0), (photo("person-b-1.jpg"), 480, 320))
    lane.show(alone, 3)
    assert lane.show(both).sight is Sight.MULTIPLE_FACES
    assert lane.show(alone).sight is Sight.LOOKING
    assert lane.show(alone, 2).sight is Sight.KNOWN


def test_ok__people_far_behind_are_ignored(matcher, photo):
    behind = scene((photo("person-a-2.jpg"), 480, 0), (photo("person-b-1.jpg"), 200, 400))
    assert len(matcher.engine.detect(behind)) == 2
    assert Lane(matcher).show(behind, 3).sight is Sight.KNOWN


def test_ok__somebody_across_the_street_is_nobody(matcher, photo):
    tiny = scene((photo("person-a-1.jpg"), 80, 300))
    assert len(matcher.engine.detect(tiny)) == 1
    assert Lane(matcher).show(tiny).sight is Sight.NOBODY


@pytest.mark.parametrize(
    ("name", "change", "sight"),
    [
        ("person-a-1.jpg", lambda image: scene((image, 200, 200)), quality.TOO_FAR),
        ("person-a-1.jpg", lambda image: scene((image // 6, 480, 100)), quality.TOO_DARK),
        ("person-a-1.jpg", lambda image: cv2.GaussianBlur(scene((image, 480, 100)), (0, 0), 6), quality.BLURRED),
        ("group-1.jpg", lambda image: cv2.resize(image[0:240, 840:1100], (520, 480)), quality.TURNED_AWAY),
    ],
)
def test_fail__an_unusable_face_is_told_why_before_anybody_is_named(matcher, photo, name, change, sight):
    seen = Lane(matcher).show(change(photo(name)), 3)
    assert (seen.sight, seen.candidate, seen.usable_since_s) == (sight, None, None)


def in_mask(engine, image):
    (face,) = engine.detect(image)
    return occlusion.mask(image, face)


def test_ok__a_masked_stranger_is_told_to_uncover_and_then_judged_bare(matcher, engine, photo):
    lane = Lane(matcher)
    bare = scene((photo("person-b-1.jpg"), 600, 150))
    assert lane.show(in_mask(engine, bare), 5).sight is quality.OCCLUDED
    seen = []
    for _ in range(20):
        lane.now_s += 0.07
        seen.append(lane.show(bare).sight)
    assert Sight.UNKNOWN not in seen[:12]  # not at once, and never of a covered frame
    assert Sight.KNOWN not in seen and seen[-1] is Sight.UNKNOWN


def test_ok__a_masked_worker_is_never_told_not_you_and_is_known_once_bare(matcher, engine, photo):
    lane = Lane(matcher)
    bare = scene((photo("person-a-2.jpg"), 480, 180))
    masked = in_mask(engine, bare)
    said = {lane.show(occlusion.helmet(masked, engine.detect(bare)[0])).sight for _ in range(12)}
    assert said <= {Sight.LOOKING, quality.OCCLUDED, Sight.KNOWN}
    assert Sight.KNOWN in {lane.show(bare).sight for _ in range(40)}


def test_fail__a_masked_face_is_no_reference(matcher, engine, photo):
    with pytest.raises(EnrolmentError, match=r"covered; take off the mask"):
        matcher.enrol([in_mask(engine, scene((photo("person-a-1.jpg"), 480, 100)))])


def test_ok__the_configured_threshold_overrides(engine, photo):
    strict = FaceMatcher(engine, MatcherConfig(threshold=0.95))
    strict.load([("worker-a", template) for template in strict.enrol([photo("person-a-1.jpg")])])
    assert strict.threshold == 0.95
    assert Lane(strict).show(scene((photo("person-a-2.jpg"), 480, 180)), 5).sight is Sight.UNKNOWN


def test_ok__the_threshold_grows_with_the_gallery(matcher, photo):
    (template,) = matcher.enrol([photo("person-a-1.jpg")])
    alone = matcher.threshold
    matcher.load([(f"worker-{i}", template) for i in range(1000)])
    assert matcher.gallery_size == 1000
    assert matcher.threshold > alone + 0.1


def test_ok__a_gallery_is_prepared_beside_the_one_in_use_and_swapped_at_once(matcher, photo):
    (template,) = matcher.enrol([photo("person-b-1.jpg")])
    roster = TemplateStore.of([(f"worker-{i}", template) for i in range(5000)])
    frame = scene((photo("person-a-2.jpg"), 480, 180))
    lane = Lane(matcher)
    while not matcher.prepare(roster):
        assert matcher.gallery_size == 1
        assert lane.show(frame).sight in (Sight.LOOKING, Sight.KNOWN)
    assert lane.show(frame, 5).sight is Sight.KNOWN  # the old gallery, until the new one is loaded
    matcher.load(roster)
    assert matcher.gallery_size == 5000
    assert matcher.search(template.vector).score == pytest.approx(1, abs=1e-3)


def test_ok__what_was_prepared_is_not_used_for_another_roster(matcher, photo):
    (template,) = matcher.enrol([photo("person-b-1.jpg")])
    first, second = [("worker-b", template)], [("worker-b", template), ("worker-c", template)]
    matcher.prepare(first)
    matcher.prepare(second)
    matcher.load(first)
    assert matcher.gallery_size == 1
    matcher.load(second)
    assert matcher.gallery_size == 2


def test_fail__a_gallery_that_cannot_be_built_is_told_when_it_is_loaded(matcher):
    nobody = [("worker-b", None)]
    while not matcher.prepare(nobody):
        time.sleep(0.001)
    with pytest.raises(AttributeError):
        matcher.load(nobody)
    assert matcher.gallery_size == 1


def test_ok__several_photos_of_one_person_enrol(matcher, photo):
    templates = matcher.enrol([photo(f"person-a-{i}.jpg") for i in (1, 2, 3)])
    assert len(templates) == 3
    assert {t.model_id for t in templates} == {matcher.model_id}
    assert matcher.model_id.startswith("opencv-zoo/sface-2021dec/")
    assert all(abs(float(np.linalg.norm(t.vector)) - 1) < 1e-5 for t in templates)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "no photo was given"),
        (["group-1.jpg"], "photo 1: 6 faces were found; crop it"),
        (["person-a-1.jpg", "person-b-1.jpg"], "photos 1 and 2 do not show the same person"),
    ],
)
def test_fail__photos_that_make_no_reference(matcher, photo, names, message):
    with pytest.raises(EnrolmentError, match=message):
        matcher.enrol([photo(name) for name in names])


def test_fail__enrolment_needs_a_face_that_is_large_and_sharp(matcher, photo):
    with pytest.raises(EnrolmentError, match="no face was found"):
        matcher.enrol([scene()])
    with pytest.raises(EnrolmentError, match="use a closer photo"):
        matcher.enrol([scene((photo("person-a-1.jpg"), 200, 200))])
    with pytest.raises(EnrolmentError, match="blurred"):
        matcher.enrol([cv2.GaussianBlur(scene((photo("person-a-1.jpg"), 480, 100)), (0, 0), 6)])


def test_ok__a_face_beside_the_lane_is_nobody(engine, photo):
    shown = scene((photo("person-a-1.jpg"), 480, 0))
    width = photo("person-a-1.jpg").shape[1] * 480 / photo("person-a-1.jpg").shape[0] / WIDTH
    beside = Lane(FaceMatcher(engine, MatcherConfig(lane_left=min(0.9, round(width, 2)))))
    assert beside.show(shown, 6).sight is Sight.NOBODY
    assert Lane(FaceMatcher(engine, MatcherConfig())).show(shown, 6).sight is not Sight.NOBODY


def test_fail__an_answer_does_not_outlive_its_gallery(engine, photo):
    made = FaceMatcher(engine, MatcherConfig())
    made.load([("worker-a", template) for template in made.enrol([photo("person-a-1.jpg")])])
    lane, shown = Lane(made), scene((photo("person-a-2.jpg"), 480, 180))
    assert lane.show(shown, 6).sight is Sight.KNOWN
    made.load([])  # consent was withdrawn while the worker stands there
    assert lane.show(shown).sight is not Sight.KNOWN
    assert lane.show(shown, 6).sight is Sight.UNKNOWN
