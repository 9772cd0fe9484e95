"""The clock the other tests set by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from edge.sim import ManualClock
from edge.system.clock import TRUSTED_SINCE


def test_ok__advance_moves_both_clocks() -> None:
    clock = ManualClock()
    utc, monotonic = clock.utc(), clock.monotonic()
    clock.advance(2.5)
    assert clock.utc() - utc == timedelta(seconds=2.5)
    assert clock.monotonic() - monotonic == 2.5


def test_ok__a_jump_of_the_wall_clock_leaves_durations_alone() -> None:
    clock = ManualClock()
    monotonic = clock.monotonic()
    clock.set_utc(datetime(1970, 1, 1, tzinfo=UTC))
    assert not clock.trusted()
    assert clock.monotonic() == monotonic
    clock.set_utc(TRUSTED_SINCE)
    assert clock.trusted()


def test_fail__time_cannot_be_turned_back() -> None:
    with pytest.raises(ValueError, match="set_utc"):
        ManualClock().advance(-1)
