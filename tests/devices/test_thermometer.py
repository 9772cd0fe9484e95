"""The thermometer's port on both adapters, and the real one's arithmetic against a bus of registers."""

import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from edge.core.config import Config, TemperatureConfig, parse
from edge.core.ports import Thermometer
from edge.devices.thermometer import Mlx90614, SensorFault, check_byte, object_celsius
from edge.sim import SimulatedThermometer
from edge.system.clock import SystemClock
from edge.tools.selfcheck import CheckState, thermometer

ADDRESS = 0x5A


class Registers:
    """An I2C bus with one MLX90614 on it, as its datasheet describes what crosses the wire."""

    def __init__(self) -> None:
        self.steps = 0
        self.spoilt = self.gone = False
        self.hangs = threading.Event()
        self.hangs.set()
        self.opened = self.closed = 0

    def show(self, celsius: float) -> None:
        self.steps = round((celsius + 273.15) / 0.02)

    def open(self, number: int) -> "Registers":
        self.opened += 1
        if self.gone:
            raise FileNotFoundError(2, "No such file or directory", f"/dev/i2c-{number}")
        return self

    def read_i2c_block_data(self, i2c_addr: int, register: int, length: int) -> Sequence[int]:
        self.hangs.wait(10)
        if self.gone:
            raise OSError(121, "Remote I/O error")
        assert (i2c_addr, register, length) == (ADDRESS, 0x07, 3)
        word = struct.pack("<H", self.steps)
        pec = check_byte(bytes((i2c_addr << 1, register, i2c_addr << 1 | 1)) + word)
        return [*word, pec ^ self.spoilt]

    def close(self) -> None:
        self.closed += 1


def eventually(true: Callable[[], object], what: str) -> None:
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until, f"never happened: {what}"
        time.sleep(0.01)


class Real:
    """The real adapter on the bus of registers."""

    def __init__(self, **config: float) -> None:
        self.bus = Registers()
        self.show(36.4)
        settings = TemperatureConfig.model_validate({"sensor": "mlx90614", **config})
        self.port: Thermometer = Mlx90614(settings, SystemClock(), self.bus.open)

    def show(self, celsius: float | None) -> None:
        self.bus.show(21.0 if celsius is None else celsius)

    def lose(self) -> None:
        self.bus.gone = True

    def back(self) -> None:
        self.bus.gone = False


class Simulated:
    def __init__(self) -> None:
        self.sensor = SimulatedThermometer()
        self.port: Thermometer = self.sensor

    def show(self, celsius: float | None) -> None:
        self.sensor.now = celsius

    def lose(self) -> None:
        self.sensor.fault = "unplugged"

    def back(self) -> None:
        self.sensor.fault = ""


@pytest.fixture(params=[Real, Simulated])
def rig(request: pytest.FixtureRequest) -> Iterator[Real | Simulated]:
    made = request.param()
    yield made
    made.port.close()
    made.port.close()


def test_ok__a_person_is_measured(rig: Real | Simulated) -> None:
    eventually(lambda: rig.port.celsius() == pytest.approx(36.4, abs=0.02), "36.4")
    rig.show(38.6)
    eventually(lambda: rig.port.celsius() == pytest.approx(38.6, abs=0.02), "38.6")
    assert rig.port.status().ok


def test_ok__nobody_there_is_no_reading_and_no_fault(rig: Real | Simulated) -> None:
    eventually(lambda: rig.port.celsius() is not None, "a reading")
    rig.show(None)
    eventually(lambda: rig.port.celsius() is None, "no reading")
    assert rig.port.status().ok


def test_fail__a_lost_sensor_reads_nothing_says_so_and_comes_back(rig: Real | Simulated) -> None:
    eventually(lambda: rig.port.celsius() is not None, "a reading")
    rig.lose()
    eventually(lambda: not rig.port.status().ok, "lost")
    assert rig.port.celsius() is None
    assert rig.port.status().detail
    rig.back()
    eventually(lambda: rig.port.status().ok, "back")
    eventually(lambda: rig.port.celsius() is not None, "a reading again")


# --- The real one alone -----------------------------------------------------------------------------------


def test_ok__the_datasheets_own_example() -> None:
    """3901090614, figure of the SMBus read: address 5Ah, register 07h, data 3AD2h, check byte 30h: 301.16 K."""
    assert check_byte(bytes((0xB4, 0x07, 0xB5, 0xD2, 0x3A))) == 0x30
    bus = Registers()
    bus.steps = 0x3AD2
    assert object_celsius(bus, ADDRESS) == pytest.approx(28.01)


@pytest.mark.parametrize(("steps", "celsius"), [(0x27AD, -70.01), (0x7FFF, 382.19)])
def test_ok__the_ends_of_the_range(steps: int, celsius: float) -> None:
    bus = Registers()
    bus.steps = steps
    assert object_celsius(bus, ADDRESS) == pytest.approx(celsius)


def test_fail__a_spoilt_byte_and_an_error_flag_are_no_readings() -> None:
    bus = Registers()
    bus.show(36.4)
    bus.spoilt = True
    with pytest.raises(SensorFault, match="wires"):
        object_celsius(bus, ADDRESS)
    bus.spoilt, bus.steps = False, 0x8000 | bus.steps
    with pytest.raises(SensorFault, match="error"):
        object_celsius(bus, ADDRESS)


def test_ok__the_correction_is_added_before_the_range_is_judged() -> None:
    rig = Real(correction_c=1.5)
    rig.show(29.0)
    eventually(lambda: rig.port.celsius() == pytest.approx(30.5, abs=0.02), "30.5")
    rig.port.close()


def test_fail__a_bus_that_hangs_never_stops_the_reader() -> None:
    rig = Real()
    eventually(lambda: rig.port.celsius() is not None, "a reading")
    rig.bus.hangs.clear()
    eventually(lambda: rig.port.celsius() is None, "too old")
    eventually(lambda: not rig.port.status().ok, "lost")
    rig.bus.hangs.set()
    eventually(lambda: rig.port.status().ok, "back")
    rig.port.close()
    assert rig.bus.opened == rig.bus.closed


def test_fail__no_bus_on_this_machine() -> None:
    bus = Registers()
    bus.gone = True
    port = Mlx90614(TemperatureConfig(), SystemClock(), bus.open)
    eventually(lambda: not port.status().ok, "lost")
    assert "/dev/i2c-1" in port.status().detail
    port.close()


def test_fail__the_self_check_names_a_sensor_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(**temperature: object) -> Config:
        return parse({"temperature": temperature})

    missing = thermometer(asked(sensor="mlx90614", bus=19))
    assert missing.state is CheckState.PROBLEM
    assert "i2cdetect -y 19" in missing.todo
    bus = Registers()
    bus.show(36.4)
    monkeypatch.setattr("edge.tools.selfcheck.devices.open_bus", bus.open)
    assert thermometer(asked(sensor="mlx90614")).detail == "36.4 °C before the sensor now"
    bus.spoilt = True
    assert "wires" in thermometer(asked(sensor="mlx90614")).detail
    assert bus.opened == bus.closed == 2
    assert thermometer(asked(sensor="simulated")).state is CheckState.WARNING
