"""The threshold grows with the gallery so that strangers stay strangers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.matcher.models import ImpostorTail, load_manifest
from edge.matcher.threshold import FPIR_TARGET, false_match_rate, fit_tail, threshold_for

TAIL = ImpostorTail(start=0.35, share=0.001, scale=0.025, comparisons=1_000_000)


@given(size=st.integers(3, 1_000_000), fpir=st.floats(1e-4, 0.003))
def test_ok__a_stranger_is_taken_for_anybody_at_the_target_rate(size, fpir):
    threshold = threshold_for(TAIL, size, fpir)
    reached = -np.expm1(size * np.log1p(-false_match_rate(TAIL, threshold)))
    assert reached == pytest.approx(fpir, rel=1e-6)


@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_ok__a_larger_gallery_never_lowers_it(one, other):
    small, large = sorted((one, other))
    assert threshold_for(TAIL, small) <= threshold_for(TAIL, large)


def test_ok__never_below_what_was_measured():
    assert threshold_for(TAIL, 0) == threshold_for(TAIL, 1) == TAIL.start


def test_ok__ten_times_the_people_cost_the_same_step_each_time():
    steps = np.diff([threshold_for(TAIL, size) for size in (100, 1_000, 10_000, 100_000)])
    assert steps == pytest.approx([TAIL.scale * np.log(10)] * 3, rel=1e-3)


def test_ok__the_fit_finds_the_tail_it_was_given():
    random = np.random.default_rng(1)
    excess = random.exponential(0.025, 1_000)
    scores = np.concatenate((random.uniform(-0.2, 0.35, 999_000), 0.35 + excess)).astype(np.float32)
    tail = fit_tail(scores)
    assert tail.start == pytest.approx(0.35, abs=1e-3)
    assert tail.scale == pytest.approx(0.025, rel=0.1)
    assert tail.comparisons == 1_000_000


def test_fail__too_few_comparisons_make_no_tail():
    with pytest.raises(ValueError, match="at least 100,000"):
        fit_tail(np.zeros(10, dtype=np.float32))


def test_ok__the_default_pack_asks_more_of_a_thousand_than_of_ten():
    tail = load_manifest().pack("opencv-zoo").impostor_tail
    assert FPIR_TARGET == 0.003
    assert threshold_for(tail, 10) == pytest.approx(0.386, abs=0.002)
    assert threshold_for(tail, 1_000) == pytest.approx(0.503, abs=0.002)
