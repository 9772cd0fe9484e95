"""The closer look with a detector whose answers are known."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain import Face
from edge.matcher.align import similarity
from edge.matcher.landmarks import EYE_DISTANCE_PX, SIDE_PX, _target, closer_look

IMAGE = np.zeros((240, 320, 3), np.uint8)
TRUE = np.array([[100, 100], [140, 104], [118, 125], [102, 145], [134, 148]], np.float32)
MIRRORED = [1, 0, 2, 4, 3]


def face(points):
    return Face((80, 70, 90, 110), np.asarray(points, np.float32), 0.9)


def seen(points, matrix, mirrored):
    """Where a perfect detector finds `points` of the frame in the crop."""
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    if mirrored:
        moved = np.stack((SIDE_PX - 1 - moved[:, 0], moved[:, 1]), axis=1)[MIRRORED]
    return face(moved)


class PerfectDetector:
    """Knows where the face is; leans `lean_px` to the right in every picture it is shown. The first round's crop follows
    the first points, the second round's the true ones."""

    def __init__(self, first, lean_px=0.0):
        self.matrices = [similarity(points, _target()) for points in (first, TRUE)]
        self.lean_px, self.shown = lean_px, 0

    def __call__(self, image):
        assert image.shape == (SIDE_PX, SIDE_PX, 3)
        found = seen(TRUE, self.matrices[self.shown // 2], mirrored=self.shown % 2 == 1)
        self.shown += 1
        return [replace(found, landmarks=found.landmarks + np.float32([self.lean_px, 0]))]


@given(st.integers(0, 10_000))
def test_ok__a_rough_first_look_is_made_good(seed):
    rough = TRUE + np.random.default_rng(seed).normal(scale=2, size=(5, 2)).astype(np.float32)
    found = closer_look(PerfectDetector(rough), IMAGE, face(rough))
    assert found.landmarks == pytest.approx(TRUE, abs=0.01)
    assert (found.box, found.score) == ((80, 70, 90, 110), 0.9)


def test_ok__the_mirror_image_takes_out_a_leaning():
    assert closer_look(PerfectDetector(TRUE, 3.0), IMAGE, face(TRUE)).landmarks == pytest.approx(TRUE, abs=0.01)


def test_ok__nothing_found_leaves_the_face_as_it_was():
    first = face(TRUE)
    assert closer_look(lambda image: [], IMAGE, first) is first


def test_fail__a_neighbour_at_the_edge_of_the_crop_is_not_taken():
    first = face(TRUE)
    beside = face(_target() + np.float32([EYE_DISTANCE_PX, 0]))
    assert closer_look(lambda image: [beside], IMAGE, first) is first


def test_fail__points_that_are_all_the_same():
    with pytest.raises(ValueError, match="one point"):
        closer_look(lambda image: [], IMAGE, face(np.zeros((5, 2))))
