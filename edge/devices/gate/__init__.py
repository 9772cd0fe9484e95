"""The gate on GPIO pins: relays or a credential out, contacts in, and two guards that end every release."""

import os
from pathlib import Path

from edge.core.config import GateConfig
from edge.core.ports import GateError
from edge.devices.gate import gpiochip
from edge.devices.gate.cut_notes import take_cut_notes
from edge.devices.gate.gpio import GpioGate
from edge.devices.gate.pins import RecordedPin, RecordingMockFactory, make_factory
from edge.devices.gate.watchdog import ProcessWatchdog

__all__ = [
    "GpioGate",
    "ProcessWatchdog",
    "RecordedPin",
    "RecordingMockFactory",
    "lock_relays",
    "make_factory",
    "relays_only",
    "take_cut_notes",
]  # fmt: skip


def lock_relays(config: GateConfig, history: Path | None = None) -> None:
    """Lock the relays and release their pins. Inputs and other outputs are not touched. Raises GateError."""
    only = relays_only(config)
    try:
        factory = make_factory(only, history)
    except GateError:
        if config.pins == "mock" or not _lock_without_library(only):
            raise
        return
    try:
        GpioGate(only, factory).close()
    finally:
        factory.close()


def relays_only(config: GateConfig) -> GateConfig:
    """Return the configuration of the relays alone, with nothing else fitted."""
    kept = {"pins", "relay_pin", "relay_out_pin", "relay_active_high"}
    return GateConfig.model_validate(config.model_dump(include=kept))


def _lock_without_library(config: GateConfig) -> bool:
    """Lock by the kernel's interface if lgpio is missing or cannot be loaded. Return False if that fails."""
    chip = gpiochip.header(gpiochip.chips())
    pins = [pin for pin in (config.relay_pin, config.relay_out_pin) if pin is not None]
    if chip is None:
        return False
    try:
        handle = os.open(chip.path, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            os.close(gpiochip.drive(handle, dict.fromkeys(pins, int(not config.relay_active_high))))
        finally:
            os.close(handle)
    except OSError:
        return False
    return True
