"""[reader], [temperature] and [decision]: credentials, body temperature and the timing of decisions."""

from typing import Literal

from pydantic import Field

from edge.core.config.section import ConfigSection


class ReaderConfig(ConfigSection):
    """Other credentials than the face: a QR code before the camera, a card reader or PIN pad on USB."""

    device: str = Field(
        default="",
        pattern=r"^(|/.*|[0-9a-fA-F]{4}:[0-9a-fA-F]{4})$",
        description="Reader that types like a keyboard: a path (/dev/input/by-id/…-event-kbd) or USB vendor:product "
        '("08ff:0009"); "": none is fitted. The gate uses it exclusively.',
    )
    together_within_ms: int = Field(
        default=15_000,
        ge=1_000,
        le=120_000,
        description="Card, PIN, code and face within this time belong to one person.",
    )
    entry_timeout_ms: int = Field(
        default=10_000, ge=500, le=60_000, description="Digits without an Enter key are forgotten after this time."
    )
    reopen_max_ms: int = Field(
        default=10_000,
        ge=500,
        le=600_000,
        description="Longest pause before an unplugged reader is tried again; the first is 500 ms and doubles.",
    )
    codes: bool = Field(default=True, description="Read HQ's QR codes from the camera's frames.")
    codes_every_ms: int = Field(
        default=100, ge=0, le=2_000, description="Shortest pause between two searches for a code."
    )


class TemperatureConfig(ConfigSection):
    """An infrared thermometer on the I2C bus. HQ's policy sets the limit."""

    sensor: Literal["off", "mlx90614", "simulated"] = Field(
        default="off", description='"off", "mlx90614" (Melexis, I2C), or "simulated" (for demo and tests).'
    )
    bus: int = Field(default=1, ge=0, le=20, description="I2C bus: 1 is /dev/i2c-1, the header's own.")
    address: int = Field(default=0x5A, ge=0x03, le=0x77, description="The sensor's address on the bus.")
    correction_c: float = Field(
        default=0,
        ge=-5,
        le=5,
        description="Added to each reading. Find it by measuring people you know at this distance and place.",
    )
    simulated_c: float = Field(default=36.4, ge=30, le=45, description="What the simulated sensor reads.")


class DecisionConfig(ConfigSection):
    """Timing of decisions. The rules are in HQ's policy."""

    advice_after_ms: int = Field(
        default=900,
        ge=100,
        le=10_000,
        description="A face unusable for this time is recorded as a refusal for quality, with its next step.",
    )
    repeat_after_ms: int = Field(
        default=5_000,
        ge=500,
        le=60_000,
        description="After this time the gate decides again on a person who stands still.",
    )
    left_after_ms: int = Field(
        default=5_000,
        ge=1_000,
        le=60_000,
        description="The lane must be empty for this time before an admitted person is admitted again (on the way in).",
    )
