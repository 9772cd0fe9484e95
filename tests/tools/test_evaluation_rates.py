"""Rates from attempts whose truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.tools.evaluation.attempts import Trials
from edge.tools.evaluation.rates import det, fnir, fnir_at, fpir, fpir_at, threshold_at

SHARES = st.floats(0.0005, 1)


def trials(mated, right, non_mated):
    names = [f"p{i}" for i in range(len(mated))]
    others = [f"s{i}" for i in range(len(non_mated))]
    return Trials(
        np.array(mated, float), np.array(right, bool), np.array(names), np.array(non_mated, float), np.array(others)
    )


@given(
    scores=st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=200),
    share=SHARES,
)
def test_ok__never_more_than_the_share_reach_the_threshold(scores, share):
    values = np.array(scores)
    threshold = threshold_at(values, share)
    assert np.mean(values >= threshold) <= share + 1e-9
    # Any lower threshold that changes the count would let too many through.
    below = values[values < threshold]
    if len(below):
        assert np.mean(values >= below.max()) > share


@given(scores=st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=50), share=SHARES)
def test_ok__a_weight_of_two_is_the_attempt_twice(scores, share):
    values = np.array(scores)
    weights = np.where(np.arange(len(values)) % 2, 2.0, 1.0)
    assert threshold_at(values, share, weights) == threshold_at(np.repeat(values, weights.astype(int)), share)


def test_ok__a_miss_is_the_wrong_person_or_too_low_a_score():
    found = trials([0.9, 0.8, 0.3, 0.9], [True, False, True, True], [0.1, 0.5])
    assert fnir(found, 0.4) == 0.5
    assert fnir(found, 0.0) == 0.25
    assert fpir(found, 0.4) == 0.5


def test_ok__the_interval_holds_the_value_and_shrinks_with_people():
    random = np.random.default_rng(1)

    def drawn(people):
        return trials(random.normal(0.6, 0.1, people), np.ones(people), random.normal(0.2, 0.1, people))

    few, many = fnir_at(drawn(60), 0.01, draws=100), fnir_at(drawn(6_000), 0.01, draws=100)
    for rate in (few, many):
        assert rate.low <= rate.value <= rate.high
    assert many.high - many.low < few.high - few.low
    assert many.count == 6_000


def test_ok__people_and_not_photos_are_drawn():
    """A hundred photos of one bad person are one person: the interval must be wide."""
    mated = np.concatenate((np.full(100, 0.1), np.full(100, 0.9)))
    together = Trials(
        mated, np.ones(200, bool), np.array(["bad"] * 100 + ["good"] * 100), np.array([0.5]), np.array(["x"])
    )
    assert fnir_at(together, 0.5, draws=100).high - fnir_at(together, 0.5, draws=100).low > 0.9


def test_ok__fpir_at_a_given_threshold():
    rate = fpir_at(trials([0.9], [True], [0.1, 0.2, 0.6, 0.7]), 0.5, draws=50)
    assert (rate.value, rate.count) == (0.5, 4)


def test_ok__the_curve_falls():
    random = np.random.default_rng(3)
    curve = det(trials(random.normal(0.6, 0.2, 500), np.ones(500), random.normal(0.2, 0.1, 1_000)))
    shares, misses = zip(*curve, strict=True)
    assert list(shares) == sorted(shares)
    assert list(misses) == sorted(misses, reverse=True)
    assert (shares[0], shares[-1]) == (pytest.approx(0.001), pytest.approx(1.0))
