"""How often somebody may guess wrong."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.guesses import PER_ACCOUNT, PER_READER, PER_WORKER, Guesses, Schedule

SCHEDULES = (PER_WORKER, PER_READER, PER_ACCOUNT)


def looked_at(schedule: Schedule, every_s: float, until_s: float) -> int:
    """How many guesses are looked at if somebody never stops."""
    guesses, count, now = Guesses(), 0, 0.0
    while now < until_s:
        if not guesses.paused(now):
            guesses, count = guesses.after_wrong(schedule, now), count + 1
        now += every_s
    return count


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_ok__the_free_ones_cost_nothing_and_the_next_pause_doubles(schedule: Schedule) -> None:
    guesses = Guesses()
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
def test_ok__after_a_quiet_time_all_is_forgotten(schedule: Schedule) -> None:
    guesses = Guesses()
    for _ in range(schedule.free):
        guesses = guesses.after_wrong(schedule, 0.0)
    later = guesses.paused_until_s + schedule.forget_s + 1
    assert guesses.after_wrong(schedule, later).wrong == 1


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200).map(sorted))
def test_ok__no_pause_is_longer_than_the_longest(times: list[float]) -> None:
    guesses = Guesses()
    for now in times:
        guesses = guesses.after_wrong(PER_WORKER, now)
        assert guesses.paused_until_s <= now + PER_WORKER.pause_max_s
