"""Painted helmets, masks and glasses lie where they belong, at any size and tilt of the face."""

import cv2
import numpy as np
import pytest

from edge.core.domain import Face, Image
from edge.matcher.engine.align import REFERENCE, align
from edge.sim.occlusion import PAINTERS, helmet, mask, sunglasses

GREY = 128


def scene(scale: float = 1.0, turn_deg: float = 0.0) -> tuple[Image, Face]:
    """A grey picture with a face in its middle."""
    turned = cv2.getRotationMatrix2D((56.0, 56.0), turn_deg, scale)
    turned[:, 2] += 200 - 56
    points = (np.hstack((REFERENCE, np.ones((5, 1)))) @ turned.T).astype(np.float32)
    return np.full((400, 400, 3), GREY, np.uint8), Face((0, 0, 1, 1), points, 0.9)


def changed(image: Image, face: Face, part: str) -> np.ndarray:
    """Where the aligned face differs from plain grey."""
    return np.asarray((align(PAINTERS[part](image, face), face) != GREY).any(axis=2))


@pytest.mark.parametrize("part", PAINTERS)
def test_ok__the_picture_that_was_given_stays_as_it_is(part: str) -> None:
    image, face = scene()
    PAINTERS[part](image, face)
    assert (image == GREY).all()


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("turn_deg", [0.0, 25.0])
def test_ok__each_thing_covers_what_it_should_and_nothing_else(scale: float, turn_deg: float) -> None:
    image, face = scene(scale, turn_deg)
    eyes, nose, mouth = (slice(48, 55), slice(34, 42)), (slice(68, 75), slice(52, 60)), (slice(88, 95), slice(46, 66))
    expected = {
        "nothing": (False, False, False),
        "sunglasses": (True, False, False),
        "helmet": (False, False, False),
        "mask": (False, True, True),
        "helmet and mask": (False, True, True),
    }
    for part, occluded in expected.items():
        where = changed(image, face, part)
        assert tuple(bool(where[place].mean() > 0.9) for place in (eyes, nose, mouth)) == occluded, part
    assert changed(image, face, "helmet")[8:20, 28:84].mean() > 0.9
    assert not changed(image, face, "mask")[:40].any()
    assert 0.05 < changed(image, face, "glasses")[30:75].mean() < 0.4  # a frame, and clear lenses


def test_fail__eyes_at_one_point_are_no_face_to_paint_on() -> None:
    image, _ = scene()
    for painter in (helmet, mask, sunglasses):
        with pytest.raises(ValueError, match="at one point"):
            painter(image, Face((0, 0, 1, 1), np.zeros((5, 2), np.float32), 0.9))
