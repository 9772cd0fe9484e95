"""A drawn face, bare and covered: which measures say so, and that a picture without colour says nothing."""

import cv2
import numpy as np
import pytest

from edge.core.domain import Image
from edge.matcher.engine.occlusion import measure_occlusion

SKIN, LIPS, DARK, WHITE = (150, 175, 215), (110, 100, 195), (40, 40, 45), (235, 235, 235)


def face() -> Image:
    """(112, 112, 3): skin, eyes with whites, brows, a nose's shadow, red lips with a line between."""
    image = np.full((112, 112, 3), SKIN, np.uint8)
    for x in (38, 73):
        cv2.ellipse(image, (x, 52), (7, 3), 0, 0, 360, WHITE, -1)
        cv2.circle(image, (x, 52), 3, DARK, -1)
        cv2.line(image, (x - 9, 43), (x + 9, 43), DARK, 2)
    cv2.ellipse(image, (56, 92), (15, 6), 0, 0, 360, LIPS, -1)
    cv2.line(image, (42, 92), (70, 92), DARK, 2)
    return image


def masked(colour: tuple[int, int, int]) -> Image:
    image = face()
    cv2.rectangle(image, (20, 66), (92, 111), colour, -1)
    return image


def with_lenses(colour: tuple[int, int, int]) -> Image:
    image = face()
    for x in (38, 73):
        cv2.ellipse(image, (x, 53), (15, 11), 0, 0, 360, colour, -1)
    return image


def test_ok__a_bare_face_is_bare() -> None:
    bare = measure_occlusion(face())
    assert not bare.occluded
    assert bare.lip_red > 8 and bare.eye_light > 0.8


@pytest.mark.parametrize("colour", [(215, 190, 150), WHITE, (30, 28, 28), SKIN, (60, 200, 230)])
def test_fail__a_mask_of_any_colour_covers_the_mouth(colour: tuple[int, int, int]) -> None:
    found = measure_occlusion(masked(colour))
    assert found.mouth_hidden and not found.eyes_hidden and found.occluded


def test_fail__dark_lenses_cover_the_eyes() -> None:
    found = measure_occlusion(with_lenses((25, 22, 20)))
    assert found.eyes_hidden and not found.mouth_hidden


def test_ok__a_clear_frame_covers_nothing() -> None:
    image = face()
    for x in (38, 73):
        cv2.ellipse(image, (x, 53), (13, 10), 0, 0, 360, DARK, 2)
    assert not measure_occlusion(image).occluded


@pytest.mark.parametrize("image", [masked(WHITE), with_lenses((25, 22, 20))])
def test_ok__without_colour_nothing_is_claimed(image: Image) -> None:
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    assert not measure_occlusion(np.asarray(grey, np.uint8)).occluded


def test_ok__a_darker_or_noisier_picture_of_a_bare_face_is_still_bare() -> None:
    noise = np.random.default_rng(0).normal(0, 8, (112, 112, 3))
    assert not measure_occlusion(face() // 2).occluded
    assert not measure_occlusion(np.clip(face() + noise, 0, 255).astype(np.uint8)).occluded
