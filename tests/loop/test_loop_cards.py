"""Cards and PINs before the whole loop: both are needed, and guessing closes the reader."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from credential_rig import CARD, CARD_AND_PIN, OTHER_CARD, PIN, OpenHouse
from loop_rig import NOBODY, known, unknown

from contract.credentials import hash_pin_code
from contract.messages import Advice, NoticeCode, NoticeEvent, Reason
from contract.policy import Factor
from edge.core.claims import UNKNOWN_CARD, WRONG_PIN
from edge.core.domain import GateSignal, Identification, ReaderStatus
from edge.matcher.engine import quality


@pytest.fixture
def house(tmp_path: Path) -> Iterator[OpenHouse]:
    made = OpenHouse(tmp_path)
    yield made
    made.loop.close()


def test_ok__card_then_pin(house: OpenHouse) -> None:
    house.types(CARD)
    assert (house.decisions, house.shows) == ([], Advice.ENTER_PIN)
    house.types(PIN)
    assert house.told == [(Reason.GRANTED, "w1", "")] and house.ways == [set(CARD_AND_PIN)]
    assert house.acts == ["pulse"]


def test_ok__card_and_face_together(house: OpenHouse) -> None:
    house.policy((Factor.CARD, Factor.FACE), (Factor.GUARD,))
    house.types(CARD)
    assert (house.decisions, house.shows) == ([], Advice.LOOK_TOO)
    house.sees(known(), 0.3)
    assert house.decisions == [Reason.GRANTED] and house.ways == [{Factor.CARD, Factor.FACE}]


def test_ok__face_first_then_card(house: OpenHouse) -> None:
    house.policy((Factor.CARD, Factor.FACE), (Factor.GUARD,))
    house.sees(known(), 0.3)
    assert (house.decisions, house.shows) == ([Reason.SECOND_FACTOR], Advice.SHOW_CODE_OR_CARD)
    house.types(CARD)
    assert house.decisions[1:] == [Reason.GRANTED] and house.ways[1] == {Factor.CARD, Factor.FACE}


def test_ok__a_look_alike_shows_a_card_as_well(house: OpenHouse) -> None:
    alike = replace(known(), look_alike="w2")
    house.sees(alike, 0.3)
    house.types(CARD)
    assert house.decisions == [Reason.SECOND_FACTOR, Reason.GRANTED]


def test_ok__an_unknown_face_does_not_disturb_card_and_pin(house: OpenHouse) -> None:
    house.sees(unknown(), 0.3)
    house.types(CARD, seconds=6)
    assert house.shows is Advice.ENTER_PIN
    house.types(PIN)
    assert house.decisions == [Reason.UNKNOWN, Reason.GRANTED]


def test_ok__walking_through_after_card_and_pin_is_not_a_second_visit(house: OpenHouse) -> None:
    house.types(CARD, PIN)
    house.gate.report(GateSignal.PASSED)
    house.sees(known(approach=3), 1.0)
    assert house.decisions == [Reason.GRANTED]


def test_ok__the_next_card_while_the_gate_is_released_is_taken_up_after_it(house: OpenHouse) -> None:
    house.policy((Factor.CARD,))
    house.types(CARD, OTHER_CARD)
    assert house.decisions == [Reason.GRANTED]
    house.passes()
    assert [worker for _, worker, _ in house.told] == ["w1", "w2"]


def test_fail__a_card_without_its_pin_is_recorded_once_the_time_is_over(house: OpenHouse) -> None:
    house.types(CARD)
    house.sees(NOBODY, 30.0)
    assert [(reason, worker) for reason, worker, _ in house.told] == [(Reason.SECOND_FACTOR, "w1")]
    assert house.acts == [] and house.shows is None
    house.types(PIN)  # too late: a number that is no card's
    assert house.told[1:] == [(Reason.FACTOR_REFUSED, None, UNKNOWN_CARD)]


def test_fail__an_unknown_card_a_wrong_pin_a_worker_without_one(house: OpenHouse) -> None:
    house.types("5555555555", CARD, "1111", OTHER_CARD, PIN)
    refused = [(None, UNKNOWN_CARD), ("w1", WRONG_PIN), ("w2", "the worker has no PIN")]
    assert house.told == [(Reason.FACTOR_REFUSED, *who) for who in refused]
    assert house.acts == [] and house.shows is Advice.SEE_DESK


def test_fail__after_a_wrong_pin_the_card_is_needed_again(house: OpenHouse) -> None:
    house.types(CARD, "1111", PIN)
    assert [detail for *_, detail in house.told] == [WRONG_PIN, UNKNOWN_CARD]


def test_fail__one_worker_s_card_with_another_s_pin(house: OpenHouse) -> None:
    house.policy()
    workers = dict(house.lists.state.workers)
    workers["w2"] = replace(workers["w2"], pin=hash_pin_code("9090"))
    house.lists.state, house.lists.fresh = replace(house.lists.state, workers=workers), True
    house.types(OTHER_CARD, PIN)
    assert house.told == [(Reason.FACTOR_REFUSED, "w2", WRONG_PIN)]


def test_fail__ten_thousand_pin_guesses(house: OpenHouse) -> None:
    for guess in range(10_000):
        house.keypad.types(CARD)
        house.keypad.types(f"{guess:04d}")
        house.loop.step()
    looked_at = house.pin_code_check.asked
    notices = [e for e in house.events if isinstance(e, NoticeEvent) and e.code is NoticeCode.TOO_MANY_GUESSES]
    # 10,000 turns are 500 s: three guesses, and one after each pause of 60, 120 and 240 s. Numbers typed while the card
    # is not looked at count as unknown cards, until the reader pauses as well.
    assert looked_at <= 6 and len(notices) <= 8
    assert len(house.events) <= 30 and Reason.GRANTED not in house.decisions and house.acts == []
    house.restart()
    house.policy()
    before = house.pin_code_check.asked
    house.types(CARD, PIN)
    assert house.pin_code_check.asked == before, "a restart must not give new guesses"
    assert house.loop.step()


def test_ok__after_the_pause_the_right_pin_opens_and_clears_the_count(house: OpenHouse) -> None:
    for _ in range(3):
        house.types(CARD, "0000")
    house.types(CARD)
    assert house.shows is Advice.SEE_DESK
    house.sees(NOBODY, 61)
    house.types(CARD, PIN)
    house.passes()
    assert house.decisions[-1] is Reason.GRANTED
    house.types(CARD, "0000", CARD, PIN)
    assert house.decisions[-2:] == [Reason.FACTOR_REFUSED, Reason.GRANTED]


def test_fail__nine_wrong_cards_at_a_time_are_noticed_and_close_the_reader(house: OpenHouse) -> None:
    for burst in range(40):
        house.types(*(f"{100 * burst + n:010d}" for n in range(9)), seconds=0.06)
        house.clock.advance(130)  # the burst is forgotten
    wrong = len(house.decisions)
    assert wrong <= 48, "40 at once, then one in half an hour"
    notices = [e.detail for e in house.events if isinstance(e, NoticeEvent)]
    assert "the reader: 41 wrong over hours or days" in notices[0] and len(notices) <= 8
    house.restart()
    house.policy()
    house.types("0000000001")
    assert len(house.decisions) == wrong, "a restart must not give new guesses"
    house.holds(house.code())
    house.sees(NOBODY, 0.5)
    assert house.decisions[-1] is Reason.GRANTED  # other ways in go on


def test_fail__two_pins_after_each_visit_of_the_owner_are_noticed(house: OpenHouse) -> None:
    for _ in range(12):
        house.types(CARD, PIN)
        house.passes()
        house.clock.advance(1800)
        house.types(CARD, "0000", CARD, "1111")
        house.clock.advance(1800)
    assert (
        sum(detail == WRONG_PIN for _, _, detail in house.told) <= 15
    )  # 10, and what fits in before the pause has doubled
    notices = [e.detail for e in house.events if isinstance(e, NoticeEvent)]
    assert any("worker w1: 11 wrong over hours or days" in detail for detail in notices) and len(notices) <= 4


def test_ok__a_rush_hour_with_mistakes_closes_nothing(house: OpenHouse) -> None:
    for number in range(60):
        if number % 4 == 0:
            house.types("0000000009")
        house.types(CARD, PIN)
        house.passes()
        house.clock.advance(40)
    assert house.decisions.count(Reason.GRANTED) == 60 and house.notices == []


def test_ok__an_unplugged_reader_is_noticed_once_and_its_return_too(house: OpenHouse) -> None:
    house.sees(NOBODY, 0.5)
    house.keypad.now = ReaderStatus(False, "no such device")
    house.sees(NOBODY, 5)
    house.keypad.now = ReaderStatus(True, "test reader")
    house.sees(NOBODY, 5)
    assert house.notices == [NoticeCode.READER_LOST, NoticeCode.READER_BACK]


def test_ok__card_and_pin_work_without_a_camera_and_with_a_failing_matcher(house: OpenHouse) -> None:
    house.sees(NOBODY, 0.5)
    house.camera.ok = False
    house.sees(NOBODY, 1)
    assert house.shows is Advice.SHOW_CODE_OR_CARD
    house.types(CARD)
    assert house.shows is Advice.ENTER_PIN
    house.types(PIN)
    house.passes()
    house.camera.ok = True
    house.matcher.now = RuntimeError("matcher")
    house.types(CARD, PIN, seconds=0.06)
    assert house.decisions.count(Reason.GRANTED) == 2


def test_ok__a_face_too_far_away_does_not_hide_what_is_asked_for(house: OpenHouse) -> None:
    house.matcher.now = Identification(quality.TOO_FAR, 1)
    house.types(CARD, seconds=2)
    assert (house.decisions, house.shows) == ([], Advice.ENTER_PIN)


def test_ok__the_reader_is_closed_with_the_loop(tmp_path: Path) -> None:
    house = OpenHouse(tmp_path)
    house.loop.close()
    assert house.keypad.closed


def test_ok__each_key_of_the_pad_is_answered_with_a_tone_and_with_nothing_else(house: OpenHouse) -> None:
    house.sees(NOBODY)
    before = list(house.indicator.history)
    for _ in range(3):
        house.keypad.pressed += 1
        house.sees(NOBODY)
    assert house.indicator.key_tones == 3
    assert house.indicator.history == before, "lights and words are as they were"
