"""What makes a face unusable, and which reason comes first."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config import MatcherConfig
from edge.domain import Face, Sight
from edge.matcher.align import REFERENCE
from edge.matcher.quality import Quality, measure, objection, turn

LIMITS = MatcherConfig()
GOOD = Quality(eye_distance_px=60, brightness=120, sharpness=400, turn=0.1)


def test_ok__a_good_face_is_usable():
    assert objection(GOOD, LIMITS) is None


@pytest.mark.parametrize(
    ("change", "sight"),
    [
        ({"eye_distance_px": 20}, Sight.TOO_FAR),
        ({"brightness": 20}, Sight.TOO_DARK),
        ({"turn": 0.8}, Sight.TURNED_AWAY),
        ({"sharpness": 5}, Sight.BLURRED),
        ({"sharpness": 5, "brightness": 20}, Sight.TOO_DARK),
        ({"eye_distance_px": 20, "sharpness": 5, "brightness": 20}, Sight.TOO_FAR),
        ({"eye_distance_px": 20, "turn": 1}, Sight.TURNED_AWAY),
    ],
)
def test_fail__the_most_fundamental_reason_comes_first(change, sight):
    assert objection(replace(GOOD, **change), LIMITS) is sight


@given(angle=st.floats(-1.5, 1.5), offset=st.floats(-1, 1))
def test_ok__a_tilted_head_is_not_a_turned_one(angle, offset):
    points = np.array([[-20, 0], [20, 0], [20 * offset, 25], [-15, 50], [15, 50]])
    tilt = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert turn((points @ tilt.T).astype(np.float32)) == pytest.approx(abs(offset), abs=1e-4)


def test_fail__eyes_at_one_point_are_turned_away():
    assert turn(np.zeros((5, 2), dtype=np.float32)) == float("inf")


def test_ok__brightness_and_sharpness_follow_the_picture():
    face = Face((0, 0, 112, 112), REFERENCE, 0.9)
    grey = np.full((112, 112, 3), 90, dtype=np.uint8)
    noise = np.random.default_rng(0).integers(0, 255, (112, 112, 3), dtype=np.uint8)
    flat, busy = measure(face, grey), measure(face, noise)
    assert flat.brightness == pytest.approx(90)
    assert flat.sharpness == 0
    assert busy.sharpness > 1_000
    assert flat.eye_distance_px == pytest.approx(35.24, abs=0.01)
