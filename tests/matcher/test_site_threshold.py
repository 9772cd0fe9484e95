"""The site's own runner-ups: the tail they were drawn from is found, and corrects only what it contradicts."""

from datetime import timedelta

import numpy as np
import pytest
from score_tails import TODAY, runner_ups

from edge.matcher.gallery.threshold import threshold_for
from edge.matcher.score_monitor.site_threshold import (
    LOWER_MAX,
    LOWER_WORKERS_MIN,
    RAISE_MAX,
    WORKERS_MIN,
    SiteTail,
    correction,
    site_tail,
)
from edge.matcher.weights.manifest import ImpostorTail

TAIL = ImpostorTail(start=0.29, plain_start=0.37, share=0.001, scale=0.0275, comparisons=1)


@pytest.mark.parametrize("gallery", [300, 1_000, 10_000])
def test_ok__the_threshold_of_the_tail_they_came_from(gallery):
    found = [site_tail(runner_ups(gallery, 300, seed=seed), gallery, 0.003, TODAY, TAIL.scale) for seed in range(40)]
    truth = threshold_for(TAIL, gallery, 0.003)
    thresholds = np.array([f.threshold for f in found])
    errors = np.array([f.standard_error for f in found])
    assert thresholds.mean() == pytest.approx(truth, abs=0.008)
    assert 0.4 < thresholds.std() / errors.mean() < 1.2  # with the doubt about the pack's own scale in it


def test_ok__no_correction_where_the_pack_is_right():
    truth = threshold_for(TAIL, 1_000, 0.003)
    corrections = [
        correction(truth, site_tail(runner_ups(1_000, 500, seed=seed), 1_000, 0.003, TODAY, TAIL.scale))
        for seed in range(100)
    ]
    assert np.mean(np.abs(corrections) > 0) <= 0.05
    assert np.max(np.abs(corrections)) < 0.02


def test_ok__people_who_resemble_each_other_raise_it_and_never_too_far():
    truth = threshold_for(TAIL, 1_000, 0.003)
    for shift, low, high in ((0.06, 0.0, RAISE_MAX), (0.3, RAISE_MAX, RAISE_MAX)):
        found = correction(truth, site_tail(runner_ups(1_000, 500, shift=shift), 1_000, 0.003, TODAY, TAIL.scale))
        assert low < found <= high or found == high
    assert correction(0.45, SiteTail(TAIL, 100, 0.9, 0.01)) == RAISE_MAX


def test_ok__lowered_only_with_many_workers_and_a_little():
    few, many = (SiteTail(TAIL, n, 0.40, 0.01) for n in (LOWER_WORKERS_MIN - 1, LOWER_WORKERS_MIN))
    assert correction(0.45, few) == 0.0
    assert correction(0.45, many) == -LOWER_MAX
    assert correction(0.41, many) == 0.0


def test_ok__a_stricter_target_asks_for_more():
    days = runner_ups(1_000, 500)
    assert (
        site_tail(days, 1_000, 0.001, TODAY, TAIL.scale).threshold
        > site_tail(days, 1_000, 0.01, TODAY, TAIL.scale).threshold
    )


def test_ok__a_few_people_enrolled_twice_do_not_move_it_far():
    clean = site_tail(runner_ups(1_000, 500), 1_000, 0.003, TODAY, TAIL.scale)
    twice = site_tail(runner_ups(1_000, 500, missed=2), 1_000, 0.003, TODAY, TAIL.scale)
    assert correction(clean.threshold, twice) <= RAISE_MAX
    assert twice.standard_error > clean.standard_error


@pytest.mark.parametrize("days", [[], runner_ups(1_000, WORKERS_MIN - 1), runner_ups(WORKERS_MIN - 1, 500)])
def test_fail__too_little_says_nothing(days):
    gallery = days[0].gallery if days else 1_000
    assert site_tail(days, gallery, 0.003, TODAY, TAIL.scale) is None


def test_ok__days_with_another_gallery_or_too_long_ago_are_left_out():
    old = [d.model_copy(update={"day": d.day - timedelta(days=60)}) for d in runner_ups(1_000, 500)]
    assert site_tail(old, 1_000, 0.003, TODAY, TAIL.scale) is None
    assert site_tail(runner_ups(1_000, 500), 1_300, 0.003, TODAY, TAIL.scale) is None
    today = [d.model_copy(update={"day": TODAY}) for d in runner_ups(1_000, 500, days=1)]
    assert site_tail(today, 1_000, 0.003, TODAY, TAIL.scale) is None
