"""What tells a face that is not upright, on numbers alone."""

import base64

import numpy as np
import pytest
from pydantic import ValidationError

from edge.core.config import MatcherConfig
from edge.core.domain import Face
from edge.matcher import load_manifest
from edge.matcher.engine import quality
from edge.matcher.engine.align import centred_reference
from edge.matcher.engine.quality import Quality, objection
from edge.matcher.engine.upright import (
    MARGIN,
    SIDE_PX,
    SURE_MIN,
    decode_direction,
    encode_direction,
    is_rotated,
    roll_deg,
    rotated_vectors,
)
from edge.matcher.weights.manifest import Pack, Upright
from edge.tools.evaluation.rotations import RotatedFace, by_halves, fit, fitted

POINTS = centred_reference(200, 60)


def rolled(degrees):
    angle = np.radians(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return ((POINTS - 100) @ matrix.T + 100).astype(np.float32)


@pytest.mark.parametrize("degrees", [0, 20, -20, 90, 179, -135])
def test_ok__roll_is_how_far_the_eyes_are_from_level(degrees):
    assert roll_deg(rolled(degrees)) == pytest.approx(abs(degrees), abs=0.5)


def test_fail__eyes_at_one_point_are_not_level():
    assert roll_deg(np.zeros((5, 2), np.float32)) == 180


def test_fail__a_rolled_face_is_told_to_hold_straight_before_anything_else():
    good = Quality(eye_distance_px=60, brightness=120, sharpness=100, turn=0, roll_deg=20)
    assert objection(good, MatcherConfig()) is None
    assert objection(Quality(10, 10, 1, 5, roll_deg=60), MatcherConfig()) is quality.TILTED


class Finder:
    """Finds a face in the middle, with the next of these scores; 0: none."""

    def __init__(self, *scores):
        self.scores, self.sizes = list(scores), []

    def __call__(self, image):
        self.sizes.append(image.shape)
        score = self.scores.pop(0)
        return [Face((0, 0, 1, 1), centred_reference(SIDE_PX, 24), score)] if score else []


@pytest.mark.parametrize(
    ("scores", "turned"),
    [
        ((0.9, 0, 0, 0), False),
        ((0.9, 0.8, 0.8, 0.8), False),
        ((0.9, 0, 0.95, 0), True),
        ((0.9, 0.95, 0, 0), True),
        ((0.9, 0, 0, 0.9 - MARGIN / 2), True),
        ((0, 0, 0.7, 0), True),
        ((0, 0, 0, 0), False),  # nothing speaks against it
    ],
)
def test_ok__an_upright_face_scores_clearly_best_upright(scores, turned):
    finder = Finder(*scores)
    assert is_rotated(finder, np.zeros((200, 200, 3), np.uint8), POINTS) is turned
    assert finder.sizes == [(SIDE_PX, SIDE_PX, 3)] * 4


def test_ok__a_face_that_is_surely_upright_costs_one_search():
    finder = Finder(SURE_MIN)
    assert is_rotated(finder, np.zeros((200, 200, 3), np.uint8), POINTS) is False
    assert len(finder.sizes) == 1


def clouds(count=200, dimension=16):
    random = np.random.default_rng(1)
    faces = random.normal(size=(2 * count, dimension))
    faces[count:, 0] += 10
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    return faces[:count].astype(np.float32), faces[count:].astype(np.float32)


def test_ok__a_direction_that_tells_is_found_and_survives_the_manifest():
    up, down = clouds()
    limits = fit(up, down)
    assert rotated_vectors(down, limits).mean() > 0.98 and rotated_vectors(up, limits).mean() < 0.02
    assert np.allclose(
        decode_direction(encode_direction(decode_direction(limits.direction))), decode_direction(limits.direction)
    )
    seen = [RotatedFace(f"p{i}", 0, True, 3.0, v) for i, v in enumerate(up)]
    seen += [RotatedFace(f"p{i}", 180, True, 178.0, v) for i, v in enumerate(down)]
    seen.append(RotatedFace("p0", 90, True, 80.0, up[0]))  # neither
    assert fitted(seen) == limits
    refused, of_upright, taken, of_turned = by_halves(seen, halves=2)
    assert of_upright == of_turned == 200 and refused < 6 and taken < 6


def test_fail__too_few_faces_to_tell_by():
    up, down = clouds()
    with pytest.raises(ValueError, match="are too few"):
        fit(up, down[:10])
    with pytest.raises(ValueError, match="no face was seen"):
        fitted([RotatedFace("p", 0, True, 0.0, up[0])])


def test_fail__a_direction_of_another_dimension():
    pack = load_manifest().pack("opencv-zoo")
    wrong = Upright(direction=base64.b64encode(bytes(10)).decode(), turned_min=0.2, faces=100)
    with pytest.raises(ValidationError, match="does not have the embedder's dimension"):
        Pack.model_validate(pack.model_dump() | {"upright": wrong.model_dump()})


def test_ok__the_pack_that_is_shipped_was_measured():
    found = load_manifest().pack("opencv-zoo").upright
    assert found is not None and float(np.linalg.norm(decode_direction(found.direction))) == pytest.approx(1, abs=1e-3)
