"""What the lane is told without a screen: LEDs, buzzer, fill light, voice."""

from edge.devices.indicator.lamps import GpioIndicator, IndicatorError
from edge.devices.indicator.voice import Voice

__all__ = ["GpioIndicator", "IndicatorError", "Voice"]
