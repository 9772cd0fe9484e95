"""The passage table, and what no sequence of events may ever bring about."""

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.passage import TRANSITIONS, Action, Passage, PassageInput, PassageState, step

INPUTS = st.lists(st.sampled_from(list(PassageInput)), max_size=60)


def walk(inputs: list[PassageInput]) -> tuple[Passage, list[Action]]:
    passage, done = Passage(), []
    for happened in inputs:
        passage, actions = step(passage, happened)
        done += actions
    return passage, done


def test_ok__grant_then_passage() -> None:
    passage, done = walk([PassageInput.GRANT, PassageInput.PASSED])
    assert done == [Action.PULSE, Action.LOCK, Action.RECORD_PASSED]
    assert passage == Passage()


def test_ok__nobody_passes() -> None:
    _, done = walk([PassageInput.GRANT, PassageInput.TIMEOUT])
    assert done == [Action.PULSE, Action.LOCK, Action.RECORD_NOT_TAKEN]


def test_fail__passing_a_locked_gate_is_recorded_as_forced() -> None:
    assert walk([PassageInput.PASSED])[1] == [Action.RECORD_FORCED]


def test_ok__fire_opens_holds_and_only_its_reset_locks() -> None:
    passage, done = walk([PassageInput.FIRE_ON, PassageInput.GRANT, PassageInput.PASSED, PassageInput.TIMEOUT])
    assert done == [Action.HOLD_OPEN, Action.RECORD_FIRE_ON]
    assert passage.state is PassageState.FIRE
    assert step(passage, PassageInput.FIRE_OFF)[1] == (Action.LOCK, Action.RECORD_FIRE_OFF)


def test_ok__every_state_and_input_of_the_table_exists() -> None:
    assert all(isinstance(s, PassageState) and isinstance(i, PassageInput) for s, i in TRANSITIONS)


@settings(max_examples=2000)
@given(INPUTS)
def test_ok__no_sequence_releases_without_grant_or_fire_and_all_return_to_locked(inputs: list[PassageInput]) -> None:
    passage = Passage()
    for happened in inputs:
        before = passage
        passage, actions = step(before, happened)
        if Action.PULSE in actions:
            assert happened is PassageInput.GRANT
            assert before.state is PassageState.LOCKED
        if Action.HOLD_OPEN in actions:
            assert happened is PassageInput.FIRE_ON
        if happened is PassageInput.FIRE_ON:
            assert passage.state is PassageState.FIRE
        if passage.state is PassageState.LOCKED and before.state is not PassageState.LOCKED:
            assert Action.LOCK in actions
    for happened in (PassageInput.FIRE_OFF, PassageInput.TIMEOUT):
        passage, _ = step(passage, happened)
    assert passage.state is PassageState.LOCKED


@given(INPUTS)
def test_ok__every_pulse_has_exactly_one_outcome(inputs: list[PassageInput]) -> None:
    passage, done = walk(inputs)
    pulses = done.count(Action.PULSE)
    outcomes = done.count(Action.RECORD_PASSED) + done.count(Action.RECORD_NOT_TAKEN)
    assert pulses - outcomes == (1 if passage.state is PassageState.RELEASED else 0)
