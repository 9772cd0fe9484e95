"""Which frames of a sitting count, which are the best, and what is said about the others."""

import numpy as np
import pytest

from edge.core.config import MatcherConfig
from edge.core.domain import Face, Image, Points, Vector
from edge.matcher.engine.align import REFERENCE, align
from edge.matcher.enrolment.guided_capture import SPACING_S, WANTED, GuidedCapture


class SeesFaces:
    """An engine with a scripted detector; alignment is the real one."""

    def __init__(self) -> None:
        self.faces: list[Face] = []
        self.turned = ""

    def detect(self, image: Image) -> list[Face]:
        return self.faces

    def refine(self, image: Image, face: Face) -> Face:
        return face

    def align_refined(self, image: Image, face: Face) -> Image:
        return align(image, face)

    def embed(self, aligned: Image) -> Vector:
        return np.ones(4, np.float32)

    def image_is_rotated(self, image: Image, face: Face) -> bool:
        return self.turned == "seen"

    def vector_is_rotated(self, vector: Vector) -> bool:
        return self.turned == "embedded"


def face(scale: float = 1.0, nose_px: float = 0.0) -> Face:
    points: Points = REFERENCE * np.float32(scale)
    points[2, 0] += nose_px
    return Face((0, 0, 112 * scale, 112 * scale), points, 0.9)


def noise(amplitude: int) -> Image:
    return np.random.default_rng(3).integers(120 - amplitude, 120 + amplitude, (240, 240, 3)).astype(np.uint8)


@pytest.fixture
def engine() -> SeesFaces:
    return SeesFaces()


@pytest.fixture
def capture(engine: SeesFaces) -> GuidedCapture:
    return GuidedCapture(engine, MatcherConfig())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("faces", "image", "said"),
    [
        ([], noise(40), "nobody is seen"),
        ([face(), face()], noise(40), "one at a time"),
        ([face(0.5)], noise(40), "come closer"),
        ([face()], noise(40) // 6, "too dark"),
        ([face()], noise(1), "hold still"),
        ([face(nose_px=16)], noise(40), "look at the camera"),
    ],
)
def test_fail__a_poor_frame_is_not_taken_and_says_the_next_step(
    engine: SeesFaces, capture: GuidedCapture, faces: list[Face], image: Image, said: str
) -> None:
    engine.faces = faces
    assert said in capture.judge_frame(image, 1.0)
    assert capture.good == 0


def test_ok__good_frames_are_taken_apart_in_time_and_the_straightest_come_first(
    engine: SeesFaces, capture: GuidedCapture
) -> None:
    straight = noise(40)
    for i in range(WANTED):
        assert not capture.done
        engine.faces = [face(nose_px=0 if i == 4 else 6)]
        image = straight if i == 4 else noise(39)
        assert capture.judge_frame(image, i * 1.0) == ""
        assert capture.judge_frame(image, i * 1.0 + SPACING_S / 2) == ""  # too soon after the last to count
    assert capture.done and capture.good == WANTED
    assert capture.best(3)[0] is straight
    assert len(capture.best(3)) == 3


@pytest.mark.parametrize("turned", ["seen", "embedded"])
def test_fail__a_face_upside_down_is_told_to_be_held_straight(
    engine: SeesFaces, capture: GuidedCapture, turned: str
) -> None:
    engine.faces, engine.turned = [face()], turned
    assert capture.judge_frame(noise(40), 1.0) == "hold your head straight"
    assert capture.good == 0
