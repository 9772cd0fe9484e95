"""The threshold grows with the gallery so that strangers stay strangers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.config import FPIR_TARGET
from edge.core.domain import Template
from edge.matcher import load_manifest
from edge.matcher.gallery.gallery import Gallery
from edge.matcher.gallery.threshold import (
    OWN_TAIL_SAMPLE,
    OWN_TAIL_WORKERS,
    choose_threshold,
    early_exit_min,
    false_match_rate,
    fit_pair_tail,
    fit_tail,
    gallery_tail,
    gallery_threshold,
    lower_bound,
    partly_centred,
    threshold_for,
)
from edge.matcher.weights.manifest import ImpostorTail

TAIL = ImpostorTail(start=0.35, plain_start=0.42, share=0.001, scale=0.025, comparisons=1_000_000)


@given(size=st.integers(3, 1_000_000), fpir=st.floats(1e-4, 0.003))
def test_ok__a_stranger_is_taken_for_anybody_at_the_target_rate(size, fpir):
    threshold = threshold_for(TAIL, size, fpir)
    reached = -np.expm1(size * np.log1p(-false_match_rate(TAIL, threshold)))
    if threshold == TAIL.start:  # below it nothing was measured: rather too strict
        assert reached <= fpir * (1 + 1e-6)
    else:
        assert reached == pytest.approx(fpir, rel=1e-6)


@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_ok__a_larger_gallery_never_lowers_it(one, other):
    small, large = sorted((one, other))
    assert threshold_for(TAIL, small) <= threshold_for(TAIL, large)


@given(size=st.integers(10, 1_000_000), rarity=st.integers(1, 1_000_000))
def test_ok__an_early_exit_is_so_many_times_rarer(size, rarity):
    threshold = threshold_for(TAIL, size)
    early = early_exit_min(TAIL, threshold, rarity)
    assert early >= threshold
    assert false_match_rate(TAIL, threshold) / false_match_rate(TAIL, early) == pytest.approx(rarity, rel=1e-6)


def test_ok__no_early_exit_if_it_is_off():
    assert early_exit_min(TAIL, 0.4, 0) == float("inf")


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


def test_ok__somebody_enrolled_twice_hardly_moves_the_fit():
    random = np.random.default_rng(2)
    excess = random.exponential(0.025, 100)
    scores = np.concatenate((random.uniform(-0.2, 0.35, 99_890), 0.35 + excess, np.full(10, 0.9))).astype(np.float32)
    clean = fit_tail(np.concatenate((scores[:-10], np.full(10, 0.3, np.float32))))
    assert fit_tail(scores).scale == pytest.approx(clean.scale, rel=0.35)


@given(weight=st.floats(0, 1), other=st.floats(0, 1))
def test_ok__the_less_is_calibrated_the_higher_the_tail(weight, other):
    low, high = sorted((weight, other))
    assert partly_centred(TAIL, high).start <= partly_centred(TAIL, low).start
    assert TAIL.start <= partly_centred(TAIL, weight).start <= TAIL.plain_start


def gallery(count, shared, seed=0, size=64):
    """People whose vectors have `shared` of one direction in common."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(count, size)) / np.sqrt(size)
    vectors[:, 0] += shared
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    model = "pack/model/12345678"
    return Gallery.build([(f"w{i}", Template(v.astype(np.float32), model)) for i, v in enumerate(vectors)], model, size)


def test_ok__a_small_gallery_goes_by_the_pack_alone():
    small = gallery(20, 0.3)
    assert gallery_tail(small) is None
    partly = partly_centred(TAIL, small.centering.weight)
    assert gallery_threshold(TAIL, small) == threshold_for(partly, 20)
    assert gallery_threshold(TAIL, gallery(0, 0.0)) == TAIL.plain_start


def test_ok__people_who_resemble_each_other_raise_the_threshold():
    alike = gallery(OWN_TAIL_WORKERS, 0.0, size=16)
    varied = gallery(OWN_TAIL_WORKERS, 0.0, size=512)
    assert gallery_threshold(TAIL, varied) == pytest.approx(threshold_for(TAIL, OWN_TAIL_WORKERS), abs=1e-3)
    assert gallery_threshold(TAIL, alike) > gallery_threshold(TAIL, varied) + 0.1


def test_ok__a_huge_gallery_is_sampled():
    assert gallery_tail(gallery(2_500, 0.1)).comparisons == OWN_TAIL_SAMPLE * (OWN_TAIL_SAMPLE - 1) // 2


def test_ok__a_gallery_of_one_vector_has_a_tail_too():
    model = "pack/model/12345678"
    same = np.eye(8, dtype=np.float32)[0]
    copies = Gallery.build([(f"w{i}", Template(same, model)) for i in range(OWN_TAIL_WORKERS)], model, 8)
    assert gallery_threshold(TAIL, copies) >= 0.99


def test_ok__the_default_pack_asks_more_of_a_thousand_than_of_ten():
    tail = load_manifest().pack("opencv-zoo").impostor_tail
    assert FPIR_TARGET == 0.003
    assert threshold_for(tail, 10) == pytest.approx(0.326, abs=0.002)
    assert threshold_for(tail, 1_000) == pytest.approx(0.471, abs=0.002)


UNSURE = TAIL.model_copy(update={"start_error": 0.002, "scale_error": 0.003})


@pytest.mark.parametrize("size", [10, 100, 1_000, 10_000])
def test_ok__the_target_holds_on_average_over_what_is_not_known(size):
    threshold = threshold_for(UNSURE, size)
    random = np.random.default_rng(1)
    starts, scales = random.normal(TAIL.start, 0.002, 100_000), random.normal(TAIL.scale, 0.003, 100_000)
    rates = TAIL.share * np.exp(-(threshold - starts) / scales)
    assert float(np.mean(-np.expm1(size * np.log1p(-np.minimum(rates, 0.5))))) == pytest.approx(FPIR_TARGET, rel=0.35)
    assert threshold > threshold_for(TAIL, size)


def test_ok__the_less_is_known_the_less_is_sure():
    assert threshold_for(lower_bound(TAIL, 500, 0.003), 500, 0.003) == threshold_for(TAIL, 500, 0.003)
    surely = lower_bound(UNSURE, 500, 0.003)
    assert threshold_for(surely, 500, 0.003) < threshold_for(TAIL, 500, 0.003) - 0.02


def test_ok__errors_are_over_people_and_shrink_with_them():
    few, many = (fit_pair_tail((m := gallery(count, 0.0, size=64).matrix) @ m.T) for count in (450, 1_800))
    assert 0 < many.scale_error < few.scale_error < 0.02 and 0 < many.start_error < few.start_error < 0.02


def test_fail__chance_in_a_gallerys_own_tail_does_not_make_the_gate_stricter():
    """Of people like the pack's own, whose tails differ by chance alone: before, each that asked for more was
    believed."""
    people = [gallery(OWN_TAIL_WORKERS, 0.0, seed, 64) for seed in range(12)]
    tails = [gallery_tail(one) for one in people]
    pack = fit_tail(np.concatenate([(g.matrix @ g.matrix.T)[np.triu_indices(g.size, k=1)] for g in people]))
    asked = [threshold_for(t.model_copy(update={"start_error": 0, "scale_error": 0}), OWN_TAIL_WORKERS) for t in tails]
    assert any(a > threshold_for(pack, OWN_TAIL_WORKERS) for a in asked)
    assert [choose_threshold(pack, one).source for one in people].count("gallery") <= 1
