"""What the lane says in every state of the gate."""

import pytest
from screen_parts import NOW, live

from contract.messages import Advice
from edge.core.domain import Tone
from edge.screen.lane_view import CAMERA_LOST, NOT_RUNNING, OPENING, LaneView, Sign, StateSign, lane_view


@pytest.mark.parametrize("advice", Advice)
def test_ok__every_advice_is_a_sign(advice: Advice) -> None:
    assert lane_view(live(Tone.ADJUST, advice), NOW).sign == advice.value


@pytest.mark.parametrize(
    ("tone", "advice", "sign"),
    [
        (Tone.IDLE, None, StateSign.READY),
        (Tone.ADJUST, None, Advice.WAIT),
        (Tone.GO, None, Advice.WALK_THROUGH),
        (Tone.GO, Advice.WALK_THROUGH, Advice.WALK_THROUGH),
        (Tone.STOP, None, StateSign.STOP),
        (Tone.STOP, Advice.SEE_DESK, StateSign.STOP),
        (Tone.STOP, Advice.ONE_BY_ONE, Advice.ONE_BY_ONE),
        (Tone.DESK, Advice.SEE_DESK, Advice.SEE_DESK),
        (Tone.DESK, None, Advice.SEE_DESK),
    ],
)
def test_ok__tone_and_advice_give_the_sign(tone: Tone, advice: Advice | None, sign: Sign) -> None:
    assert lane_view(live(tone, advice), NOW) == LaneView(tone, sign)


@pytest.mark.parametrize("age_s", [5.5, 3600, -6, -3600])
def test_fail__silent_gate_is_said_to_be_not_running(age_s: float) -> None:
    assert lane_view(live(Tone.GO, Advice.WALK_THROUGH, age_s=age_s), NOW) == NOT_RUNNING


def test_fail__no_state_at_all_is_not_running() -> None:
    assert lane_view(None, NOW) == NOT_RUNNING


def test_ok__a_slow_second_is_not_yet_silence() -> None:
    assert lane_view(live(age_s=4), NOW).sign is StateSign.READY


def test_fail__a_blind_gate_sends_people_to_the_desk_and_is_not_called_dead() -> None:
    assert lane_view(live(camera_ok=False), NOW) == CAMERA_LOST
    assert lane_view(live(camera_ok=False, camera_opening=True), NOW) == OPENING
    assert lane_view(live(camera_ok=False, age_s=6), NOW) == NOT_RUNNING
    card = live(Tone.STOP, Advice.SHOW_CODE_OR_CARD, camera_ok=False)
    assert lane_view(card, NOW).sign is Advice.SHOW_CODE_OR_CARD, "a card reader works without a camera"


def test_fail__nobody_is_greeted_but_the_one_who_is_let_through() -> None:
    for tone in Tone:
        view = lane_view(live(tone, Advice.SEE_DESK, greets="w-7"), NOW)
        assert view.greets == ("w-7" if tone is Tone.GO else None)
    for state in ("fire", "fire_over", "lockdown"):
        assert lane_view(live(Tone.GO, None, greets="w-7", gate_state=state), NOW).greets is None


def test_ok__hq_may_open_a_blind_gate() -> None:
    assert lane_view(live(Tone.GO, Advice.WALK_THROUGH, camera_ok=False), NOW).sign is Advice.WALK_THROUGH


@pytest.mark.parametrize("tone", Tone)
def test_ok__fire_outdoes_everything(tone: Tone) -> None:
    view = lane_view(live(tone, Advice.SEE_DESK, gate_state="fire", camera_ok=False), NOW)
    assert view == LaneView(Tone.GO, StateSign.FIRE)


def test_ok__a_locked_down_gate_sends_people_to_the_desk_whatever_else_it_says() -> None:
    for tone in Tone:
        assert lane_view(live(tone, Advice.COME_CLOSER, gate_state="lockdown"), NOW) == LaneView(
            Tone.DESK, Advice.SEE_DESK
        )


def test_ok__after_a_fire_people_may_walk_through_until_the_reset() -> None:
    assert lane_view(live(Tone.IDLE, None, gate_state="fire_over", camera_ok=False), NOW).sign is Advice.WALK_THROUGH
