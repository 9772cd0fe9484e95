"""Signed codes before the whole loop: each is used once, and a forged one opens nothing."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from credential_rig import CARD, FORGER, PIN, OpenHouse
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from loop_rig import NOBODY, known, unknown

from contract.messages import Advice, NoticeCode, NoticeEvent, Reason
from contract.policy import Factor
from edge.core.claims import USED_CODE
from edge.core.domain import GateSignal, Identification, Tone


@pytest.fixture
def house(tmp_path: Path) -> Iterator[OpenHouse]:
    made = OpenHouse(tmp_path)
    yield made
    made.loop.close()


@pytest.mark.parametrize("seen", [NOBODY, unknown()])
def test_ok__a_code_lets_its_worker_in_once_without_a_face(house: OpenHouse, seen: Identification) -> None:
    house.holds(house.code())
    house.sees(replace(seen, approach=0), 1.0)
    house.passes()
    house.holds(None)
    assert house.told[0][:2] == (Reason.GRANTED, "w1") and house.decisions.count(Reason.GRANTED) == 1
    assert house.ways[0] == {Factor.CODE} and house.acts == ["pulse", "lock"]
    assert len(house.loop.shown_to_pulse_s) == 1


def test_ok__a_code_still_in_view_after_the_passage_is_not_a_second_try(house: OpenHouse) -> None:
    house.holds(house.code())
    house.sees(NOBODY, 1.0)
    house.gate.report(GateSignal.PASSED)
    house.sees(NOBODY, 20.0)
    assert house.decisions == [Reason.GRANTED]


def test_fail__a_replayed_code_is_refused_also_after_a_restart(house: OpenHouse) -> None:
    text = house.code()
    house.holds(text)
    house.sees(NOBODY, 1.0)
    house.passes()
    for _ in range(2):
        house.holds(None)
        house.sees(NOBODY, 4.0)
        house.holds(text)
        house.sees(NOBODY, 4.0)
        house.restart()
        house.policy()
    assert house.told[1:] == [(Reason.FACTOR_REFUSED, "w1", USED_CODE)] * 2
    assert house.acts.count("pulse") == 1 and house.ways[1] == set()


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (lambda h: h.code(days=1), "the code is not valid before 2026-03-03 07:00 UTC"),
        (lambda h: h.code(days=-1), "the code expired at 2026-03-01 07:15 UTC"),
        (lambda h: h.code(site_id="site-9"), "the code is for site site-9"),
        (lambda h: h.code(key=FORGER), "the code is not signed by HQ's key"),
    ],
)
def test_fail__a_wrong_code_is_refused_and_recorded_once(house: OpenHouse, made: object, why: str) -> None:
    assert callable(made)
    house.holds(made(house))
    house.sees(NOBODY, 0.2)
    assert (house.indicator.history[-1].tone, house.shows) == (Tone.DESK, Advice.SEE_DESK)
    house.sees(NOBODY, 10.0)
    assert house.told == [(Reason.FACTOR_REFUSED, None, why)] and house.acts == []


def test_fail__a_film_of_forged_codes_does_not_fill_the_journal(house: OpenHouse) -> None:
    for _ in range(50):
        house.holds(house.code(key=FORGER))
        house.sees(NOBODY, 0.1)
    assert 2 <= len(house.decisions) <= 5 and house.acts == []


def test_ok__a_code_of_somebody_else_s_is_nothing(house: OpenHouse) -> None:
    house.holds("WIFI:S:SITE;T:WPA;P:SECRET;;")
    house.sees(NOBODY, 3.0)
    assert house.decisions == [] and house.indicator.history == []


def test_fail__a_code_for_nobody_on_the_roster(house: OpenHouse) -> None:
    house.holds(house.code(worker_id="w-gone"))
    house.sees(NOBODY, 2.0)
    assert house.told == [(Reason.UNKNOWN, None, "w-gone is not on the roster")]


def test_fail__a_code_does_not_help_a_worker_who_may_not_pass_and_is_not_used_up(house: OpenHouse) -> None:
    house.policy(active=False)
    text = house.code()
    house.holds(text)
    house.sees(NOBODY, 2.0)
    assert house.told == [(Reason.NOT_ACTIVE, "w1", "suspended")]
    house.policy()
    house.holds(None)
    house.sees(NOBODY, 4.0)
    house.holds(text)
    house.sees(NOBODY, 1.0)
    assert house.decisions == [Reason.NOT_ACTIVE, Reason.GRANTED]


def test_fail__another_person_s_code_is_refused_by_the_face(house: OpenHouse) -> None:
    house.policy((Factor.FACE, Factor.CODE), (Factor.GUARD,))
    house.sees(known(worker_id="w2"), 0.2)
    house.holds(house.code())
    house.sees(known(worker_id="w2"), 0.5)
    assert house.told[-1] == (Reason.FACTOR_REFUSED, None, "code: w1; face: w2")
    assert house.acts == []


def test_fail__numbers_typed_at_random_close_the_reader_and_not_the_codes(house: OpenHouse) -> None:
    house.types(*(f"{n:010d}" for n in range(200)), seconds=0.06)
    assert len(house.decisions) == 10 and house.notices == [NoticeCode.TOO_MANY_GUESSES]
    house.types(CARD)
    assert house.shows is Advice.SEE_DESK
    house.holds(house.code())
    house.sees(NOBODY, 0.5)
    assert house.decisions[-1] is Reason.GRANTED


def test_fail__forged_codes_shown_for_hours_are_told_and_no_longer_recorded(house: OpenHouse) -> None:
    forger = Ed25519PrivateKey.generate()
    for number in range(60):
        house.holds(house.code(forger, worker_id=f"x{number}"))
        house.sees(NOBODY, 0.2)
        house.clock.advance(2)
    assert len(house.decisions) <= 25
    notices = [e.detail for e in house.events if isinstance(e, NoticeEvent)]
    assert len(notices) == 1 and notices[0].startswith("codes: ")
    house.holds(house.code())
    house.sees(NOBODY, 0.5)
    assert house.decisions[-1] is Reason.GRANTED  # a genuine one is never held up


def test_fail__nothing_is_let_in_while_fire_holds_the_gate_and_nothing_is_left_over(house: OpenHouse) -> None:
    house.gate.report(GateSignal.FIRE_ON)
    house.types(CARD, PIN)
    house.gate.report(GateSignal.FIRE_OFF)
    house.sees(NOBODY, 3)
    assert house.decisions == []
