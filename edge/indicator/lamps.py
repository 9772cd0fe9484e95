"""LEDs, buzzer and fill light on GPIO pins, and the voice beside them. Same pin factory as the gate."""

from typing import Any

from gpiozero import Buzzer, DigitalOutputDevice, GPIOZeroError

from contract.messages import Advice
from edge.config import IndicatorConfig
from edge.domain import Tone
from edge.indication import BEEP_S, PERIOD_S, Colour, Indication, Rhythm, indication
from edge.indicator.voice import Voice


class IndicatorError(RuntimeError):
    """An LED, buzzer or lamp pin cannot be used; the text says what to do."""


class GpioIndicator:
    """See `edge.ports.Indicator`. What is not fitted is left out."""

    def __init__(self, config: IndicatorConfig, factory: Any, voice: Voice | None = None) -> None:
        pins = {Colour.RED: config.red_pin, Colour.GREEN: config.green_pin, Colour.BLUE: config.blue_pin}
        self._voice = voice
        try:
            self._leds = {
                colour: DigitalOutputDevice(pin, initial_value=False, pin_factory=factory)
                for colour, pin in pins.items()
                if pin is not None
            }
            self._buzzer = None if config.buzzer_pin is None else Buzzer(config.buzzer_pin, pin_factory=factory)
            lamp = config.fill_light_pin
            self._lamp = None if lamp is None else DigitalOutputDevice(lamp, initial_value=False, pin_factory=factory)
        except GPIOZeroError as error:
            raise IndicatorError(f"an [indicator] pin cannot be used ({error})") from error
        self._shown: tuple[Tone, Advice | None] | None = None

    def show(self, tone: Tone, advice: Advice | None) -> None:
        """Light and, once per change, sound. Returns at once."""
        if (tone, advice) == self._shown:
            return
        before, self._shown = self._shown, (tone, advice)
        now = indication(tone, advice)
        self._light(now)
        if self._buzzer is not None and now.beeps and (before is None or before[0] is not tone):
            self._buzzer.beep(on_time=BEEP_S, off_time=BEEP_S, n=now.beeps, background=True)
        if self._voice is not None:
            self._voice.say(now.clip)

    def fill_light(self, on: bool) -> None:
        """Switch the lamp, if one is fitted."""
        if self._lamp is not None and bool(self._lamp.value) is not on:
            self._lamp.value = on

    def close(self) -> None:
        """Everything off; may be called twice."""
        for device in (*self._leds.values(), self._buzzer, self._lamp):
            if device is not None:
                device.close()
        if self._voice is not None:
            self._voice.close()

    def _light(self, now: Indication) -> None:
        for colour, led in self._leds.items():
            if colour not in now.colours:
                led.off()
            elif now.rhythm is Rhythm.STEADY:
                led.on()
            else:
                half = PERIOD_S[now.rhythm] / 2
                led.blink(on_time=half, off_time=half, background=True)
