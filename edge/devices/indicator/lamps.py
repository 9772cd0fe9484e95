"""Drive LEDs, buzzer and fill light on GPIO pins, and the voice. They share the gate's pin factory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from gpiozero import Buzzer, DigitalOutputDevice

from contract.messages import Advice
from edge.core.config import IndicatorConfig
from edge.core.domain import Tone
from edge.core.indication import BEEP_S, PERIOD_S, Colour, Indication, Rhythm, indication
from edge.devices.indicator.voice import Voice
from edge.devices.pin_fault import close_all, library_errors, pin_errors_as

log = structlog.get_logger()


class IndicatorError(RuntimeError):
    """An LED, buzzer or lamp pin cannot be used; the text says what to do."""


class GpioIndicator:
    """See `edge.core.ports.Indicator`. Outputs that are not fitted are left out."""

    def __init__(self, config: IndicatorConfig, factory: Any, voice: Voice | None = None) -> None:
        self._voice, self._factory = voice, factory
        self._open: list[Callable[[], None]] = []
        self._leds: dict[Colour, DigitalOutputDevice] = {}
        self._failed = False
        try:
            pins = {Colour.RED: config.red_pin, Colour.GREEN: config.green_pin, Colour.BLUE: config.blue_pin}
            for colour, pin in pins.items():
                led = self._output(DigitalOutputDevice, f"{colour.name.lower()}_pin", pin)
                if led is not None:
                    self._leds[colour] = led
            self._buzzer = self._output(Buzzer, "buzzer_pin", config.buzzer_pin)
            self._lamp = self._output(DigitalOutputDevice, "fill_light_pin", config.fill_light_pin)
        except IndicatorError:
            close_all(self._open)
            raise
        self._shown: tuple[Tone, Advice | None] | None = None

    def show(self, tone: Tone, advice: Advice | None) -> None:
        """Show light and, once per change, sound. Returns at once."""
        if (tone, advice) == self._shown:
            return
        before, self._shown = self._shown, (tone, advice)
        now = indication(tone, advice)
        with self._no_matter():
            self._light(now)
            if self._buzzer is not None and now.beeps and (before is None or before[0] is not tone):
                self._buzzer.beep(on_time=BEEP_S, off_time=BEEP_S, n=now.beeps, background=True)
        if self._voice is not None:
            self._voice.say(now.clip)

    def fill_light(self, on: bool) -> None:
        """Switch the lamp, if one is fitted."""
        with self._no_matter():
            if self._lamp is not None and bool(self._lamp.value) is not on:
                self._lamp.value = on

    def close(self) -> None:
        """Switch everything off. May be called twice."""
        close_all(self._open)
        if self._voice is not None:
            self._voice.close()

    def _output(self, kind: Callable[..., Any], key: str, pin: int | None) -> Any:
        """Make an output that is off; None if it is not fitted. Raises IndicatorError."""
        if pin is None:
            return None
        with pin_errors_as(f"indicator.{key}", pin, IndicatorError):
            made = kind(pin, initial_value=False, pin_factory=self._factory)
        self._open.append(made.close)
        return made

    @contextmanager
    def _no_matter(self) -> Iterator[None]:
        """Log a failing lamp once and continue: the gate opens and locks without it."""
        try:
            yield
        except library_errors() as error:
            if not self._failed:
                log.error("indicator_failed", error=str(error))
            self._failed = True

    def _light(self, now: Indication) -> None:
        for colour, led in self._leds.items():
            if colour not in now.colours:
                led.off()
            elif now.rhythm is Rhythm.STEADY:
                led.on()
            else:
                half = PERIOD_S[now.rhythm] / 2
                led.blink(on_time=half, off_time=half, background=True)
