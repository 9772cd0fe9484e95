"""What edges mean, edge by edge, with given times; and the bits of a Wiegand credential."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.domain import GateSignal
from edge.devices.gate.contacts import (
    CLOSINGS_PER_S,
    REPORT_AGAIN_S,
    STEADY_S,
    EventContact,
    FireContact,
    RotationContacts,
    StateContact,
)
from edge.devices.gate.wiegand import encode

KHZ = [i / 1000 for i in range(5_000)]
"""Five seconds, a thousand times each."""


def test_ok__a_passage_sensor_reports_each_closing() -> None:
    sensor = EventContact(GateSignal.PASSED)
    heard = [s for t in (0.0, 1.0, 2.0) for s in (*sensor.change(True, t), *sensor.change(False, t + 0.2))]
    assert heard == [GateSignal.PASSED] * 3
    assert not sensor.chatter.report_due(3)


def test_fail__a_passage_sensor_at_one_kilohertz_is_ignored_and_reported_once_a_minute() -> None:
    sensor = EventContact(GateSignal.PASSED)
    heard = [s for t in KHZ for s in (*sensor.change(True, t), *sensor.change(False, t + 0.0005))]
    assert len(heard) == CLOSINGS_PER_S
    assert [sensor.chatter.report_due(t) for t in (5.0, 5.1)] == [True, False]
    assert sensor.change(True, 5.0 + STEADY_S) == [GateSignal.PASSED]  # steady again
    for t in KHZ:
        sensor.change(True, 10 + t)
    assert not sensor.chatter.report_due(20)
    assert sensor.chatter.report_due(5.0 + REPORT_AGAIN_S)


def test_ok__a_fluttering_exit_button_still_lets_people_out() -> None:
    sensor = EventContact(GateSignal.REX, 1.0)
    heard = [s for t in KHZ for s in sensor.change(True, t)]
    assert CLOSINGS_PER_S + 3 <= len(heard) <= CLOSINGS_PER_S + 5  # the first ones, then one a second


def test_ok__a_door_that_flutters_ends_up_as_what_it_is() -> None:
    sensor = StateContact(GateSignal.DOOR_OPENED, GateSignal.DOOR_CLOSED)
    heard = [s for t in KHZ for s in (*sensor.change(True, t), *sensor.change(False, t + 0.0005))]
    assert len(heard) <= 2 * CLOSINGS_PER_S
    sensor.change(True, 5.0)
    assert sensor.poll(True, 5.5) == []
    assert sensor.poll(True, 5.0 + STEADY_S) == [GateSignal.DOOR_OPENED]


def test_ok__fire_at_the_first_closing_and_over_only_when_quiet() -> None:
    fire = FireContact()
    fire.change(True, 0.0)
    fire.change(False, 0.001)  # gone before anybody looked
    assert fire.poll(False, 0.1) == [GateSignal.FIRE_ON]
    assert fire.poll(False, 0.5) == []
    assert fire.poll(False, 0.1 + STEADY_S) == [GateSignal.FIRE_OFF]


def test_ok__fire_is_seen_though_its_edge_was_lost() -> None:
    assert FireContact().poll(True, 0.0) == [GateSignal.FIRE_ON]


IN = [(True, False), (True, True), (False, True), (False, False)]
OUT = [(False, True), (True, True), (True, False), (False, False)]


def turned(positions: list[tuple[bool, bool]]) -> list[GateSignal]:
    rotation = RotationContacts()
    return [signal for a, b in positions for signal in rotation.change(a, b)]


def test_ok__an_arm_that_turns_in_out_and_in_again() -> None:
    began, came, went = GateSignal.ROTATING, GateSignal.PASSED_IN, GateSignal.PASSED_OUT
    assert turned(IN + OUT + IN) == [began, came, began, went, began, came]


def test_ok__an_arm_that_turns_back_has_passed_nobody() -> None:
    assert turned([(True, False), (True, True), (True, False), (False, False)]) == [GateSignal.ROTATING]


def test_ok__one_missed_edge_is_forgiven() -> None:
    for missed in range(1, 3):
        assert turned([p for i, p in enumerate(IN) if i != missed])[-1] is GateSignal.PASSED_IN


@settings(deadline=None)
@given(st.lists(st.sampled_from(IN)))
def test_ok__no_sequence_of_contacts_breaks_the_decoder_or_counts_more_than_rests(
    positions: list[tuple[bool, bool]],
) -> None:
    passed = [s for s in turned(positions) if s is not GateSignal.ROTATING]
    rests = sum(after == (False, False) != before for before, after in itertools.pairwise([(False, False), *positions]))
    assert len(passed) <= rests


def test_ok__wiegand_26_as_published_for_h10301() -> None:
    # Facility 118, card 1603 is 0x2006ec0c86 on the air; its last 26 bits are what goes over the wire.
    assert encode(26, 118, 1603) == tuple(int(bit) for bit in f"{0x2006EC0C86 & 0x3FFFFFF:026b}")


def test_ok__wiegand_34_by_hand() -> None:
    # 0x0001 has one bit: even parity adds one. 0x0003 has two: odd parity adds one.
    assert encode(34, 1, 3) == (1, *([0] * 15), 1, *([0] * 14), 1, 1, 1)


@settings(deadline=None)
@given(st.sampled_from([26, 34]), st.integers(0, 255), st.integers(0, 65_535))
def test_ok__wiegand_parity(bits: int, facility: int, card: int) -> None:
    code = encode(bits, facility, card)
    half = bits // 2
    assert len(code) == bits
    assert sum(code[:half]) % 2 == 0
    assert sum(code[half:]) % 2 == 1
    assert int("".join(map(str, code[1:-1])), 2) == facility << 16 | card


@pytest.mark.parametrize(("bits", "facility", "card"), [(26, 256, 1), (34, 65_536, 1), (26, 1, 65_536), (26, -1, 1)])
def test_fail__numbers_that_do_not_fit(bits: int, facility: int, card: int) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        encode(bits, facility, card)
