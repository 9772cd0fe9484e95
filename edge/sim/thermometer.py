"""Simulate a thermometer with a given reading."""

from edge.core.domain import ThermometerStatus


class SimulatedThermometer:
    """Implements `edge.core.ports.Thermometer` without a sensor."""

    def __init__(self, celsius: float | None = 36.4) -> None:
        self.now = celsius
        self.fault = ""

    def celsius(self) -> float | None:
        return None if self.fault else self.now

    def status(self) -> ThermometerStatus:
        return ThermometerStatus(not self.fault, self.fault or "simulated")

    def close(self) -> None:
        """Nothing to release."""
