"""PROPERTIES of cases: the life cycle has no dead end, deadlines follow the calendar, escalation ends at the top."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from district.cases.clocks import (
    CLOCKS,
    Deadlines,
    OpenHours,
    WorkCalendar,
    after,
    deadlines,
    next_escalation,
    told_at,
)
from district.cases.response import RESPONSE, TASKS, Proof, check_proof
from district.cases.rules import (
    OWNED,
    TABLE,
    WAITS_FOR,
    WITH_DESK_OR_OWNER,
    CaseAction,
    CaseKind,
    CaseRefused,
    CaseSide,
    CaseState,
    actions_of,
    next_state,
    reports_side,
    spread,
)

START = datetime(2026, 2, 16, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
_SIDES = st.frozensets(st.sampled_from(CaseSide))
_QUICK = settings(max_examples=50, deadline=None)


def test_ok__every_open_state_has_a_side_that_can_move_it() -> None:
    """The one for whom the case waits has an action, also if nobody else does anything."""
    assert WAITS_FOR.keys() == set(CaseState) - {CaseState.CLOSED}
    for state, side in WAITS_FOR.items():
        assert actions_of(state, frozenset({side})), state


def test_ok__every_state_leads_to_closed_by_the_side_that_has_the_step() -> None:
    """From each state the sides that have the next step can reach the end without anybody else."""
    ends = {CaseState.CLOSED}
    for _ in CaseState:
        ends |= {s for (s, _a), (after_, sides) in TABLE.items() if after_ in ends and WAITS_FOR.get(s) in sides}
    assert ends == set(CaseState)


@_QUICK
@given(st.lists(st.tuples(st.sampled_from(CaseAction), _SIDES), max_size=40))
def test_ok__no_walk_closes_what_the_reporter_did_not_confirm(
    walk: list[tuple[CaseAction, frozenset[CaseSide]]],
) -> None:
    """Random people try random steps. After each the case waits for somebody, and closes only after a confirmation."""
    state, confirmed = CaseState.REPORTED, False
    for action, sides in walk:
        try:
            state = next_state(state, action, sides)
        except CaseRefused:
            continue
        if action is CaseAction.CONFIRM:
            assert CaseSide.REPORTER in sides
            confirmed = True
        if action is CaseAction.REOPEN:
            confirmed = False
        assert state is CaseState.CLOSED or actions_of(state, frozenset({WAITS_FOR[state]}))
        assert state is not CaseState.CLOSED or confirmed
        assert state in OWNED or state is CaseState.REPORTED


@given(st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_ok__only_the_reporter_or_a_stand_in_confirms(
    is_reporter: bool, answers: bool, above: bool, resolved: bool
) -> None:
    """A stand-in needs a silent reporter and a place above, and never confirms its own solution."""
    found = reports_side(is_reporter=is_reporter, reporter_answers=answers, stands_above=above, resolved_it=resolved)
    if found and not is_reporter:
        assert above
        assert not answers
        assert not resolved
    assert found or not is_reporter


@pytest.mark.parametrize("state", CaseState)
def test_fail__nobody_but_the_reporters_side_confirms(state: CaseState) -> None:
    """Desk and owner together cannot."""
    with pytest.raises(CaseRefused):
        next_state(state, CaseAction.CONFIRM, frozenset({CaseSide.DESK, CaseSide.OWNER}))


# --- the calendar ---

_HOUR = st.sampled_from([0, 5, 8, 12, 17, 18, 22, 23])
_MINUTES = st.sampled_from([0, 1, 30, 59])
_TIMES = st.builds(time, _HOUR, _MINUTES)
_HOURS = st.lists(st.builds(OpenHours, st.integers(0, 6), _TIMES, _TIMES), max_size=4)
_DAYS = st.dictionaries(st.dates(date(2026, 2, 13), date(2026, 3, 2)), st.booleans(), max_size=6)
_CALENDARS = st.builds(
    lambda zone, hours, days: WorkCalendar(ZoneInfo(zone), tuple(hours), days),
    st.sampled_from(["Asia/Shanghai", "UTC", "America/St_Johns"]),
    _HOURS,
    _DAYS,
)
_STARTS = st.integers(0, 5 * 24 * 60).map(lambda minutes: START + minutes * MINUTE)


def _open_by_steps(calendar: WorkCalendar, at: datetime) -> bool:
    """Say by wall clock whether a minute is open: by hours of its own day, or of the night before."""
    if not calendar.hours:
        return True
    local = at.astimezone(calendar.zone)
    now, today = local.time(), local.date()
    for day, is_today in ((today, True), (today - timedelta(days=1), False)):
        if calendar.days.get(day) is False:
            continue
        weekday = day.weekday()
        if not any(one.weekday == weekday for one in calendar.hours) and calendar.days.get(day):
            weekday = min(one.weekday for one in calendar.hours)
        for one in calendar.hours:
            night = one.ends <= one.begins
            inside = (now >= one.begins and (night or now < one.ends)) if is_today else (night and now < one.ends)
            if one.weekday == weekday and inside:
                return True
    return False


@_QUICK
@given(_CALENDARS, _STARTS, st.integers(1, 900))
def test_ok__deadline_is_the_one_found_by_stepping_minutes(
    calendar: WorkCalendar, start: datetime, minutes: int
) -> None:
    """Count open minutes one by one: the deadline is the end of the last that is needed."""
    at, left, end = start, minutes, start + timedelta(days=16)
    while left and at < end:
        left -= _open_by_steps(calendar, at)
        at += MINUTE
    due = calendar.due_after(start, minutes)
    if left:
        assert due > end - timedelta(days=2)
    else:
        assert due == at
        assert calendar.worked(start, due) == minutes * MINUTE


@_QUICK
@given(_CALENDARS, _STARTS)
def test_ok__a_time_is_open_if_its_minute_is(calendar: WorkCalendar, at: datetime) -> None:
    """The question for one time agrees with the steps."""
    assert calendar.is_open(at) == _open_by_steps(calendar, at)


@_QUICK
@given(_CALENDARS, _STARTS, st.integers(1, 900), st.integers(0, 300))
def test_ok__later_start_or_more_minutes_never_give_an_earlier_deadline(
    calendar: WorkCalendar, start: datetime, minutes: int, more: int
) -> None:
    """Deadlines keep the order of what they are made from."""
    due = calendar.due_after(start, minutes)
    assert due >= start + minutes * MINUTE
    assert calendar.due_after(start + more * MINUTE, minutes) >= due
    assert calendar.due_after(start, minutes + more) >= due


def test_ok__spring_festival_stops_ordinary_clocks_and_no_urgent_one() -> None:
    """A whistle on the eve waits for the first working day; a hit is due in half an hour."""
    free = {date(2026, 2, day): False for day in range(15, 24)} | {date(2026, 2, 14): True}
    office = tuple(OpenHours(day, time(8, 30), time(17, 30)) for day in range(5))
    calendar = WorkCalendar(ZoneInfo("Asia/Shanghai"), office, free)
    eve = datetime(2026, 2, 14, 17, 0, tzinfo=calendar.zone)
    assert deadlines(calendar, CaseKind.WHISTLE, eve).answer == datetime(2026, 2, 24, 12, 0, tzinfo=calendar.zone)
    assert deadlines(calendar, CaseKind.HIT, eve).answer == eve + 30 * MINUTE


def test_ok__calendar_without_an_open_day_still_gives_a_deadline() -> None:
    """Somebody may close all days by mistake: no case is without a deadline."""
    closed = {START.date() + timedelta(days=n): False for n in range(-3, 90)}
    calendar = WorkCalendar(ZoneInfo("UTC"), (OpenHours(0, time(8), time(9)),), closed)
    assert calendar.due_after(START, 60) == START + timedelta(days=60, hours=1)


@_QUICK
@given(_CALENDARS, _STARTS)
def test_ok__message_waits_for_the_end_of_quiet_hours(calendar: WorkCalendar, at: datetime) -> None:
    """It leaves at the first minute that is not quiet, after a day at most; an urgent one at once."""
    expected = at
    while calendar.hours and _open_by_steps(calendar, expected) and expected - at < timedelta(days=1):
        expected += MINUTE
    assert told_at(calendar, at, urgent=False) == expected
    assert told_at(calendar, at, urgent=True) == at


# --- escalation ---


@_QUICK
@given(
    _CALENDARS,
    st.sampled_from(CaseKind),
    _STARTS,
    st.integers(1, 5),
    st.lists(st.tuples(st.integers(0, 3_000), st.booleans()), max_size=12),
)
def test_ok__escalation_goes_up_step_by_step_and_never_before_a_missed_deadline(
    calendar: WorkCalendar, kind: CaseKind, start: datetime, depth: int, acts: list[tuple[int, bool]]
) -> None:
    """A worker looks at random times, and the owner answers at some. Who is silent is passed over up to the top."""
    due, answered, now = deadlines(calendar, kind, start), False, start
    goes = next_escalation(calendar, kind, now, due, answered=answered, at_top=depth == 1)
    for minutes, answers in acts:
        now += minutes * MINUTE
        if goes is not None and goes <= now:
            assert depth > 1
            assert now >= due.answer if not answered else now >= due.solution
            depth -= 1
        answered = answered or answers
        goes = next_escalation(calendar, kind, now, due, answered=answered, at_top=depth == 1)
        assert (goes is None) == (depth == 1)
        assert goes is None or goes > now
    steps = 0
    while goes is not None:
        depth, now, steps = depth - 1, goes, steps + 1
        goes = next_escalation(calendar, kind, now, due, answered=answered, at_top=depth == 1)
    assert depth == 1
    assert steps <= 5


def test_ok__owner_who_answers_in_time_keeps_the_case_until_the_solution_is_due() -> None:
    """An answer moves the escalation to the second clock."""
    due = Deadlines(START + 30 * MINUTE, START + 240 * MINUTE)
    calendar = WorkCalendar(ZoneInfo("UTC"))
    found = next_escalation(calendar, CaseKind.HIT, START + MINUTE, due, answered=True, at_top=False)
    assert found == due.solution


def test_ok__every_kind_has_clocks_and_known_tasks() -> None:
    """A kind without clocks would have no deadline."""
    assert CLOCKS.keys() == set(CaseKind)
    assert {task for tasks in RESPONSE.values() for task, _proof in tasks} <= TASKS.keys()
    assert all(clocks.answer <= clocks.solution for clocks in CLOCKS.values())
    assert WAITS_FOR.keys() >= set(WITH_DESK_OR_OWNER)


def test_ok__urgent_clock_runs_at_night() -> None:
    """No calendar stops it."""
    never = WorkCalendar(ZoneInfo("UTC"), (OpenHours(0, time(8), time(9)),), {})
    assert after(never, CaseKind.FIRE, START - MINUTE, 5) == START + 4 * MINUTE


@pytest.mark.parametrize(("proof", "said", "photo"), [(Proof.PHOTO, "done", b""), (Proof.TEXT, "  ", b"x")])
def test_fail__task_without_its_proof(proof: Proof, said: str, photo: bytes) -> None:
    """Words are no photo, and a photo no words."""
    with pytest.raises(CaseRefused):
        check_proof(proof, said, photo)


@given(st.lists(st.integers(0, 10_000), max_size=60))
def test_ok__p90_is_the_smallest_that_nine_of_ten_do_not_exceed(minutes: list[int]) -> None:
    """Against the definition, and the median between half and half."""
    found = spread([timedelta(minutes=m) for m in minutes])
    assert found.count == len(minutes)
    if not minutes or found.p90 is None or found.median is None:
        assert found.p90 is None
        return
    enough = [m for m in minutes if 10 * sum(n <= m for n in minutes) >= 9 * len(minutes)]
    assert found.p90 == timedelta(minutes=min(enough))
    middle = found.median / MINUTE
    assert 2 * sum(n <= middle for n in minutes) >= len(minutes) <= 2 * sum(n >= middle for n in minutes)
