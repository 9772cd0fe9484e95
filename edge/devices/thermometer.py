"""Read the infrared thermometer MLX90614 on the I2C bus in a separate thread: a hanging bus must not stop the gate.

Registers, formula and check byte: Melexis, MLX90614 family datasheet 3901090614, chapter 8.4 (SMBus). The sensor
measures the mean temperature of its view. Nearby that is the skin of a face, a few degrees cooler than the body.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from common.libraries import loading
from edge.core.config import TemperatureConfig
from edge.core.domain import ThermometerStatus
from edge.core.ports import Clock

log = structlog.get_logger()

OBJECT = 0x07
"""RAM register of the object's temperature (T_OBJ1), in units of 0.02 K."""
KELVIN_PER_STEP, ZERO_C_IN_KELVIN = 0.02, 273.15
PERSON_C = (30.0, 45.0)
"""Range of a face's skin. Other readings are a wall, the sun or a hot drink."""
EVERY_S, STALE_S, LOST_S, REOPEN_S = 0.1, 1.0, 2.0, 0.5


class SensorFault(RuntimeError):
    """The sensor cannot be read; the text says why."""


class Bus(Protocol):
    """The part of `smbus2.SMBus` that is used."""

    def read_i2c_block_data(self, i2c_addr: int, register: int, length: int) -> Sequence[int]: ...

    def close(self) -> None: ...


def check_byte(data: bytes) -> int:
    """Return the SMBus packet error code: CRC-8 with the polynomial x^8 + x^2 + x + 1."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc


def object_celsius(bus: Bus, address: int) -> float:
    """Read the temperature in the sensor's view, °C. Raises SensorFault (check byte, error flag), OSError (bus)."""
    low, high, pec = bus.read_i2c_block_data(address, OBJECT, 3)
    if check_byte(bytes((address << 1, OBJECT, address << 1 | 1, low, high))) != pec:
        raise SensorFault("the check byte is wrong: look at the wires, shorten them")
    steps = high << 8 | low
    if steps & 0x8000:
        raise SensorFault("the sensor says that this reading is an error")
    return steps * KELVIN_PER_STEP - ZERO_C_IN_KELVIN


def open_bus(number: int) -> Bus:
    """Open the machine's bus. Raises OSError."""
    with loading("smbus2", "pip install sitegate", OSError):
        from smbus2 import SMBus
    bus: Bus = SMBus(number)
    return bus


class Mlx90614:
    """Implements `edge.core.ports.Thermometer`. One bad reading is ignored. The sensor is lost after `LOST_S`
    without a good one."""

    def __init__(self, config: TemperatureConfig, clock: Clock, open_bus: Callable[[int], Bus] = open_bus) -> None:
        self._config, self._clock, self._open_bus = config, clock, open_bus
        self._lock = threading.Lock()
        self._value: float | None = None
        self._read_at = clock.monotonic()
        self._fault = "nothing comes from the bus"
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="thermometer", daemon=True)
        self._thread.start()

    def celsius(self) -> float | None:
        with self._lock:
            if self._value is None or self._clock.monotonic() - self._read_at > STALE_S:
                return None
            value = self._value + self._config.correction_c
        return round(value, 2) if PERSON_C[0] <= value <= PERSON_C[1] else None

    def status(self) -> ThermometerStatus:
        where = f"I2C bus {self._config.bus}, address {self._config.address:#04x}"
        with self._lock:
            if self._clock.monotonic() - self._read_at > LOST_S:
                return ThermometerStatus(False, f"{where}: {self._fault}")
        return ThermometerStatus(True, where)

    def close(self) -> None:
        self._closing.set()
        self._thread.join(LOST_S)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._read_on()
            except OSError as error:
                self._failed(str(error))
                self._closing.wait(REOPEN_S)

    def _read_on(self) -> None:
        """Read until close. Raises OSError."""
        bus = self._open_bus(self._config.bus)
        try:
            while not self._closing.wait(EVERY_S):
                try:
                    value = object_celsius(bus, self._config.address)
                except SensorFault as error:
                    self._failed(str(error))
                    continue
                with self._lock:
                    self._value, self._read_at = value, self._clock.monotonic()
        finally:
            bus.close()

    def _failed(self, why: str) -> None:
        log.debug("thermometer_failed", why=why)
        with self._lock:
            self._fault = why
