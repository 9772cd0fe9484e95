"""The keyboard-wedge reader with its thread: entries, unplugging, and coming back; on the simulated device."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from edge.core.config import ReaderConfig
from edge.core.ports import CardReader, PinCodeCheck
from edge.devices.readers.evdev_source import EvdevSource
from edge.devices.readers.pin_code_check import ThreadedPinCodeCheck
from edge.devices.readers.wedge import KeySource, WedgeReader
from edge.sim import ImmediatePinCodeCheck, SimulatedKeyboard, typed
from edge.system.clock import SystemClock

STORED = "AAAAAAAAAAAAAAAAAAAAAA==$p8EXOA/nZsOJWF6xGJw7Dw7uVFtCtbWBApqvGxv54J8="


def until(found: Callable[[], object], within_s: float = 10) -> None:
    deadline = time.monotonic() + within_s
    while not found():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


@pytest.fixture
def keys() -> SimulatedKeyboard:
    return SimulatedKeyboard()


@pytest.fixture
def reader(keys: SimulatedKeyboard) -> Iterator[WedgeReader]:
    made = WedgeReader(keys.source, ReaderConfig(reopen_max_ms=500), SystemClock())
    yield made
    made.close()
    made.close()


def test_ok__what_is_typed_arrives_in_order(keys: SimulatedKeyboard, reader: WedgeReader) -> None:
    port: CardReader = reader
    port.start()
    keys.type("0012345678")
    keys.send(typed("47", enter=False))
    keys.type("11")
    found: list[str] = []
    until(lambda: found.extend(e.text for e in port.entries()) or len(found) == 2)
    assert found == ["0012345678", "4711"] and port.status().ok and port.entries() == []
    assert port.keys() >= 1


def test_fail__a_reader_without_an_enter_key_is_told_and_one_that_has_it_is_fine_again(keys: SimulatedKeyboard) -> None:
    reader = WedgeReader(keys.source, ReaderConfig(entry_timeout_ms=500), SystemClock())
    reader.start()
    try:
        until(lambda: keys.opened == 1)
        for _ in range(3):
            keys.send(typed("0012345678", enter=False))
            time.sleep(1.2)
        until(lambda: not reader.status().ok)
        assert "set its suffix to Enter" in reader.status().detail and "0012345678" not in reader.status().detail
        keys.type("0012345678")
        until(lambda: reader.status().ok)
        assert [entry.text for entry in reader.entries()] == ["0012345678"]
    finally:
        reader.close()


def test_ok__unplugged_and_plugged_in_again(keys: SimulatedKeyboard, reader: WedgeReader) -> None:
    reader.start()
    until(lambda: keys.opened == 1)
    keys.send(typed("99", enter=False))
    keys.unplug()
    until(lambda: not reader.status().ok)
    assert "No such device" in reader.status().detail
    until(lambda: "not plugged in" in reader.status().detail)
    keys.plugged = True
    until(lambda: reader.status().ok and keys.opened == 2)
    keys.type("12")
    until(lambda: [e.text for e in reader.entries()] == ["12"])  # the digits before the plug was pulled are gone


def test_ok__nobody_takes_the_entries_and_the_newest_are_kept(keys: SimulatedKeyboard, reader: WedgeReader) -> None:
    keys.send([event for n in range(1000) for event in typed(str(n))])
    reader.start()
    until(lambda: len(reader._entries) == 20)
    assert [e.text for e in reader.entries()] == [str(n) for n in range(980, 1000)]


def test_fail__a_device_that_is_not_there_says_what_to_do() -> None:
    for device in ("/dev/input/by-id/none-event-kbd", "08ff:0009"):
        source: KeySource = EvdevSource(device)
        with pytest.raises(OSError, match=r"plug it in|is not plugged in|python-evdev is not there.*apt install"):
            source.open()
        source.close()


def test_ok__evdev_is_loaded_only_when_a_reader_is_opened() -> None:
    done = "import sys, edge.app.gate; print('evdev' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", done], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


@pytest.mark.parametrize("make", [ThreadedPinCodeCheck, ImmediatePinCodeCheck])
def test_ok__a_pin_is_answered_once(make: Callable[[], PinCodeCheck]) -> None:
    check = make()
    assert check.answer() is None
    for pin, right in (("4711", True), ("4712", False)):
        check.ask(pin, STORED)
        answers: list[bool] = []
        until(lambda into=answers: (found := check.answer()) is not None and not into.append(found))
        assert answers == [right] and check.answer() is None
    check.close()
