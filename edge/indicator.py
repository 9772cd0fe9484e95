"""LEDs and buzzer: what the lane is told, for people who do not read. Same pin factory as the gate."""

from typing import Any

from gpiozero import Buzzer, DigitalOutputDevice, GPIOZeroError

from contract.messages import Advice
from edge.config import IndicatorConfig
from edge.domain import Tone

_LIGHTS: dict[Tone, tuple[str, ...]] = {
    Tone.IDLE: ("blue",),
    Tone.ADJUST: ("red", "green"),
    Tone.GO: ("green",),
    Tone.STOP: ("red",),
    Tone.DESK: ("red", "blue"),
}
"""LED colours that are on for each tone; red and green together look amber."""

_BEEPS: dict[Tone, int] = {Tone.GO: 1, Tone.STOP: 2, Tone.DESK: 2}
_BEEP_S = 0.12


class IndicatorError(RuntimeError):
    """An LED or buzzer pin cannot be used; the text says what to do."""


class GpioIndicator:
    """See `edge.ports.Indicator`. Pins that are not fitted are left out."""

    def __init__(self, config: IndicatorConfig, factory: Any) -> None:
        pins = {"red": config.red_pin, "green": config.green_pin, "blue": config.blue_pin}
        try:
            self._leds = {
                colour: DigitalOutputDevice(pin, initial_value=False, pin_factory=factory)
                for colour, pin in pins.items()
                if pin is not None
            }
            self._buzzer = None if config.buzzer_pin is None else Buzzer(config.buzzer_pin, pin_factory=factory)
        except GPIOZeroError as error:
            raise IndicatorError(f"an [indicator] pin cannot be used ({error})") from error
        self._shown: tuple[Tone, Advice | None] | None = None

    def show(self, tone: Tone, advice: Advice | None) -> None:
        """Light and, once per change, sound. Returns at once."""
        if (tone, advice) == self._shown:
            return
        self._shown = (tone, advice)
        for colour, led in self._leds.items():
            led.value = colour in _LIGHTS[tone]
        if self._buzzer is not None and tone in _BEEPS:
            self._buzzer.beep(on_time=_BEEP_S, off_time=_BEEP_S, n=_BEEPS[tone], background=True)

    def close(self) -> None:
        """Everything off; may be called twice."""
        for device in (*self._leds.values(), *([self._buzzer] if self._buzzer else [])):
            device.close()
