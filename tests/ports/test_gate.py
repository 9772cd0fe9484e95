"""The relay's safety contract, read from the pin history: from construction to close, for both relay polarities."""

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from edge.config import GateConfig
from edge.domain import GateSignal
from edge.gate import GpioGate, RecordedPin, RecordingMockFactory, make_factory
from edge.ports import GateError

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


def test_ok__no_sequence_of_pulses_outlives_the_bound(gate: GpioGate) -> None:
    gate.pulse()
    gate.pulse()
    wait_until(lambda: not gate.energised)


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
    assert gate.signals() == [GateSignal.FIRE_ON, GateSignal.PASSED, GateSignal.FIRE_OFF, GateSignal.TAMPER]
    assert gate.signals() == []


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
    pin = factory.pin(PASSAGE)
    for _ in range(5_000):
        pin.drive_low()
        pin.drive_high()
    assert len(gate.signals()) <= 1000


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
    gate = GpioGate(config(), factory, lambda: now[0])
    gate.pulse()
    assert gate.end_due_pulse() == pytest.approx(0.08)
    assert gate.energised
    now[0] += 0.08
    assert gate.end_due_pulse() is None
    assert not gate.energised
    gate.close()
