"""The population stability index and its alarm, on streams whose truth is known."""

import numpy as np
import pytest
from score_streams import TODAY, day

from edge.matcher.score_monitor.drift import RECENT_DAYS, WORKERS_MIN, DriftKind, find_drift, psi


def stream(changed=RECENT_DAYS, workers=200, **change):
    """Forty days; the last `changed` of them are different."""
    return [day(ago, workers, **(change if ago <= changed else {})) for ago in range(40, 0, -1)]


def alarming(days):
    return {shift.kind for shift in find_drift(days, TODAY) if shift.alarming}


def test_ok__psi_against_a_worked_example():
    # (0.3 - 0.25) ln(0.3 / 0.25) + ... with counts large enough for the added halves not to matter
    expected, actual = (25e6, 25e6, 25e6, 25e6), (30e6, 20e6, 25e6, 25e6)
    assert psi(expected, actual) == pytest.approx(0.05 * np.log(1.2) - 0.05 * np.log(0.8), rel=1e-4)
    assert psi(expected, expected) == 0.0
    assert psi(expected, actual) == pytest.approx(psi(actual, expected))


def test_ok__psi_of_one_population_is_chi_square_by_its_sizes():
    random = np.random.default_rng(1)
    n, m = 400, 200
    values = [psi(*(np.bincount(random.integers(0, 5, k), minlength=5) for k in (n, m))) for _ in range(2_000)]
    assert np.mean(values) == pytest.approx((1 / n + 1 / m) * 4, rel=0.1)


def test_ok__nothing_changed_nothing_said():
    assert alarming(stream()) == set()
    assert {s.kind for s in find_drift(stream(), TODAY)} == set(DriftKind)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"mean": 0.55}, DriftKind.SCORES),
        ({"unknown": 0.2}, DriftKind.UNKNOWN),
        ({"unusable": 0.2}, DriftKind.UNUSABLE),
    ],
)
def test_ok__each_change_is_named(change, kind):
    assert alarming(stream(**change)) == {kind}
    (shift,) = (s for s in find_drift(stream(**change), TODAY) if s.alarming)
    assert "limit" in str(shift)


@pytest.mark.parametrize("change", [{"mean": 0.7}, {"unknown": 0.0}, {"unusable": 0.0}])
def test_ok__better_than_before_is_no_alarm(change):
    assert alarming(stream(**change)) == set()


def test_ok__a_lens_that_recognises_nobody_alarms_too():
    dark = [d.model_copy(update={"accepted": {}, "workers": 0, "unusable": 400}) for d in stream()[-RECENT_DAYS:]]
    assert DriftKind.UNUSABLE in alarming(stream()[:-RECENT_DAYS] + dark)


@pytest.mark.parametrize("days", [[], stream()[-10:], stream(workers=WORKERS_MIN - 1)])
def test_fail__too_little_says_nothing(days):
    assert find_drift(days, TODAY) == []


def test_ok__a_small_site_needs_a_larger_change():
    assert alarming(stream(workers=40, mean=0.57)) == set()
    assert alarming(stream(workers=400, mean=0.55)) == {DriftKind.SCORES}


def test_ok__today_is_not_judged_before_it_is_over():
    today = day(0, mean=0.4)
    assert find_drift([*stream(), today], TODAY) == find_drift(stream(), TODAY)
