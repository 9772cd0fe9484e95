"""Who is in front of the gate: the same person as a moment ago, or another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.domain import Face
from edge.matcher.approach import ApproachTracker, overlap
from edge.matcher.engine.align import REFERENCE

HERE, THERE = (100.0, 100.0, 100.0, 120.0), (400.0, 100.0, 100.0, 120.0)
ONE, OTHER = np.eye(4, dtype=np.float32)[:2]


def face(box=HERE):
    return Face(box, REFERENCE, 0.9)


def test_ok__the_same_person_keeps_the_number():
    lane = ApproachTracker(gap_s=0.7)
    numbers = [lane.add_usable_face(face(), ONE, i / 30).number for i in range(5)]
    assert numbers == [1] * 5


def test_ok__a_person_who_jumps_is_still_the_same():
    lane = ApproachTracker(gap_s=0.7)
    lane.add_usable_face(face(HERE), ONE, 0.0)
    assert lane.add_usable_face(face(THERE), ONE, 0.1).number == 1


def test_ok__an_empty_lane_ends_it_only_after_the_gap():
    lane = ApproachTracker(gap_s=0.7)
    lane.add_face(face(), 0.0)
    assert lane.no_face(0.5).number == 1
    assert lane.add_face(face(), 0.6).number == 1
    assert lane.no_face(1.4) is None
    assert lane.add_face(face(), 1.5).number == 2


def test_ok__a_gap_without_any_frame_ends_it_too():
    lane = ApproachTracker(gap_s=0.7)
    lane.add_face(face(), 0.0)
    assert lane.add_face(face(), 5.0).number == 2


def test_ok__another_face_elsewhere_takes_over_at_once():
    lane = ApproachTracker(gap_s=0.7)
    lane.add_usable_face(face(HERE), ONE, 0.0)
    assert lane.add_usable_face(face(THERE), OTHER, 0.1).number == 2


def test_ok__another_face_in_the_same_place_takes_over_with_the_second_frame():
    lane = ApproachTracker(gap_s=0.7)
    lane.add_usable_face(face(), ONE, 0.0)
    first = lane.add_usable_face(face(), OTHER, 0.1)
    assert (first.number, first.in_doubt) == (1, True)
    second = lane.add_usable_face(face(), OTHER, 0.2)
    assert (second.number, second.in_doubt, second.votes) == (2, False, [])
    assert second.usable_since_s == 0.2


def test_ok__one_odd_frame_changes_nothing():
    lane = ApproachTracker(gap_s=0.7)
    lane.add_usable_face(face(), ONE, 0.0)
    lane.add_usable_face(face(), OTHER, 0.1)
    after = lane.add_usable_face(face(), ONE, 0.2)
    assert (after.number, after.in_doubt) == (1, False)
    assert lane.add_usable_face(face(), OTHER, 0.3).number == 1


def test_ok__usable_since_is_the_first_usable_frame():
    lane = ApproachTracker(gap_s=0.7)
    assert lane.add_face(face(), 0.0).usable_since_s is None
    lane.add_usable_face(face(), ONE, 0.2)
    assert lane.add_usable_face(face(), ONE, 0.4).usable_since_s == 0.2


def test_ok__frames_are_fused_to_one_unit_vector():
    approach = ApproachTracker(gap_s=0.7).add_usable_face(face(), ONE, 0.0)
    between = (ONE + OTHER) / np.float32(np.linalg.norm(ONE + OTHER))
    approach.add_vector(OTHER, 0.1)
    assert approach.fused_template() == pytest.approx(between, abs=1e-6)


def test_fail__nothing_to_fuse_yet():
    with pytest.raises(ValueError, match="no usable frame"):
        ApproachTracker(gap_s=0.7).add_face(face(), 0.0).fused_template()


sides = st.tuples(st.floats(0, 500), st.floats(0, 500), st.floats(1, 200), st.floats(1, 200))


@given(sides, sides)
def test_ok__overlap_is_a_symmetric_share(a, b):
    assert 0 <= overlap(a, b) <= 1 + 1e-9
    assert abs(overlap(a, b) - overlap(b, a)) < 1e-9
    assert abs(overlap(a, a) - 1) < 1e-6
