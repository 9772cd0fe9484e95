"""Hold, enter and show what people have in a story beside their face: codes, cards, PINs, a temperature."""

from collections.abc import Callable

import numpy as np

from edge.core.config import Config
from edge.core.domain import Image
from edge.core.ports import Clock
from edge.sim import SimulatedThermometer
from edge.sim.code_card import CodeCard
from edge.sim.staged_reader import StagedReader
from edge.tools.stories.line import StoryError
from edge.tools.stories.played_gate import ShownCode
from edge.tools.stories.steps import CardStep, PinStep
from edge.tools.stories.story import Story

EMPTY: Image = np.zeros((4, 4, 3), np.uint8)


class HeldItems:
    """`reader` exists in stories that use one, `thermometer` where the configuration has one."""

    def __init__(self, story: Story, config: Config, clock: Clock) -> None:
        self._clock = clock
        typed = any(isinstance(step, CardStep | PinStep) for step in story.timeline)
        self.reader = StagedReader(clock) if typed else None
        fitted = config.temperature.sensor != "off"
        self.thermometer = SimulatedThermometer(config.temperature.simulated_c) if fitted else None
        self._codes: dict[str, str] = {}
        self._held: tuple[Image, float] = (EMPTY, float("-inf"))

    def hold(self, code: ShownCode, made: Callable[[], str]) -> None:
        """Hold the code of this id before the camera; it is made when it is first shown."""
        if code.code_id not in self._codes:
            self._codes[code.code_id] = made()
        picture: Image = np.full((480, 640, 3), 120, np.uint8)
        CodeCard(self._codes[code.code_id]).draw(picture, 250, 260, 140, 0)
        self._held = picture, self._clock.monotonic() + code.shown_for_s

    def types(self, text: str) -> None:
        if self.reader is not None:
            self.reader.types(text)

    def temperature(self, celsius: float | None) -> None:
        """Set the temperature; None: the thermometer is unplugged. Raises StoryError if there is none."""
        if self.thermometer is None:
            raise StoryError('this gate has no thermometer: set temperature.sensor = "simulated" under [config]')
        self.thermometer.now, self.thermometer.fault = celsius, "" if celsius is not None else "unplugged"

    def picture(self, now_s: float) -> Image:
        picture, until_s = self._held
        return picture if now_s <= until_s else EMPTY
