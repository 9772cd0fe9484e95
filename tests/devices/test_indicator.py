"""LEDs and buzzer on gpiozero's mock pins."""

import time
from collections.abc import Iterator

import pytest
from gpiozero.pins.mock import MockFactory

from contract.messages import Advice
from edge.core.config import IndicatorConfig
from edge.core.domain import Tone
from edge.devices.indicator import GpioIndicator

RED, GREEN, BLUE, BUZZER = 5, 6, 13, 19


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    made = MockFactory()
    yield made
    made.close()


@pytest.fixture
def indicator(factory: MockFactory) -> Iterator[GpioIndicator]:
    config = IndicatorConfig(red_pin=RED, green_pin=GREEN, blue_pin=BLUE, buzzer_pin=BUZZER)
    made = GpioIndicator(config, factory)
    yield made
    made.close()


def lit(factory: MockFactory) -> set[int]:
    return {pin for pin in (RED, GREEN, BLUE) if factory.pin(pin).state}


def test_ok__every_tone_has_lights_of_its_own(indicator: GpioIndicator, factory: MockFactory) -> None:
    shown = {}
    for tone in Tone:
        indicator.show(tone, None)
        shown[tone] = frozenset(lit(factory))
    assert shown[Tone.GO] == {GREEN}
    assert shown[Tone.STOP] == {RED}
    assert len(set(shown.values())) == len(Tone)


def test_ok__one_beep_for_go_two_for_the_desk(indicator: GpioIndicator, factory: MockFactory) -> None:
    indicator.show(Tone.GO, Advice.WALK_THROUGH)
    time.sleep(0.6)
    assert sum(s.state for s in factory.pin(BUZZER).states) == 1
    indicator.show(Tone.DESK, Advice.SEE_DESK)
    time.sleep(0.8)
    assert sum(s.state for s in factory.pin(BUZZER).states) == 3


def test_ok__the_same_state_again_makes_no_sound(indicator: GpioIndicator, factory: MockFactory) -> None:
    for _ in range(3):
        indicator.show(Tone.GO, Advice.WALK_THROUGH)
    time.sleep(0.6)
    assert sum(s.state for s in factory.pin(BUZZER).states) == 1


def test_ok__nothing_fitted_is_fine(factory: MockFactory) -> None:
    made = GpioIndicator(IndicatorConfig(), factory)
    made.show(Tone.GO, Advice.WALK_THROUGH)
    made.close()
    made.close()


def test_ok__a_key_has_a_short_tone_that_cuts_no_beep(factory: MockFactory) -> None:
    now = 100.0
    made = GpioIndicator(IndicatorConfig(buzzer_pin=BUZZER), factory, monotonic=lambda: now)
    made.show(Tone.STOP, None)
    made.key_tone()
    time.sleep(0.9)
    assert sum(s.state for s in factory.pin(BUZZER).states) == 3, "the three beeps, and nothing else"
    now += 1
    made.key_tone()
    time.sleep(0.1)
    assert sum(s.state for s in factory.pin(BUZZER).states) == 4
    made.close()


def test_ok__silent_hours_and_pads_with_a_tone_of_their_own(factory: MockFactory) -> None:
    silent = GpioIndicator(IndicatorConfig(buzzer_pin=BUZZER), factory, volume=lambda: 0)
    silent.show(Tone.STOP, None)
    silent.key_tone()
    silent.close()
    own = GpioIndicator(IndicatorConfig(buzzer_pin=BUZZER, key_tone=False), factory)
    own.key_tone()
    own.close()
    assert not any(s.state for s in factory.pin(BUZZER).states)
