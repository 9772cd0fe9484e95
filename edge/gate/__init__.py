"""The gate on its pins: relays or a credential out, sensors in, and two guards that end every release."""

from pathlib import Path

from edge.config import GateConfig
from edge.gate.gpio import GpioGate
from edge.gate.pins import RecordedPin, RecordingMockFactory, make_factory
from edge.gate.warden import Warden, take_cuts

__all__ = [
    "GpioGate", "RecordedPin", "RecordingMockFactory", "Warden", "lock_relays", "make_factory", "take_cuts",
]  # fmt: skip


def lock_relays(config: GateConfig, history: Path | None = None) -> None:
    """Set the relays to locked and let go of them; the inputs and other outputs are left alone. Raises GateError."""
    factory = make_factory(config, history)
    GpioGate(relays_only(config), factory).close()
    factory.close()


def relays_only(config: GateConfig) -> GateConfig:
    """The same relays, and nothing else fitted."""
    kept = {"pins", "relay_pin", "relay_out_pin", "relay_active_high"}
    return GateConfig.model_validate(config.model_dump(include=kept))
