"""Times of events recorded before the wall clock was set right."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.messages import AnyEvent, ClockEvent, NoticeCode, NoticeEvent
from contract.times import STEP_MIN, corrected_utc, corrections, step_between

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)
Y1970 = datetime(1970, 1, 1, tzinfo=UTC)


class Clocks:
    """A machine's two clocks, and the events written by them. The true time is `NOW` plus the monotonic clock."""

    def __init__(self, wrong_by: timedelta = timedelta(), boot: str = "boot-1") -> None:
        self.ms, self.wrong_by, self.boot = 0, wrong_by, boot
        self.events: list[AnyEvent] = []

    def _stamp(self) -> dict[str, object]:
        utc = self.true + self.wrong_by
        values = {"gate_id": "g", "site_id": "s", "epoch": "e", "boot_id": self.boot, "monotonic_ms": self.ms}
        return {**values, "seq": len(self.events) + 1, "utc": utc, "clock_trusted": utc.year >= 2024}

    @property
    def true(self) -> datetime:
        return NOW + timedelta(milliseconds=self.ms)

    def note(self, times: int = 1) -> None:
        for _ in range(times):
            self.ms += 10_000
            self.events.append(NoticeEvent.model_validate({**self._stamp(), "code": NoticeCode.REX}))

    def set_wrong(self, by: timedelta) -> None:
        before, self.wrong_by = self.true + self.wrong_by, by
        stamp = {**self._stamp(), "was_utc": before, "was_trusted": before.year >= 2024}
        self.events.append(ClockEvent.model_validate(stamp))

    def reboot(self, wrong_by: timedelta) -> None:
        self.boot, self.wrong_by = f"{self.boot}x", wrong_by

    @property
    def right(self) -> list[datetime]:
        """The times as they are shown."""
        found = corrections(self.events)
        return [found.get(event.seq, event.utc) for event in self.events]

    @property
    def truth(self) -> list[datetime]:
        return [NOW + timedelta(milliseconds=event.monotonic_ms) for event in self.events]


@pytest.mark.parametrize("wrong", [Y1970 - NOW, DAY, -DAY, timedelta(seconds=1.5)])
def test_ok__what_was_recorded_before_the_clock_was_set_gets_its_true_time(wrong: timedelta) -> None:
    clocks = Clocks(wrong)
    clocks.note(3)
    clocks.set_wrong(timedelta())
    clocks.note(2)
    assert clocks.right == clocks.truth
    assert set(corrections(clocks.events)) == {1, 2, 3}


def test_ok__two_settings_the_newest_is_believed() -> None:
    clocks = Clocks()
    clocks.note(2)
    clocks.set_wrong(DAY)
    clocks.note(2)
    clocks.set_wrong(timedelta())
    clocks.note(1)
    assert clocks.right == clocks.truth
    assert set(corrections(clocks.events)) == {3, 4, 5}


def test_ok__a_setting_to_1970_corrects_nothing_but_the_next_one_does() -> None:
    clocks = Clocks()
    clocks.note(2)
    clocks.set_wrong(Y1970 - NOW)
    clocks.note(2)
    assert corrections(clocks.events) == {}
    clocks.set_wrong(timedelta())
    assert clocks.right == clocks.truth


def test_ok__a_reboot_between_what_an_earlier_boot_recorded_stays() -> None:
    clocks = Clocks(Y1970 - NOW)
    clocks.note(2)
    clocks.reboot(-DAY)
    clocks.note(2)
    clocks.set_wrong(timedelta())
    clocks.note(1)
    assert clocks.right[2:] == clocks.truth[2:]
    assert [when.year for when in clocks.right[:2]] == [1970, 1970]  # nobody knows what that clock should have shown


def test_ok__an_event_of_the_next_boot_between_two_of_one_boot_is_no_bridge() -> None:
    first, second = Clocks(boot="a"), Clocks(-DAY, boot="b")
    first.note(1)
    second.note(1)
    second.set_wrong(timedelta())
    moved = [event.model_copy(update={"seq": event.seq + 1}) for event in second.events]
    assert set(corrections([*first.events, *moved])) == {2}


@pytest.mark.parametrize("leap", [timedelta(seconds=-1), timedelta(seconds=1)])
def test_ok__a_leap_second_is_no_step(leap: timedelta) -> None:
    assert step_between(NOW, 0, NOW + timedelta(seconds=10) + leap, 10_000) is None


def test_ok__a_step_is_what_the_monotonic_clock_does_not_account_for() -> None:
    assert step_between(NOW, 5_000, NOW + timedelta(seconds=60), 65_000) is None
    assert step_between(NOW, 5_000, NOW + DAY, 5_000) == DAY
    assert step_between(NOW, 5_000, Y1970, 5_000) == Y1970 - NOW


def test_fail__a_monotonic_clock_of_a_million_years_is_no_time() -> None:
    clocks = Clocks()
    clocks.set_wrong(timedelta())
    setting = clocks.events[0].model_copy(update={"monotonic_ms": 10**17})
    assert isinstance(setting, ClockEvent)
    assert corrected_utc(NOW, 0, setting) is None


@given(st.lists(st.tuples(st.integers(-(10**6), 10**6), st.integers(1, 5)), max_size=6))
def test_ok__whatever_was_set_before_the_last_right_setting_all_of_that_boot_is_right(
    settings: list[tuple[int, int]],
) -> None:
    clocks = Clocks()
    for wrong_s, count in settings:
        clocks.set_wrong(timedelta(seconds=wrong_s))
        clocks.note(count)
    clocks.set_wrong(timedelta())
    assert all(abs(shown - true) < STEP_MIN for shown, true in zip(clocks.right, clocks.truth, strict=True))
