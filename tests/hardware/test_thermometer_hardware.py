"""A real MLX90614 on the bus that the gate's own configuration names, with a hand before it."""

import os
import time
from pathlib import Path

import pytest

from edge.core.config import TemperatureConfig, load
from edge.devices.thermometer import Mlx90614, object_celsius, open_bus
from edge.system.clock import SystemClock

pytestmark = pytest.mark.hardware


@pytest.fixture
def config() -> TemperatureConfig:
    path = os.environ.get("SITEGATE_CONFIG")
    return load(Path(path)).temperature if path else TemperatureConfig()


def test_ok__the_room_is_between_frost_and_oven(config: TemperatureConfig) -> None:
    bus = open_bus(config.bus)
    try:
        assert -20 < object_celsius(bus, config.address) < 60
    finally:
        bus.close()


def test_ok__a_person_is_measured(config: TemperatureConfig) -> None:
    """Hold a hand before the sensor."""
    thermometer = Mlx90614(config, SystemClock())
    until = time.monotonic() + 10
    while thermometer.celsius() is None and time.monotonic() < until:
        time.sleep(0.1)
    assert thermometer.celsius() is not None
    assert thermometer.status().ok
    thermometer.close()
