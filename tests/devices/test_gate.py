"""The relay's safety contract, read from the pin history: from construction to close, for both relay polarities."""

import json
import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from contract.messages import Direction
from edge.core.config import GateConfig
from edge.core.domain import GateSignal
from edge.core.ports import GateError
from edge.devices.gate import GpioGate, RecordedPin, RecordingMockFactory, make_factory
from edge.devices.gate.contacts import CLOSINGS_PER_S
from edge.devices.gate.wiegand import encode

RELAY, PASSAGE, FIRE, TAMPER = 17, 22, 23, 24


def config(active_high: bool = True, **changes: object) -> GateConfig:
    fields = {
        "pins": "mock",
        "relay_active_high": active_high,
        "passage_pin": PASSAGE,
        "fire_pin": FIRE,
        "tamper_pin": TAMPER,
        "pulse_ms": 80,
        "pulse_max_ms": 120,
    }
    return GateConfig.model_validate(fields | changes)


@pytest.fixture(params=[True, False], ids=["active-high", "active-low"])
def active_high(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def factory(active_high: bool) -> Iterator[RecordingMockFactory]:
    made = make_factory(config(active_high))
    yield made
    made.close()


@pytest.fixture
def gate(active_high: bool, factory: RecordingMockFactory) -> Iterator[GpioGate]:
    made = GpioGate(config(active_high), factory)
    yield made
    made.close()


def released_levels(factory: MockFactory, active_high: bool) -> list[bool]:
    """The relay's history as released / locked, from the moment it is an output."""
    levels = [bool(s.state) == active_high for s in factory.pin(RELAY).states]
    # gpiozero's mock starts every pin low before it is driven; on an active-low relay that first level is the
    # unpowered line, not ours (the board's pull holds it).
    return levels if active_high else levels[1:]


def test_ok__locked_from_construction_to_close(active_high: bool, factory: RecordingMockFactory) -> None:
    gate = GpioGate(config(active_high), factory)
    assert not gate.energised
    gate.close()
    gate.close()
    assert released_levels(factory, active_high) == [False]


def test_ok__a_pulse_ends_by_itself(gate: GpioGate, factory: RecordingMockFactory, active_high: bool) -> None:
    gate.pulse()
    assert gate.energised
    wait_until(lambda: not gate.energised)
    assert released_levels(factory, active_high) == [False, True, False]


def test_ok__a_pulse_ends_though_the_main_loop_hangs(
    gate: GpioGate, factory: RecordingMockFactory, active_high: bool
) -> None:
    gate.pulse()
    time.sleep(0.3)  # the loop hangs here: nothing calls the gate
    assert released_levels(factory, active_high) == [False, True, False]
    held = factory.pin(RELAY).states[-1].timestamp
    assert held <= config().pulse_max_ms / 1000 + 0.15  # the machine's scheduling, not our bound


def test_ok__no_sequence_of_pulses_outlives_the_bound(
    gate: GpioGate, factory: RecordingMockFactory, active_high: bool
) -> None:
    end = time.monotonic() + 1
    while time.monotonic() < end:
        gate.pulse()
        time.sleep(0.01)
    wait_until(lambda: not gate.energised)
    released = [s.timestamp for s in factory.pin(RELAY).states if bool(s.state) != active_high][1:]
    assert len(released) > 3  # ended again and again
    assert max(released) <= config().pulse_max_ms / 1000 + 0.15  # each timestamp: how long the level before it lasted


def test_ok__lock_ends_a_pulse_at_once(gate: GpioGate) -> None:
    gate.pulse()
    gate.lock()
    assert not gate.energised


def test_ok__close_during_a_pulse_locks(active_high: bool, factory: RecordingMockFactory) -> None:
    gate = GpioGate(config(active_high), factory)
    gate.pulse()
    gate.close()
    assert released_levels(factory, active_high)[-1] is False


def test_ok__fire_holds_open_until_locked(gate: GpioGate) -> None:
    gate.pulse()
    gate.hold_open()
    time.sleep(0.2)
    assert gate.energised
    gate.lock()
    assert not gate.energised


def test_fail__no_pulse_without_its_guard(gate: GpioGate) -> None:
    gate.close()
    with pytest.raises(GateError, match="stays locked"):
        gate.pulse()


def test_ok__inputs_report_in_order(gate: GpioGate, factory: RecordingMockFactory) -> None:
    factory.pin(FIRE).drive_low()
    factory.pin(PASSAGE).drive_low()
    factory.pin(PASSAGE).drive_high()
    factory.pin(FIRE).drive_high()
    factory.pin(TAMPER).drive_low()
    factory.pin(TAMPER).drive_high()
    assert gate.signals() == [GateSignal.FIRE_ON, GateSignal.PASSED, GateSignal.TAMPER, GateSignal.TAMPER_OVER]
    assert gate.signals() == []  # the end of a fire is believed once it has lasted
    wait_until(lambda: gate.signals() == [GateSignal.FIRE_OFF])


def test_ok__fire_comes_before_what_waits_and_never_through_the_queue(
    gate: GpioGate, factory: RecordingMockFactory
) -> None:
    factory.pin(PASSAGE).drive_low()
    gate._inputs._queue.extend([GateSignal.PASSED] * 2_000)  # a loop that hung for long
    factory.pin(FIRE).drive_low()
    signals = gate.signals()
    assert signals[0] is GateSignal.FIRE_ON
    assert len(signals) <= 1001


def test_ok__a_fire_contact_that_opens_in_a_fire(factory: RecordingMockFactory, active_high: bool) -> None:
    closed = config(active_high, fire_normally_closed=True)
    factory.pin(FIRE).drive_low()  # closed: no fire; gpiozero's pull-up lets go of it again at construction
    gate = GpioGate(closed, factory)
    assert gate.signals() == [GateSignal.FIRE_ON]  # a cut wire is a fire
    factory.pin(FIRE).drive_low()
    wait_until(lambda: gate.signals() == [GateSignal.FIRE_OFF])
    factory.pin(FIRE).drive_high()
    assert gate.signals() == [GateSignal.FIRE_ON]
    gate.close()


def test_ok__door_buttons_and_both_ways_report(factory: RecordingMockFactory, active_high: bool) -> None:
    pins = {"door_pin": 5, "rex_pin": 6, "reset_pin": 13, "passage_out_pin": 19}
    gate = GpioGate(config(active_high, kind="door", **pins), factory)
    assert gate.signals() == [GateSignal.DOOR_OPENED]  # open when we started
    for pin in (5, 6, 13, PASSAGE, 19):
        factory.pin(pin).drive_low()
    factory.pin(5).drive_high()
    assert gate.signals() == [
        GateSignal.DOOR_CLOSED,
        GateSignal.REX,
        GateSignal.RESET,
        GateSignal.PASSED_IN,
        GateSignal.PASSED_OUT,
        GateSignal.DOOR_OPENED,
    ]
    gate.close()


def test_ok__two_rotation_contacts_tell_the_way(factory: RecordingMockFactory, active_high: bool) -> None:
    gate = GpioGate(config(active_high, passage_pin=None, rotation_pin=5, rotation_out_pin=6), factory)
    a, b = factory.pin(5), factory.pin(6)
    for drive in (a.drive_low, b.drive_low, a.drive_high, b.drive_high):
        drive()
    assert gate.signals() == [GateSignal.ROTATING, GateSignal.PASSED_IN]
    for drive in (b.drive_low, a.drive_low, b.drive_high, a.drive_high):
        drive()
    assert gate.signals() == [GateSignal.ROTATING, GateSignal.PASSED_OUT]
    gate.close()


def test_ok__each_way_has_its_relay_and_fire_has_both(factory: RecordingMockFactory, active_high: bool) -> None:
    gate = GpioGate(config(active_high, relay_out_pin=27), factory)
    levels = [bool(s.state) == active_high for s in factory.pin(27).states][0 if active_high else 1 :]
    assert levels == [False]
    gate.pulse(Direction.OUT)
    assert [pin.state == active_high for pin in (factory.pin(RELAY), factory.pin(27))] == [False, True]
    wait_until(lambda: not gate.energised)
    gate.hold_open()
    assert [pin.state == active_high for pin in (factory.pin(RELAY), factory.pin(27))] == [True, True]
    gate.close()


def test_ok__a_stretched_pulse_is_longer_and_still_bounded(
    gate: GpioGate, factory: RecordingMockFactory, active_high: bool
) -> None:
    gate.pulse(stretch=1000)
    wait_until(lambda: not gate.energised)
    assert factory.pin(RELAY).states[-1].timestamp <= config().pulse_max_ms / 1000 + 0.15


@pytest.mark.parametrize(("output", "bits"), [("wiegand26", 26), ("wiegand34", 34)])
def test_ok__wiegand_shows_the_credential_bit_by_bit(
    factory: RecordingMockFactory, active_high: bool, output: str, bits: int
) -> None:
    wired = {"output": output, "wiegand_d0_pin": 5, "wiegand_d1_pin": 6}
    codes = {"credential_facility": 118, "credential_card": 1603}
    gate = GpioGate(config(active_high, **wired, **codes), factory)
    order: list[int] = []
    for bit, pin in enumerate((5, 6)):
        factory.pin(pin)._change_state = watch_falls(factory.pin(pin), bit, order)
    gate.pulse()
    wait_until(lambda: len(order) == bits)
    gate.close()
    assert tuple(order) == encode(bits, 118, 1603)
    assert released_levels(factory, active_high) == [False]  # the relay is for fire alone


def watch_falls(pin: RecordedPin, bit: int, order: list[int]) -> Callable[[bool], bool]:
    """Note each falling edge on a data line, then do what the pin does."""
    change = pin._change_state

    def watched(value: bool) -> bool:
        changed = change(value)
        if changed and not value and pin.function == "output":
            order.append(bit)
        return changed

    return watched


class StuckRelay(RecordedPin):
    """An output that something outside holds at one level."""

    def _get_state(self) -> bool:
        return bool(self.factory.stuck_at)


def test_fail__a_relay_that_cannot_be_locked_stops_the_start(factory: RecordingMockFactory, active_high: bool) -> None:
    factory.stuck_at = active_high
    factory.pin(RELAY, pin_class=StuckRelay)
    with pytest.raises(GateError, match="cannot be set to locked"):
        GpioGate(config(active_high), factory)
    assert factory.pin(RELAY).function == "input"  # let go of: the board's pull locks


def test_fail__a_pin_that_cannot_be_had_lets_go_of_the_others(factory: RecordingMockFactory) -> None:
    taken = GpioGate(config(fire_pin=None, tamper_pin=None, relay_pin=4), factory)
    with pytest.raises(GateError, match="pin cannot be used"):
        GpioGate(config(passage_pin=PASSAGE), factory)
    taken.close()
    GpioGate(config(), factory).close()


class StuckPin(RecordedPin):
    """An input held high from outside, stronger than any internal pull."""

    def _set_pull(self, value: str) -> None:
        self._pull, self._state = value, True


def test_ok__a_fire_contact_closed_at_start_is_reported() -> None:
    normally_low = config(input_active_low=False)
    factory = make_factory(normally_low)
    factory.pin(FIRE, pin_class=StuckPin)
    gate = GpioGate(normally_low, factory)
    assert gate.signals() == [GateSignal.FIRE_ON]
    gate.close()
    factory.close()


def test_fail__a_machine_without_pins_says_what_to_do() -> None:
    with pytest.raises(GateError, match=r"lgpio|mock"):
        make_factory(GateConfig())


def test_ok__chatter_never_blocks_or_grows_without_bound(gate: GpioGate, factory: RecordingMockFactory) -> None:
    pin, begun = factory.pin(PASSAGE), time.monotonic()
    for _ in range(5_000):
        pin.drive_low()
        pin.drive_high()
    seconds = math.ceil(time.monotonic() - begun)  # a busy machine needs more than one
    assert len(gate.signals()) <= CLOSINGS_PER_S * seconds
    assert gate.chattering() == ["passage_pin"]
    assert gate.chattering() == []  # told once a minute
    factory.pin(FIRE).drive_low()  # and fire is heard through it all
    assert gate.signals() == [GateSignal.FIRE_ON]


def test_ok__a_fluttering_fire_contact_is_one_fire(gate: GpioGate, factory: RecordingMockFactory) -> None:
    pin, heard = factory.pin(FIRE), []
    for _ in range(2_000):
        pin.drive_low()
        pin.drive_high()
        heard += gate.signals()
    assert heard == [GateSignal.FIRE_ON]
    assert gate.chattering() == ["fire_pin"]


def test_ok__history_is_written_line_by_line(tmp_path: Path) -> None:
    history = tmp_path / "pins.jsonl"
    factory = make_factory(config(), history)
    gate = GpioGate(config(), factory)
    gate.pulse()
    wait_until(lambda: not gate.energised)
    gate.close()
    factory.close()
    relay = [line for line in map(json.loads, history.read_text().splitlines()) if line["pin"] == f"GPIO{RELAY}"]
    driven = [line["level"] for line in relay if line["function"] == "output"]
    assert driven == [0, 1, 0]
    assert relay[-1]["function"] == "input"
    assert {line["pid"] for line in relay} == {os.getpid()}


def wait_until(true: object, seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline, "did not happen in time"
        threading.Event().wait(0.005)


def test_ok__on_a_clock_set_by_hand_a_pulse_ends_when_that_clock_says_so(factory: RecordingMockFactory) -> None:
    now = [100.0]
    gate = GpioGate(config(), factory, monotonic=lambda: now[0])
    gate.pulse()
    assert gate.end_due_pulse() == pytest.approx(0.08)
    assert gate.energised
    now[0] += 0.08
    assert gate.end_due_pulse() is None
    assert not gate.energised
    gate.close()
