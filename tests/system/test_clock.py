"""Both clocks keep the same promises."""

from datetime import UTC

import pytest

from edge.core.ports import Clock
from edge.sim import ManualClock
from edge.system.clock import SystemClock


@pytest.fixture(params=[SystemClock, ManualClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    made: Clock = request.param()
    return made


def test_ok__wall_time_is_utc_and_trusted_now(clock: Clock) -> None:
    assert clock.utc().tzinfo is UTC
    assert clock.trusted()


def test_ok__monotonic_never_goes_back(clock: Clock) -> None:
    seen = [clock.monotonic() for _ in range(100)]
    assert seen == sorted(seen)


def test_fail__the_machine_wakes_in_1970(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import datetime

    clock = SystemClock()
    monkeypatch.setattr(clock, "utc", lambda: datetime.fromtimestamp(1000, UTC))
    assert not clock.trusted()
