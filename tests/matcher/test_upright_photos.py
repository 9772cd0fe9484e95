"""Faces that are not upright, through the real weights: nobody is enrolled so, and nobody is named so."""

import functools

import cv2
import numpy as np
import pytest

from edge.core.config import MatcherConfig
from edge.core.domain import Frame, Sight, Template
from edge.matcher import EnrolmentError, FaceEngine, FaceMatcher, load_manifest, open_matcher
from edge.matcher.engine import quality, upright
from edge.matcher.engine.engine import FRAME_EFFORT
from edge.matcher.enrolment.guided_capture import GuidedCapture
from edge.matcher.enrolment.request import read_photos
from edge.system.photo_file import read_photo
from edge.tools.evaluation.rotations import rotate

PORTRAITS = ["person-a-1.jpg", "person-b-1.jpg", "person-c-1.png", "person-d-1.png"]


@pytest.fixture(scope="module")
def engine(models_dir):
    return open_matcher(MatcherConfig(), models_dir).engine


@pytest.fixture(scope="module")
def photo(photos_dir, engine):
    """The head of a photo, with what is around it."""

    @functools.cache
    def read(name):
        whole = read_photo(photos_dir / name)
        x, y, width, height = engine.detect(whole)[0].box
        top, left = max(0, round(y - 0.7 * height)), max(0, round(x + width / 2 - 1.3 * height))
        return whole[top : round(y + 1.9 * height), left : round(x + width / 2 + 1.3 * height)]

    return read


def frame(image, angle=0, height=400):
    """The photo in the middle of a 640 × 480 frame, turned against the clock."""
    size = (round(image.shape[1] * height / image.shape[0]), height)
    shown = np.full((480, 640, 3), 110, np.uint8)
    top, left = (480 - height) // 2, (640 - size[0]) // 2
    shown[top : top + height, left : left + size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return rotate(shown, angle)


def upside_down(engine, image):
    """A frame in which the detector does find that face."""
    frames = (frame(image, 180, height) for height in (400, 320, 260, 200, 160))
    return next(shown for shown in frames if engine.detect(shown))


def sights(matcher, image, frames=12):
    return {matcher.identify(Frame(image, 100 + number / 30, number)).sight for number in range(1, frames + 1)}


def seen(engine, image):
    """The face as the gate takes it in a frame, and its vector."""
    found = engine.refine(image, engine.detect(image)[0], FRAME_EFFORT)
    return found, engine.embed(engine.align_refined(image, found), FRAME_EFFORT)


@pytest.fixture(scope="module")
def roster(engine, photo):
    """Everybody enrolled upright."""
    made = FaceMatcher(engine, MatcherConfig())
    return [(f"worker-{i}", made.enrol([photo(name)])[0]) for i, name in enumerate(PORTRAITS)]


@pytest.fixture
def matcher(engine, roster):
    """It has seen no frame yet."""
    made = FaceMatcher(engine, MatcherConfig())
    made.load(roster)
    return made


@pytest.mark.parametrize("name", [*PORTRAITS, "person-a-2.jpg", "person-a-3.jpg"])
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_fail__a_photo_that_is_turned_is_not_enrolled(matcher, photo, name, turns):
    with pytest.raises(EnrolmentError, match="turn the photo, so that the forehead is above the chin"):
        matcher.enrol([np.ascontiguousarray(np.rot90(photo(name), turns))])


@pytest.mark.parametrize("name", PORTRAITS)
def test_ok__mirrored_and_slightly_tilted_photos_are_enrolled_and_fit(matcher, photo, name):
    (reference,) = matcher.enrol([frame(photo(name))])
    for other in (frame(photo(name)[:, ::-1]), frame(photo(name), 20), frame(photo(name), -20)):
        (template,) = matcher.enrol([other])
        assert float(reference.vector @ template.vector) > 0.8


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_ok__a_photo_that_its_tag_turns_is_enrolled(matcher, photo, tmp_path, orientation):
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = np.rot90(photo("person-a-1.jpg"), {3: 2, 6: 1, 8: 3}[orientation])[:, :, ::-1]
    Image.fromarray(np.ascontiguousarray(turned)).save(tmp_path / "a.jpg", quality=95, exif=exif)
    (reference,) = matcher.enrol([photo("person-a-1.jpg")])
    (template,) = matcher.enrol(read_photos([tmp_path / "a.jpg"]))
    assert float(reference.vector @ template.vector) > 0.95


@pytest.mark.parametrize("name", PORTRAITS)
@pytest.mark.parametrize("angle", [150, 165, 180, 195, 210])
def test_fail__nobody_is_named_upside_down(matcher, photo, name, angle):
    assert sights(matcher, frame(photo(name), angle)) <= {quality.TILTED, Sight.NOBODY, Sight.LOOKING, quality.BLURRED,
        quality.TURNED_AWAY, quality.TOO_FAR, quality.LOOKING_UP, quality.LOOKING_DOWN}  # fmt: skip


@pytest.fixture
def attacked(engine, photos_dir):
    """Worker A enrolled by 0.1 from a photo upside down, and a stranger upside down who looks like it."""
    photo_a, photo_c = (read_photo(photos_dir / name) for name in ("person-a-1.jpg", "person-c-1.png"))
    photo_a, stranger = (cv2.rotate(p, cv2.ROTATE_180) for p in (photo_a, photo_c[0:260, 100:360]))
    made = FaceMatcher(engine, MatcherConfig())
    vector = engine.embed(engine.align(photo_a, engine.detect(photo_a)[0]))
    made.load([("worker-a", Template(vector, engine.model_id))])
    return made, stranger


def test_fail__a_stranger_upside_down_does_not_open_for_who_was_enrolled_upside_down(engine, attacked):
    """To the embedder all faces upside down are nearly one person."""
    matcher, stranger = attacked
    assert matcher.search(seen(engine, stranger)[1]).score > matcher.threshold + 0.1
    assert quality.TILTED in sights(matcher, stranger, 40) and Sight.KNOWN not in sights(matcher, stranger, 40)


def test_fail__the_turned_picture_refuses_what_the_vector_lets_pass(attacked, monkeypatch):
    matcher, stranger = attacked
    monkeypatch.setattr(FaceEngine, "vector_is_rotated", lambda self, vector: False)
    assert quality.TILTED in sights(matcher, stranger, 40) and Sight.KNOWN not in sights(matcher, stranger, 40)
    monkeypatch.setattr(FaceEngine, "image_is_rotated", lambda self, image, face: False)
    assert Sight.KNOWN in sights(matcher, stranger, 40)  # as it was before


def test_ok__who_holds_the_head_straight_again_is_named(matcher, photo):
    upside_down, straight = frame(photo("person-a-1.jpg"), 180), frame(photo("person-a-1.jpg"), 10)
    for number in range(1, 10):
        assert matcher.identify(Frame(upside_down, 100 + number / 30, number)).sight is not Sight.KNOWN
    found = [matcher.identify(Frame(straight, 101 + number / 30, number)) for number in range(10, 20)]
    assert found[-1].sight is Sight.KNOWN and found[-1].candidate.worker_id == "worker-0"


@pytest.mark.parametrize("name", PORTRAITS)
@pytest.mark.parametrize("angle", [0, 15, -15, 30, -30])
def test_ok__heads_within_thirty_degrees_are_named(matcher, photo, name, angle):
    found = sights(matcher, frame(photo(name), angle))
    assert quality.TILTED not in found and Sight.KNOWN in found


@pytest.mark.parametrize("name", PORTRAITS)
def test_ok__either_measurement_alone_tells_upside_down(engine, photo, name):
    face, vector = seen(engine, frame(photo(name)))
    assert not engine.vector_is_rotated(vector) and not engine.image_is_rotated(frame(photo(name)), face)
    shown = upside_down(engine, photo(name))
    face, vector = seen(engine, shown)
    assert engine.vector_is_rotated(vector) and engine.image_is_rotated(shown, face)


def test_ok__templates_of_faces_upside_down_are_found_on_a_roster(engine, photo):
    up, down = seen(engine, frame(photo("person-a-1.jpg"))), seen(engine, upside_down(engine, photo("person-b-1.jpg")))
    roster = [
        ("worker-a", Template(up[1].astype(np.float16), engine.model_id)),
        ("worker-b", Template(down[1].astype(np.float16), engine.model_id)),
        ("worker-c", Template(down[1], "another-model")),
    ]
    assert upright.rotated_workers(roster, MatcherConfig()) == {"worker-b"}
    assert upright.rotated_workers([], MatcherConfig()) == set()


def test_fail__a_sitting_takes_no_frame_upside_down(engine, photo):
    capture = GuidedCapture(engine, MatcherConfig())
    said = {capture.judge_frame(frame(photo("person-a-1.jpg"), 180), 100.0 + number) for number in range(3)}
    assert capture.good == 0 and "" not in said
    assert "hold your head straight" in said or "nobody is seen: step in front of the camera" in said
    assert capture.judge_frame(frame(photo("person-a-1.jpg")), 200.0) == ""
    assert capture.good == 1


def test_ok__a_pack_that_nobody_measured_is_not_asked(engine, photo):
    pack = load_manifest().pack("opencv-zoo").model_copy(update={"upright": None})
    other = FaceEngine("other", pack, engine._detector, engine._embedder)
    shown = upside_down(engine, photo("person-a-1.jpg"))
    face, vector = seen(engine, shown)
    assert not other.vector_is_rotated(vector) and not other.image_is_rotated(shown, face)
