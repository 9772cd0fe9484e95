"""The closer look with a detector whose answers are known."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.domain import Face
from edge.matcher.engine.align import centred_reference
from edge.matcher.engine.landmarks import EYE_DISTANCE_PX, SIDE_PX, refine_landmarks

TRUE = np.array([[100, 100], [140, 104], [118, 125], [102, 145], [134, 148]], np.float32)
MIRRORED = [1, 0, 2, 4, 3]
COLOURS = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0], [0, 255, 255]])
IMAGE = np.zeros((240, 320, 3), np.uint8)
for _point, _colour in zip(TRUE, COLOURS, strict=True):
    _x, _y = _point.astype(int)
    IMAGE[_y - 3 : _y + 4, _x - 3 : _x + 4] = _colour


def face(points):
    return Face((80, 70, 90, 110), np.asarray(points, np.float32), 0.9)


class PerfectDetector:
    """Knows where the face is in every crop; leans `lean_px` to the right in each, and sees nothing in those named
    blind."""

    def __init__(self, lean_px=0.0, blind=()):
        self.lean_px, self.blind, self.shown = lean_px, blind, 0

    def __call__(self, image):
        assert image.shape == (SIDE_PX, SIDE_PX, 3)
        number, self.shown = self.shown, self.shown + 1
        if number in self.blind:
            return []
        # Each point is painted into the frame in its own colour.
        points = np.array([centre(image, colour) for colour in COLOURS], np.float64)
        if number % 2 == 1:
            points = points[MIRRORED]
        return [face(points + np.array([self.lean_px, 0]))]


def centre(image, colour):
    rows, columns = np.nonzero(cv2.inRange(image, np.maximum(colour - 60, 0), np.minimum(colour + 60, 255)))
    return columns.mean(), rows.mean()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_ok__a_rough_first_look_is_made_good(seed):
    rough = TRUE + np.random.default_rng(seed).normal(scale=2, size=(5, 2)).astype(np.float32)
    found = refine_landmarks(PerfectDetector(), IMAGE, face(rough), repeats=2)
    assert found.landmarks == pytest.approx(TRUE, abs=0.3)
    assert (found.box, found.score) == ((80, 70, 90, 110), 0.9)


@pytest.mark.parametrize("repeats", [2, 4])
def test_ok__the_mirror_image_takes_out_a_leaning(repeats):
    found = refine_landmarks(PerfectDetector(3.0), IMAGE, face(TRUE), repeats)
    assert found.landmarks == pytest.approx(TRUE, abs=0.3)
    once = refine_landmarks(PerfectDetector(3.0), IMAGE, face(TRUE), repeats=1)
    assert np.abs(once.landmarks - TRUE).max() > 0.8


@pytest.mark.parametrize("blind", [{0}, {1}, {0, 1, 2}])
def test_ok__a_look_that_shows_nothing_is_left_out(blind):
    found = refine_landmarks(PerfectDetector(blind=blind), IMAGE, face(TRUE), repeats=4)
    assert found.landmarks == pytest.approx(TRUE, abs=0.3)


def test_ok__nothing_found_leaves_the_face_as_it_was():
    first = face(TRUE)
    assert refine_landmarks(lambda image: [], IMAGE, first, repeats=4) is first


def test_fail__a_neighbour_at_the_edge_of_the_crop_is_not_taken():
    first = face(TRUE)
    beside = face(centred_reference(SIDE_PX, EYE_DISTANCE_PX) + np.float32([EYE_DISTANCE_PX, 0]))
    assert refine_landmarks(lambda image: [beside], IMAGE, first, repeats=2) is first


def test_fail__points_that_are_all_the_same():
    with pytest.raises(ValueError, match="one point"):
        refine_landmarks(lambda image: [], IMAGE, face(np.zeros((5, 2))), repeats=2)
