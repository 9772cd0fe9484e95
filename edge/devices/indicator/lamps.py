"""Drive LEDs, buzzer and fill light on GPIO pins, and the voice. They share the gate's pin factory."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from gpiozero import Buzzer, DigitalOutputDevice

from contract.messages import Advice
from edge.core.config import IndicatorConfig
from edge.core.domain import Tone
from edge.core.indication import BEEP_S, KEY_TONE_S, PERIOD_S, Colour, Indication, Rhythm, indication
from edge.devices.indicator.voice import Voice
from edge.devices.pin_fault import close_all, library_errors, pin_errors_as

log = structlog.get_logger()


class IndicatorError(RuntimeError):
    """An LED, buzzer or lamp pin cannot be used; the text says what to do."""


class GpioIndicator:
    """See `edge.core.ports.Indicator`. Outputs that are not fitted are left out."""

    def __init__(
        self,
        config: IndicatorConfig,
        factory: Any,
        voice: Voice | None = None,
        volume: Callable[[], int] = lambda: 100,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`volume`: percent at this moment; the buzzer only knows on and off (0)."""
        self._voice, self._factory, self._volume, self._monotonic = voice, factory, volume, monotonic
        self._answers_keys, self._beeps_until_s = config.key_tone, 0.0
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
            if now.beeps and (before is None or before[0] is not tone):
                self._beep(BEEP_S, now.beeps)
        if self._voice is not None:
            self._voice.say(now.clip)

    def key_tone(self) -> None:
        """Sound a tone shorter than a beep, by the buzzer, else by the loudspeaker. It never cuts beeps short."""
        if not self._answers_keys or self._monotonic() < self._beeps_until_s:
            return
        if self._buzzer is None:
            if self._voice is not None:
                self._voice.tick()
            return
        with self._no_matter():
            self._beep(KEY_TONE_S, 1)

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

    def _beep(self, length_s: float, times: int) -> None:
        if self._buzzer is not None and self._volume():
            self._beeps_until_s = self._monotonic() + 2 * length_s * times
            self._buzzer.beep(on_time=length_s, off_time=length_s, n=times, background=True)

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
