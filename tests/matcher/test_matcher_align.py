"""The similarity transform: exact where it can be, least squares where it cannot."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.domain import Face
from edge.matcher.engine.align import REFERENCE, SIZE_PX, align, similarity_transform


def move(points, angle, scale, shift):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (points @ turn.T * scale + shift).astype(np.float32)


@given(
    angle=st.floats(-3.1, 3.1),
    scale=st.floats(0.2, 5),
    shift=st.tuples(st.floats(-300, 300), st.floats(-300, 300)),
)
def test_ok__a_moved_face_comes_back_to_the_reference(angle, scale, shift):
    moved = move(REFERENCE, angle, scale, np.array(shift))
    matrix = similarity_transform(moved, REFERENCE)
    back = moved @ matrix[:, :2].T + matrix[:, 2]
    assert np.abs(back - REFERENCE).max() < 0.01


@given(noise=st.lists(st.floats(-5, 5), min_size=10, max_size=10), nudge=st.sampled_from(range(4)))
def test_ok__no_other_similarity_is_nearer(noise, nudge):
    source = REFERENCE + np.array(noise, dtype=np.float32).reshape(5, 2)

    def error(matrix):
        return float(((source @ matrix[:, :2].T + matrix[:, 2] - REFERENCE) ** 2).sum())

    best = similarity_transform(source, REFERENCE)
    real, imaginary, x, y = best[0, 0], best[1, 0], best[0, 2], best[1, 2]
    values = [real, imaginary, x, y]
    values[nudge] += 0.01
    real, imaginary, x, y = values
    other = np.array([[real, -imaginary, x], [imaginary, real, y]])
    assert error(best) <= error(other) + 1e-9


def test_fail__landmarks_at_one_point():
    with pytest.raises(ValueError, match="one point"):
        similarity_transform(np.ones((5, 2), dtype=np.float32), REFERENCE)


def test_ok__what_lies_outside_the_frame_is_black():
    image = np.full((60, 60, 3), 200, dtype=np.uint8)
    aligned = align(image, Face((0, 0, 112, 112), REFERENCE.copy(), 0.9))
    assert aligned.shape == (SIZE_PX, SIZE_PX, 3)
    assert aligned[10, 10].tolist() == [200, 200, 200]
    assert aligned[100, 100].tolist() == [0, 0, 0]
