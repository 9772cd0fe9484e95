"""A reader made of thin air with the kernel's uinput: run on the device, with write access to /dev/uinput."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from edge.core.config import ReaderConfig
from edge.devices.readers.evdev_source import EvdevSource
from edge.devices.readers.wedge import WedgeReader
from edge.system.clock import SystemClock

pytestmark = pytest.mark.hardware
VENDOR, PRODUCT = 0x5367, 0x0001


@pytest.fixture
def keyboard() -> Iterator[Any]:
    from evdev import UInput

    with UInput(vendor=VENDOR, product=PRODUCT, name="sitegate test reader") as made:
        time.sleep(0.5)  # udev makes the node
        yield made


def type_digits(keyboard: Any, digits: str) -> None:
    from evdev import ecodes

    for name in (*(f"KEY_{digit}" for digit in digits), "KEY_ENTER"):
        for value in (1, 0):
            keyboard.write(ecodes.EV_KEY, ecodes.ecodes[name], value)
            keyboard.syn()


def test_ok__a_real_input_device_is_found_taken_and_read(keyboard: Any) -> None:
    reader = WedgeReader(lambda: EvdevSource(f"{VENDOR:04x}:{PRODUCT:04x}"), ReaderConfig(), SystemClock())
    reader.start()
    try:
        time.sleep(1)
        assert reader.status().ok, reader.status().detail
        type_digits(keyboard, "0012345678")
        time.sleep(1)
        assert [entry.text for entry in reader.entries()] == ["0012345678"]
        keyboard.close()
        time.sleep(2)
        assert not reader.status().ok
    finally:
        reader.close()
