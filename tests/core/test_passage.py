"""The passage table, and what no sequence of inputs may ever bring about."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.passage import (
    AT_REST,
    NOTICES,
    OUTCOMES,
    RELEASES,
    TRANSITIONS,
    Action,
    Passage,
    PassageInput,
    PassageState,
    step,
)

I, S, A = PassageInput, PassageState, Action  # noqa: E741
INPUTS = st.lists(st.sampled_from(list(I)), max_size=60)
HOME = (I.FIRE_OFF, I.RESET, I.DOOR_CLOSED, I.TIMEOUT, I.TIMEOUT, I.DOOR_CLOSED, I.TIMEOUT)
"""What brings every state back: the fire is over and reset, the door closes, and time passes."""


def walk(*inputs: PassageInput) -> tuple[Passage, list[Action]]:
    passage, done = Passage(), []
    for happened in inputs:
        passage, actions = step(passage, happened)
        done += actions
    return passage, done


@pytest.mark.parametrize(
    ("inputs", "done", "ends"),
    [
        ((I.GRANT, I.PASSED, I.TIMEOUT), [A.PULSE, A.LOCK, A.RECORD_PASSED], S.LOCKED),
        ((I.GRANT, I.ROTATING, I.PASSED), [A.PULSE, A.LOCK, A.RECORD_PASSED], S.CLEARING),
        ((I.GRANT, I.TIMEOUT), [A.PULSE, A.LOCK, A.RECORD_NOT_TAKEN], S.LOCKED),
        ((I.GRANT, I.ROTATING, I.TIMEOUT), [A.PULSE, A.LOCK, A.RECORD_NOT_TAKEN], S.LOCKED),
        ((I.GRANT, I.PASSED_BACK), [A.PULSE, A.LOCK, A.RECORD_REVERSED, A.ALARM], S.LOCKED),
        ((I.GRANT, I.PASSED, I.PASSED), [A.PULSE, A.LOCK, A.RECORD_PASSED, A.RECORD_TAILGATED, A.ALARM], S.CLEARING),
        ((I.PASSED,), [A.RECORD_FORCED, A.ALARM], S.LOCKED),
        ((I.DOOR_OPENED, I.DOOR_CLOSED), [A.RECORD_FORCED, A.ALARM, A.LOCK], S.LOCKED),
        ((I.GRANT, I.DOOR_OPENED, I.PASSED, I.DOOR_CLOSED), [A.PULSE, A.RECORD_PASSED, A.LOCK], S.LOCKED),
        ((I.GRANT, I.DOOR_OPENED, I.DOOR_CLOSED), [A.PULSE, A.LOCK, A.RECORD_NOT_TAKEN], S.LOCKED),
        (
            (I.GRANT, I.DOOR_OPENED, I.PASSED, I.TIMEOUT, I.TIMEOUT, I.DOOR_CLOSED),
            [A.PULSE, A.RECORD_PASSED, A.LOCK, A.RECORD_HELD_OPEN, A.ALARM, A.LOCK, A.RECORD_HELD_OPEN_OVER],
            S.LOCKED,
        ),
        ((I.REX, I.PASSED), [A.PULSE, A.RECORD_REX, A.LOCK, A.RECORD_PASSED], S.CLEARING),
        ((I.LOCK_DOWN, I.GRANT), [A.RECORD_LOCKED_DOWN], S.LOCKDOWN),
        ((I.LOCK_DOWN, I.REX, I.PASSED), [A.RECORD_LOCKED_DOWN, A.PULSE, A.RECORD_REX, A.LOCK, A.RECORD_PASSED], S.LOCKDOWN),
        ((I.GRANT, I.LOCK_DOWN), [A.PULSE, A.LOCK, A.RECORD_NOT_TAKEN, A.RECORD_LOCKED_DOWN], S.LOCKDOWN),
        ((I.GRANT, I.ROTATING, I.LOCK_DOWN, I.PASSED), [A.PULSE, A.RECORD_LOCKED_DOWN, A.LOCK, A.RECORD_PASSED], S.LOCKDOWN),
        ((I.LOCK_DOWN, I.LOCK_DOWN, I.RELEASE_LOCK_DOWN, I.GRANT), [A.RECORD_LOCKED_DOWN, A.RECORD_LOCK_DOWN_OVER, A.PULSE], S.RELEASED),
        (
            (I.LOCK_DOWN, I.FIRE_ON, I.FIRE_CLEARED),
            [A.RECORD_LOCKED_DOWN, A.HOLD_OPEN, A.RECORD_FIRE_ON, A.LOCK, A.RECORD_FIRE_OFF],
            S.LOCKDOWN,
        ),
        ((I.FIRE_ON, I.GRANT, I.PASSED, I.TIMEOUT, I.RESET, I.LOCK_DOWN), [A.HOLD_OPEN, A.RECORD_FIRE_ON, A.RECORD_LOCKED_DOWN], S.FIRE),
        ((I.FIRE_ON, I.FIRE_OFF, I.RESET), [A.HOLD_OPEN, A.RECORD_FIRE_ON, A.RECORD_FIRE_OFF, A.LOCK, A.RECORD_FIRE_RESET], S.LOCKED),
        ((I.RELEASE_LOCK_DOWN, I.RESET, I.FIRE_OFF, I.TIMEOUT), [], S.LOCKED),
    ],
)  # fmt: skip
def test_ok__what_follows(inputs: tuple[PassageInput, ...], done: list[Action], ends: PassageState) -> None:
    passage, actions = walk(*inputs)
    assert actions == done
    assert passage.state is ends


def test_ok__back_at_rest_the_person_is_forgotten() -> None:
    passage, _ = step(Passage(S.RELEASED, access_seq=7, worker_id="w1"), I.PASSED)
    assert passage.access_seq == 7  # a second person now is on the same release
    assert step(passage, I.TIMEOUT)[0] == Passage()


def test_ok__every_action_of_the_table_is_moved_alarmed_or_recorded() -> None:
    used = {action for _, actions in TRANSITIONS.values() for action in actions}
    assert used == set(Action)
    assert used - {A.PULSE, A.LOCK, A.HOLD_OPEN, A.ALARM} == set(OUTCOMES) | set(NOTICES)


def test_ok__the_table_itself() -> None:
    assert {state for state, _ in TRANSITIONS} == set(S)
    assert {happened for _, happened in TRANSITIONS} == set(I)
    for (state, happened), (after, actions) in TRANSITIONS.items():
        assert (A.PULSE in actions) == (happened in RELEASES), "only a release moves the relay"
        assert (A.HOLD_OPEN in actions) == (happened is I.FIRE_ON), "only fire holds it open"
        assert state in AT_REST or A.PULSE not in actions
        if after in (S.LOCKED, S.LOCKDOWN) and state not in AT_REST and after is not state:
            assert A.LOCK in actions, (state, happened)
    for state in S:
        assert state is S.FIRE or TRANSITIONS[state, I.FIRE_ON][0] is S.FIRE, "fire is heard everywhere"
    assert (S.LOCKDOWN, I.GRANT) not in TRANSITIONS


def test_ok__unknown_pairs_change_nothing() -> None:
    for state, happened in product(S, I):
        if (state, happened) not in TRANSITIONS:
            assert step(Passage(state), happened) == (Passage(state), ())


@settings(max_examples=2000, deadline=None)
@given(INPUTS)
def test_ok__no_sequence_releases_without_a_cause_and_all_return_to_locked(inputs: list[PassageInput]) -> None:
    passage, locked_down, fire = Passage(), False, False
    for happened in inputs:
        locked_down = (locked_down or happened is I.LOCK_DOWN) and happened is not I.RELEASE_LOCK_DOWN
        before = passage
        passage, actions = step(before, happened)
        assert not (locked_down and happened is I.GRANT and actions)
        assert passage.locked_down is locked_down
        fire = (fire or happened is I.FIRE_ON) and A.LOCK not in actions
        assert fire == (passage.state in (S.FIRE, S.FIRE_OVER)), "only its end or its reset ends a fire"
        assert passage.state is not S.LOCKED or not locked_down
    for happened in HOME:
        passage, _ = step(passage, happened)
    assert passage == Passage(S.LOCKDOWN if locked_down else S.LOCKED, locked_down)


@settings(deadline=None)
@given(INPUTS)
def test_ok__every_release_has_exactly_one_outcome(inputs: list[PassageInput]) -> None:
    passage, done = walk(*inputs)
    ends = (A.RECORD_PASSED, A.RECORD_NOT_TAKEN, A.RECORD_REVERSED)
    still_open = passage.state in (S.RELEASED, S.PASSING, S.OPEN)
    assert done.count(A.PULSE) - sum(done.count(end) for end in ends) == (1 if still_open else 0)


@settings(deadline=None)
@given(INPUTS)
def test_ok__held_open_is_told_once_and_ends_once(inputs: list[PassageInput]) -> None:
    passage, done = walk(*inputs)
    open_notices = done.count(A.RECORD_HELD_OPEN) - done.count(A.RECORD_HELD_OPEN_OVER)
    assert open_notices == (passage.state is S.HELD_OPEN)
