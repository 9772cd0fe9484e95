"""Working hours by the clock on the site's wall: night shifts, holidays, and the two nights when the clock jumps."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from decision_parts import NOW, policy, roster, run
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contract.messages import Reason
from contract.policy import Holiday, Period, Weekday
from edge.core.decision.hours import holds, in_words, moment, open_at, site_time

WEEK = (Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI)
DAY = Period(days=WEEK, since=time(7), until=time(19))
NIGHT = Period(days=WEEK, since=time(22), until=time(6))
BERLIN = ZoneInfo("Europe/Berlin")


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("period", "at", "inside"),
    [
        (DAY, "2026-11-20 07:00", True),
        (DAY, "2026-11-20 06:59:59", False),
        (DAY, "2026-11-20 18:59:59", True),
        (DAY, "2026-11-20 19:00", False),
        (DAY, "2026-11-21 12:00", False),
        (NIGHT, "2026-11-20 22:00", True),
        (NIGHT, "2026-11-21 05:59", True),
        (NIGHT, "2026-11-21 06:00", False),
        (NIGHT, "2026-11-21 22:30", False),
        (NIGHT, "2026-11-23 03:00", False),
        (Period(), "2026-11-22 00:00", True),
        (Period(), "2026-11-22 23:59:59", True),
        (Period(days=(Weekday.SAT,)), "2026-11-22 00:00", False),
        (Period(days=(Weekday.SAT,), since=time(6), until=time(6)), "2026-11-22 05:59", True),
        (Period(days=(Weekday.SAT,), since=time(6), until=time(6)), "2026-11-22 06:00", False),
    ],
)
def test_ok__a_period_holds_from_its_first_to_before_its_last_minute(period: Period, at: str, inside: bool) -> None:
    assert holds((period,), wall(at)) == inside


HOLIDAYS = (
    Holiday(first=date(2026, 12, 24), last=date(2026, 12, 24), periods=(Period(since=time(7), until=time(12)),)),
    Holiday(first=date(2026, 12, 25), last=date(2026, 12, 26)),
)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-12-23 23:00", True),
        ("2026-12-24 05:00", True),  # the night shift of the 23rd goes on into the holiday
        ("2026-12-24 06:30", False),
        ("2026-12-24 11:59", True),
        ("2026-12-24 15:00", False),
        ("2026-12-24 23:00", False),
        ("2026-12-25 03:00", False),
        ("2026-12-25 12:00", False),
        ("2026-12-28 00:30", False),  # Monday before dawn: Sunday has no shift
        ("2026-12-28 07:00", True),
    ],
)
def test_ok__a_holiday_has_its_own_plan(at: str, is_open: bool) -> None:
    assert open_at(policy(working_hours=(DAY, NIGHT), holidays=HOLIDAYS), wall(at)) == is_open


def test_ok__a_closed_day_on_a_site_that_is_open_at_any_time() -> None:
    rules = policy(holidays=(Holiday(first=date(2026, 12, 25), last=date(2026, 12, 25)),))
    assert [open_at(rules, wall(f"2026-12-{day} 00:00")) for day in (24, 25, 26)] == [True, False, True]


@pytest.mark.parametrize(
    ("utc", "is_open"),
    [
        # Spring: at 02:00 on 29 March 2026 the clock jumps to 03:00; the shift ends at 06:00 by the wall, 04:00 UTC.
        ("2026-03-29 00:59", True),
        ("2026-03-29 01:00", True),
        ("2026-03-29 03:59", True),
        ("2026-03-29 04:00", False),
        # Autumn: at 03:00 on 25 October 2026 it goes back to 02:00; the shift ends an hour later by UTC.
        ("2026-10-25 00:30", True),
        ("2026-10-25 01:30", True),
        ("2026-10-25 04:59", True),
        ("2026-10-25 05:00", False),
    ],
)
def test_ok__a_night_shift_keeps_to_the_wall_when_the_clocks_change(utc: str, is_open: bool) -> None:
    saturday_night = Period(days=(Weekday.SAT,), since=time(22), until=time(6))
    rules = policy(working_hours=(saturday_night,), time_zone="Europe/Berlin")
    assert open_at(rules, site_time(wall(utc).replace(tzinfo=UTC), rules)) == is_open


def test_ok__an_hour_that_does_not_exist_opens_what_follows_it_and_one_that_comes_twice_counts_twice() -> None:
    half_past = Period(since=time(2, 30), until=time(3, 30))
    rules = policy(working_hours=(half_past,), time_zone="Europe/Berlin")

    def minutes(first: datetime) -> int:
        times = (first + timedelta(minutes=n) for n in range(6 * 60))
        return sum(open_at(rules, site_time(t, rules)) for t in times)

    assert minutes(datetime(2026, 3, 28, 23, tzinfo=UTC)) == 30
    assert minutes(datetime(2026, 6, 1, 23, tzinfo=UTC)) == 60
    assert minutes(datetime(2026, 10, 24, 23, tzinfo=UTC)) == 90


def test_ok__the_hours_are_those_of_the_site_not_of_the_machine() -> None:
    state = roster(policy=policy(working_hours=(DAY,), time_zone="Asia/Hong_Kong"))
    friday_2300_utc = NOW - timedelta(hours=7)
    state = roster(
        policy=state.policy,
        roster=state.roster.__class__(1, friday_2300_utc),
        risk=state.risk.__class__(1, friday_2300_utc),
    )
    decision = run(state=state, now=friday_2300_utc)
    assert decision.reason is Reason.OUTSIDE_HOURS  # Saturday 07:00 there
    assert decision.detail == "Sat 2026-11-21 07:00 HKT; plan: mon tue wed thu fri 07:00-19:00"
    assert run(state=state, now=friday_2300_utc + timedelta(days=2)).granted


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.times(), st.times(), st.sets(st.sampled_from(Weekday))
)
def test_ok__two_halves_of_the_day_leave_no_gap_and_no_overlap(
    at: datetime, since: time, until: time, days: set[Weekday]
) -> None:
    """A period and its complement: exactly one of them holds at any time."""
    every = tuple(Weekday)
    if since != until:
        one, other = Period(days=every, since=since, until=until), Period(days=every, since=until, until=since)
        assert holds((one,), at) != holds((other,), at)
    if days:
        rest = tuple(set(Weekday) - days)
        shift = Period(days=tuple(days), since=since, until=since)
        others = (Period(days=rest, since=since, until=since),) if rest else ()
        assert holds((shift,), at) != holds(others, at)


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(["UTC", "Pacific/Kiritimati", "Etc/GMT+12", "no/zone"]))
def test_ok__any_time_at_all_can_be_put_into_words(now: datetime, zone: str) -> None:
    rules = policy().model_copy(update={"time_zone": zone})
    local = site_time(now, rules)
    assert open_at(rules, local)
    assert moment(local)


def test_ok__periods_in_words() -> None:
    assert in_words((DAY, Period())) == "mon tue wed thu fri 07:00-19:00, 00:00-00:00"
    assert in_words(()) == "closed"


def test_fail__a_period_with_a_zone_of_its_own() -> None:
    with pytest.raises(ValidationError, match="site's own time"):
        Period.model_validate({"since": "07:00Z", "until": "19:00"})
