"""Steps of free disk space, what stays in the journal, and when it will be full."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.messages import DiskStep
from edge.core.config import ConfigError, DiskConfig, JournalConfig, parse
from edge.core.disk_policy import HYSTERESIS, Sample, at_least, days_kept, days_left, next_step, with_sample

OK, LOW, VERY_LOW, CRITICAL = DiskStep
LIMITS = DiskConfig()
HOUR, DAY = 3600.0, 86_400.0


@pytest.mark.parametrize(
    ("before", "free_mb", "after"),
    [
        (OK, 5000, OK),
        (OK, 1000, OK),
        (OK, 999, LOW),
        (LOW, 1100, LOW),
        (LOW, 1200, OK),
        (OK, 499, VERY_LOW),
        (VERY_LOW, 599, VERY_LOW),
        (VERY_LOW, 600, LOW),
        (OK, 199, CRITICAL),
        (CRITICAL, 239, CRITICAL),
        (CRITICAL, 240, VERY_LOW),
        (CRITICAL, 1199, LOW),
        (CRITICAL, 1e6, OK),
        (OK, 0, CRITICAL),
    ],
)
def test_ok__steps_and_their_hysteresis(before: DiskStep, free_mb: float, after: DiskStep) -> None:
    assert next_step(before, free_mb, LIMITS) is after


@given(st.sampled_from(DiskStep), st.floats(0, 1e5), st.floats(0, 1e5))
def test_ok__less_space_is_never_a_better_step(before: DiskStep, one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert at_least(next_step(before, less, LIMITS), next_step(before, more, LIMITS))


@given(st.sampled_from(DiskStep), st.floats(0, 1e5))
def test_ok__a_step_that_was_taken_holds_while_nothing_changes(before: DiskStep, free_mb: float) -> None:
    step = next_step(before, free_mb, LIMITS)
    assert next_step(step, free_mb, LIMITS) is step
    assert next_step(step, free_mb / HYSTERESIS**0.4, LIMITS) is step or free_mb / HYSTERESIS**0.4 < 1000


def test_ok__what_hq_holds_stays_as_long_as_there_is_room() -> None:
    assert days_kept(OK, 30, over_budget=False) == 30
    assert days_kept(LOW, 30, over_budget=False) == 30
    assert days_kept(LOW, 30, over_budget=True) == 7
    assert days_kept(OK, 3, over_budget=True) == 3
    assert days_kept(VERY_LOW, 30, over_budget=True) == 1
    assert days_kept(CRITICAL, 30, over_budget=False) == 0


def sampled(hours: float, free_mb: tuple[float, float], unsent_mb: tuple[float, float] = (0, 0)) -> float | None:
    samples = (Sample(0, free_mb[0], unsent_mb[0]), Sample(hours * HOUR, free_mb[1], unsent_mb[1]))
    return days_left(samples, LIMITS, JournalConfig().budget_mb)


def test_ok__a_disk_that_loses_a_gigabyte_a_day_is_full_when_the_critical_limit_is_reached() -> None:
    assert sampled(24, (5200, 4200)) == pytest.approx(4)
    assert sampled(12, (5200, 4700)) == pytest.approx(4.5)


def test_ok__what_hq_does_not_hold_fills_the_budget() -> None:
    assert sampled(24, (9000, 9000), (0, 100)) == pytest.approx(9)
    assert sampled(24, (5200, 4200), (800, 900)) == pytest.approx(1), "whichever comes first"
    assert sampled(24, (9000, 9000), (900, 1200)) == 0, "it is full already"


def test_ok__nothing_is_foretold_of_what_does_not_fill_or_was_not_watched_long_enough() -> None:
    assert days_left((), LIMITS, 1000) is None
    assert sampled(5.9, (5200, 1200)) is None
    assert sampled(24, (5200, 5300), (50, 20)) is None


def test_ok__samples_of_the_last_day_are_kept() -> None:
    samples: tuple[Sample, ...] = ()
    for hour in range(60):
        samples = with_sample(samples, Sample(hour * HOUR, 1, 0))
    assert (samples[0].at_s, samples[-1].at_s, len(samples)) == (35 * HOUR, 59 * HOUR, 25)


def test_fail__limits_that_contradict_each_other_are_all_named() -> None:
    with pytest.raises(ConfigError) as caught:
        parse({"disk": {"low_mb": 300, "very_low_mb": 300, "critical_mb": 400, "reserve_mb": 0}})
    assert "disk.reserve_mb" in str(caught.value)
    with pytest.raises(ConfigError) as caught:
        parse({"disk": {"low_mb": 300, "very_low_mb": 300, "critical_mb": 400}})
    assert "low_mb is 300, not more than very_low_mb = 300" in str(caught.value)
    assert "very_low_mb is 300, not more than critical_mb = 400" in str(caught.value)


@pytest.mark.parametrize("wrong", [{"budget_mb": 1}, {"budget_mb": "all"}, {"budget_gb": 1}])
def test_fail__a_budget_that_is_none(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"journal\.budget"):
        parse({"journal": wrong})
