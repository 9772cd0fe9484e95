"""Indicators in the lane without a screen: LEDs, buzzer, fill light, voice."""

from edge.devices.indicator.lamps import GpioIndicator, IndicatorError
from edge.devices.indicator.voice import Voice

__all__ = ["GpioIndicator", "IndicatorError", "Voice"]
