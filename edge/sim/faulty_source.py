"""Simulate sources with faults: one list of steps per opening, to test the capture thread."""

import threading
from collections.abc import Callable, Iterable, Iterator

from edge.core.domain import Image

SourceStep = Image | None | Exception | threading.Event
"""A picture; no delivery; an exception; or a hang until the event is set, perhaps for ever."""


class ScriptedSource:
    """A live source that does one step per reading, then ends."""

    def __init__(self, steps: Iterable[SourceStep], name: str = "scripted camera", period_s: float = 0.01) -> None:
        self.name = name
        self.rate_hz: float | None = None
        self.closed = 0
        self._steps: Iterator[SourceStep] = iter(steps)
        self._period_s = period_s

    def open(self) -> None:
        """Always works. A first step that raises makes a source that cannot be used."""

    def read(self) -> Image | None:
        threading.Event().wait(self._period_s)
        for step in self._steps:
            if isinstance(step, threading.Event):
                step.wait()
            elif isinstance(step, Exception):
                raise step
            else:
                return step
        raise EOFError

    def close(self) -> None:
        self.closed += 1


class SourceSequence:
    """Makes one source per opening; the last description repeats."""

    def __init__(self, *lives: Callable[[], Iterable[SourceStep]]) -> None:
        self._lives = lives
        self.made: list[ScriptedSource] = []

    def __call__(self) -> ScriptedSource:
        steps = self._lives[min(len(self.made), len(self._lives) - 1)]
        self.made.append(ScriptedSource(steps()))
        return self.made[-1]
