"""A clock that is behind a time that is known to be past is not trusted; one that is set right is."""

from datetime import UTC, datetime, timedelta

import pytest

from edge.sim import ManualClock
from edge.system.clock import BEHIND_MAX, BoundedClock

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("back_h", [2, 4.5, 24 * 400])
@pytest.mark.parametrize("idle_h", [0, 6])
def test_fail__set_back_also_after_hours_in_which_nothing_was_recorded(back_h: float, idle_h: float) -> None:
    machine = ManualClock(NOW)
    clock = BoundedClock(machine)
    clock.note()
    machine.advance(idle_h * 3600)
    assert clock.trusted()
    machine.set_utc(machine.utc() - timedelta(hours=back_h))
    assert not clock.trusted() and clock.behind() == timedelta(hours=back_h)
    machine.advance(3600)
    assert not clock.trusted(), "time alone makes it no better"
    clock.note()
    machine.set_utc(machine.utc() + timedelta(hours=back_h))
    assert clock.trusted() and not clock.behind()


def test_fail__many_small_steps_back_add_up() -> None:
    machine = ManualClock(NOW)
    clock = BoundedClock(machine)
    for _ in range(10):
        clock.note()
        machine.set_utc(machine.utc() - timedelta(seconds=30))
    assert not clock.trusted()


def test_ok__a_small_correction_is_no_matter_and_a_step_forward_neither() -> None:
    machine = ManualClock(NOW)
    clock = BoundedClock(machine)
    clock.note()
    machine.set_utc(NOW - BEHIND_MAX)
    assert clock.trusted()
    machine.set_utc(NOW + timedelta(days=3))
    assert clock.trusted()


def test_ok__a_clock_in_1970_bounds_nothing() -> None:
    machine = ManualClock(datetime(1970, 1, 2, tzinfo=UTC))
    clock = BoundedClock(machine)
    clock.note()
    assert not clock.trusted() and not clock.behind()
    machine.set_utc(NOW)
    assert clock.trusted()


def test_ok__what_was_known_before_the_start_counts_with_the_time_since() -> None:
    machine = ManualClock(NOW)
    clock = BoundedClock(machine)
    clock.not_before(NOW - timedelta(hours=1), machine.monotonic() - 2 * 3600)
    assert clock.behind() == timedelta(hours=1)
    clock.not_before(NOW - timedelta(hours=5))
    assert clock.behind() == timedelta(hours=1), "the higher of two bounds"
    clock.believe()
    assert clock.trusted()
