"""What makes a face unusable, and which reason comes first."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.messages import QUALITY_ADVICE
from edge.core.config import MatcherConfig
from edge.core.domain import Face
from edge.matcher.engine import quality
from edge.matcher.engine.align import REFERENCE
from edge.matcher.engine.quality import Quality, measure, nod, objection, objection_to_reference, sharpness, turn
from edge.sim import heads

LIMITS = MatcherConfig()
HEAD = np.array([(-31.5, -35, 0), (31.5, -35, 0), (0, 5, -25), (-26, 35, 0), (26, 35, 0)])
GOOD = Quality(eye_distance_px=60, brightness=120, sharpness=400, turn=0.1)


def test_ok__a_good_face_is_usable():
    assert objection(GOOD, LIMITS) is None


@pytest.mark.parametrize(
    ("change", "sight"),
    [
        ({"eye_distance_px": 20}, quality.TOO_FAR),
        ({"brightness": 20}, quality.TOO_DARK),
        ({"turn": 0.8}, quality.TURNED_AWAY),
        ({"sharpness": 5}, quality.BLURRED),
        ({"sharpness": 5, "brightness": 20}, quality.TOO_DARK),
        ({"eye_distance_px": 20, "sharpness": 5, "brightness": 20}, quality.TOO_FAR),
        ({"eye_distance_px": 20, "turn": 1}, quality.TURNED_AWAY),
        ({"nod": 0.8}, quality.LOOKING_DOWN),
        ({"nod": 0.3}, quality.LOOKING_UP),
        ({"glare": 0.5}, quality.TOO_BRIGHT),
        ({"glare": 0.5, "sharpness": 5}, quality.TOO_BRIGHT),
        ({"sharpness": 5, "occluded": True}, quality.BLURRED),
    ],
)
def test_fail__the_most_fundamental_reason_comes_first(change, sight):
    assert objection(replace(GOOD, **change), LIMITS) is sight


@given(angle=st.floats(-1.5, 1.5), offset=st.floats(-1, 1))
def test_ok__a_tilted_head_is_not_a_turned_one(angle, offset):
    points = np.array([[-20, 0], [20, 0], [20 * offset, 25], [-15, 50], [15, 50]])
    tilt = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert turn((points @ tilt.T).astype(np.float32)) == pytest.approx(abs(offset), abs=1e-4)


def test_ok__a_covered_face_is_compared_but_not_enrolled():
    occluded = replace(GOOD, occluded=True, glare=0.5, nod=0.9)  # a white mask, and a nose that the detector guesses
    assert objection(occluded, LIMITS) is None
    assert objection_to_reference(occluded, LIMITS) is quality.OCCLUDED
    assert objection_to_reference(GOOD, LIMITS) is None
    assert objection_to_reference(replace(occluded, turn=1), LIMITS) is quality.TURNED_AWAY


@given(pitch=st.floats(-25, 25), roll=st.floats(-40, 40))
def test_ok__a_nodding_head_moves_its_nose_between_eyes_and_mouth(pitch, roll):
    def seen(pitch, roll):
        return heads.project(HEAD @ heads.rotation(0, pitch, roll).T + np.array((0, 0, 700))).astype(np.float32)

    assert nod(seen(pitch, roll)) == pytest.approx(nod(seen(pitch, 0)), abs=1e-3)  # a tilt is no nod
    assert (nod(seen(pitch, 0)) - nod(seen(0, 0))) * pitch >= 0


def test_ok__a_nod_of_25_degrees_is_out_of_bounds_and_one_of_10_is_not():
    def at(pitch):
        return nod(heads.project(HEAD @ heads.rotation(0, pitch, 0).T + np.array((0, 0, 700))).astype(np.float32))

    assert LIMITS.nod_min <= at(-10) < at(0) < at(8) <= LIMITS.nod_max
    assert at(-30) < LIMITS.nod_min and at(25) > LIMITS.nod_max


def test_fail__motion_blur_is_seen_through_sensor_noise():
    rng = np.random.default_rng(0)
    sharp = cv2.GaussianBlur(rng.normal(120, 160, (112, 112)).astype(np.float32), (0, 0), 2)
    across = cv2.blur(sharp, (15, 1))
    noise = rng.normal(0, 4, (112, 112)).astype(np.float32)
    assert sharpness(across + noise) < 0.3 * sharpness(sharp + noise)
    assert sharpness(np.full((112, 112), 120, np.float32) + noise / 4) < LIMITS.sharpness_min


def test_ok__half_a_sharp_face_is_sharp():
    rng = np.random.default_rng(0)
    face = cv2.GaussianBlur(rng.normal(120, 160, (112, 112)).astype(np.float32), (0, 0), 2)
    masked = face.copy()
    masked[66:] = 200
    assert sharpness(masked) > LIMITS.sharpness_min


def test_fail__eyes_at_one_point_are_turned_away():
    assert turn(np.zeros((5, 2), dtype=np.float32)) == float("inf")
    assert nod(np.zeros((5, 2), dtype=np.float32)) == pytest.approx(0.57)


def test_ok__brightness_and_sharpness_follow_the_picture():
    face = Face((0, 0, 112, 112), REFERENCE, 0.9)
    grey = np.full((112, 112, 3), 90, dtype=np.uint8)
    noise = np.random.default_rng(0).integers(0, 255, (112, 112, 3), dtype=np.uint8)
    flat, busy = measure(face, grey), measure(face, noise)
    assert flat.brightness == pytest.approx(90)
    assert flat.sharpness == 0
    assert busy.sharpness > 1_000
    assert flat.eye_distance_px == pytest.approx(35.24, abs=0.01)


def test_ok__each_fault_has_an_advice_and_each_advice_to_a_face_a_fault() -> None:
    assert {fault.advice for fault in quality.FAULTS.values()} == set(QUALITY_ADVICE)
    assert all(name == fault.value and fault.photo and fault.prompt for name, fault in quality.FAULTS.items())
