"""How often somebody may guess wrong."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.lockout import (
    CODES_SLOW,
    PER_ACCOUNT,
    PER_READER,
    PER_WORKER,
    READER_SLOW,
    WORKER_SLOW,
    BurstLimit,
    BurstLockout,
    SlowLimit,
    SlowLockout,
)

SCHEDULES = (PER_WORKER, PER_READER, PER_ACCOUNT)
SLOW = (READER_SLOW, WORKER_SLOW, CODES_SLOW)
DAY_S = 24 * 3600.0


def looked_at(schedule: BurstLimit, every_s: float, until_s: float) -> int:
    """How many guesses are looked at if somebody never stops."""
    guesses, count, now = BurstLockout(), 0, 0.0
    while now < until_s:
        if not guesses.paused(now):
            guesses, count = guesses.after_wrong(schedule, now), count + 1
        now += every_s
    return count


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_ok__the_free_ones_cost_nothing_and_the_next_pause_doubles(schedule: BurstLimit) -> None:
    guesses = BurstLockout()
    for number in range(1, schedule.free):
        guesses = guesses.after_wrong(schedule, float(number))
        assert not guesses.paused(number)
    pauses, now = [], 100.0
    for _ in range(20):
        guesses = guesses.after_wrong(schedule, now)
        pauses.append(guesses.paused_until_s - now)
        assert guesses.paused(now) and not guesses.paused(guesses.paused_until_s)
        now = guesses.paused_until_s
    assert pauses[0] == schedule.pause_s and pauses[-1] == schedule.pause_max_s
    assert all(later in (2 * earlier, schedule.pause_max_s) for earlier, later in itertools.pairwise(pauses))


def test_ok__ten_thousand_pins_of_one_worker_take_more_than_a_year() -> None:
    assert looked_at(PER_WORKER, 1.0, 60) == 3
    assert looked_at(PER_WORKER, 1.0, 24 * 3600) == 31
    assert looked_at(PER_WORKER, 10.0, 30 * 24 * 3600) / 30 < 25


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_ok__after_a_quiet_time_all_is_forgotten(schedule: BurstLimit) -> None:
    guesses = BurstLockout()
    for _ in range(schedule.free):
        guesses = guesses.after_wrong(schedule, 0.0)
    later = guesses.paused_until_s + schedule.forget_s + 1
    assert guesses.after_wrong(schedule, later).wrong == 1


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200).map(sorted))
def test_ok__no_pause_is_longer_than_the_longest(times: list[float]) -> None:
    guesses = BurstLockout()
    for now in times:
        guesses = guesses.after_wrong(PER_WORKER, now)
        assert guesses.paused_until_s <= now + PER_WORKER.pause_max_s


def slowly(schedule: SlowLimit, times: list[float]) -> list[float]:
    """Those of the guesses at these times that are looked at."""
    guesses, looked = SlowLockout(), []
    for now in times:
        if not guesses.paused(now):
            guesses = guesses.after_wrong(schedule, now)
            looked.append(now)
    return looked


def test_fail__nine_cards_every_130_seconds_do_not_go_on_for_ever() -> None:
    """Just below the limit of a burst, without end. Before, 6,000 a day were possible, and nothing was reported."""
    times = [130.0 * burst + number for burst in range(int(30 * DAY_S / 130)) for number in range(9)]
    burst, looked = BurstLockout(), 0
    for now in times:
        if not burst.paused(now):
            burst, looked = burst.after_wrong(PER_READER, now), looked + 1
    assert looked == len(times)  # the burst's own memory never sees it
    slow = slowly(READER_SLOW, times)
    assert sum(now < DAY_S for now in slow) <= 40 + 48 + 5
    assert len(slow) <= 40 + 30 * 48 + 5


def test_ok__a_rush_hour_with_mistakes_is_not_punished() -> None:
    """Morning, noon and evening, 10 mistakes each within 40 minutes, for a month."""
    shifts = (6.5, 12.5, 16.5)
    times = [DAY_S * day + 3600 * at + 240 * n for day in range(30) for at in shifts for n in range(10)]
    assert slowly(READER_SLOW, times) == times


def test_fail__a_thief_who_guesses_between_the_owners_visits_is_stopped() -> None:
    """Two PINs after each of the owner's four visits a day; the right PIN clears the burst each time."""
    times = [DAY_S * day + 3 * 3600 * visit + second for day in range(60) for visit in range(4) for second in (60, 90)]
    assert len(slowly(WORKER_SLOW, times)) <= 10 + 2 * 60 + 5 < len(times) / 3


@pytest.mark.parametrize("schedule", SLOW)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300).map(sorted))
def test_ok__no_timing_gets_more_guesses_than_the_schedule_says(schedule: SlowLimit, times: list[float]) -> None:
    looked = slowly(schedule, times)
    for first, last in itertools.combinations(range(len(looked)), 2):
        within_s = looked[last] - looked[first]
        # Above `free` a pause may be shorter than forget_one_s; it doubles, so few guesses fit in before it is longer.
        over = math.log2(schedule.forget_one_s / schedule.pause_s) + 2
        assert last - first + 1 <= schedule.free + over + within_s / schedule.forget_one_s + 1


@pytest.mark.parametrize("schedule", SLOW)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200).map(sorted))
def test_ok__a_slow_pause_has_its_bound_and_few_guesses_cost_nothing(schedule: SlowLimit, times: list[float]) -> None:
    guesses = SlowLockout()
    for number, now in enumerate(times, 1):
        guesses = guesses.after_wrong(schedule, now)
        assert guesses.paused_until_s <= now + schedule.pause_max_s
        assert number > schedule.free or not guesses.paused(now)
