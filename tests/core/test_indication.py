"""Lights, beeps and sentences: the table is complete, and no two tones look alike to somebody who sees no colours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.messages import Advice
from edge.core.domain import Tone
from edge.core.fill_light import ALONE_S, BRIGHT, DARK, LOOK_EVERY_S, LOOK_S, FillLight
from edge.core.indication import CLIPS, Rhythm, indication


@pytest.mark.parametrize("tone", Tone)
def test_ok__everything_the_lane_can_be_told_has_lights_and_a_known_sentence(tone: Tone) -> None:
    for advice in (None, *Advice):
        shown = indication(tone, advice)
        assert shown.colours
        assert shown.clip is None or shown.clip in CLIPS


def test_ok__go_and_stop_differ_in_rhythm_and_sound_too() -> None:
    go, stop = indication(Tone.GO, Advice.WALK_THROUGH), indication(Tone.STOP, None)
    assert (go.rhythm, stop.rhythm) == (Rhythm.STEADY, Rhythm.FAST)
    assert len({indication(tone, None).beeps for tone in (Tone.GO, Tone.STOP, Tone.DESK)}) == 3


def test_fail__stop_never_speaks_of_anything_else() -> None:
    assert {indication(Tone.STOP, advice).clip for advice in (None, *Advice)} == {"stop"}


def test_ok__dark_switches_the_lamp_on_and_its_own_light_does_not_switch_it_off() -> None:
    light = FillLight().step(DARK - 1, True, 0.0)
    assert light.on
    assert light.step(200, True, 1.0).on


def test_ok__dusk_does_not_flicker() -> None:
    assert not FillLight().step(DARK + 1, True, 0.0).on


def test_ok__with_nobody_there_the_lamp_goes_out_for_a_look_and_stays_out_by_day() -> None:
    light = FillLight().step(10, False, 0.0)
    light = light.step(150, False, LOOK_EVERY_S + 0.1)
    assert not light.on
    light = light.step(BRIGHT + 1, False, LOOK_EVERY_S + 0.2 + LOOK_S)
    assert not light.on and light.looking_since is None


def test_ok__still_night_lights_it_again() -> None:
    light = FillLight().step(10, False, 0.0).step(150, False, LOOK_EVERY_S + 0.1)
    assert light.step(10, False, LOOK_EVERY_S + 0.2 + LOOK_S).on


def test_ok__somebody_who_comes_during_the_look_gets_light_at_once() -> None:
    light = FillLight().step(10, False, 0.0).step(150, False, LOOK_EVERY_S + 0.1)
    assert light.step(10, True, LOOK_EVERY_S + 0.2).on


@given(st.lists(st.tuples(st.floats(0, 255), st.booleans(), st.floats(0.03, 5)), max_size=200))
def test_fail__the_lamp_never_goes_out_on_somebody(frames: list[tuple[float, bool, float]]) -> None:
    light, now, busy_at = FillLight(), 0.0, float("-inf")
    for grey, somebody, pause in frames:
        now += pause
        busy_at = now if somebody else busy_at
        before, light = light, light.step(grey, somebody, now)
        if before.on and not light.on:
            assert now - busy_at >= ALONE_S
