"""Play the walk-up film as a camera source, in real time."""

import math
from collections.abc import Callable

from edge.core.domain import Image
from edge.core.ports import Clock
from edge.sim.film import Film
from edge.sim.walk_up_script import WalkUpScript


class WalkUpSource:
    """Plays a script for the capture thread. Late frames are left out, so the film keeps real time.

    With `step_max_s` in the script it is slower than real time on a slow computer instead. `taken`: the number of the
    frame that the loop took last. The film then also stands still until the loop took a frame.
    """

    def __init__(
        self, script: WalkUpScript, repeat: bool, clock: Clock, taken: Callable[[], int] | None = None
    ) -> None:
        self.name = "walk-up simulator"
        self.rate_hz: float | None = script.rate_hz
        self._script, self._repeat, self._clock = script, repeat, clock
        self._film: Film | None = None
        self._opened_s = 0.0
        self._film_s: float | None = None
        self._read_s = 0.0
        self._taken = taken if script.step_max_s else None
        self._seen = -1

    def open(self) -> None:
        """Read the photos. Raises ScriptError."""
        self._film = Film(self._script)
        self._opened_s = self._clock.monotonic()

    def read(self) -> Image | None:
        """Return the film's picture at this moment. Raises EOFError at its end, unless it repeats.

        Each repetition waits for the script's file, as the first round does.
        """
        if self._film is None:
            raise RuntimeError("read before open")
        now_s = self._clock.monotonic()
        if self._film_s is None:
            if not self._may_start():
                return self._film.empty_at(now_s - self._opened_s)
            self._film_s, self._read_s = 0.0, now_s
        if self._moves_on():
            next_s = self._film_s + min(now_s - self._read_s, self._script.step_max_s or math.inf)
            self._film_s, self._read_s = self._held_before_scene(next_s), now_s
        if self._film_s >= self._script.duration_s:
            if not self._repeat:
                raise EOFError
            if not self._may_start():
                self._opened_s, self._film_s = now_s, None
                return self._film.empty_at(0.0)
            self._film_s %= self._script.duration_s
        return self._film.frame_at(self._film_s)

    def close(self) -> None:
        self._film = None

    def _moves_on(self) -> bool:
        """Say whether the loop took a frame since the film's last step; True without `taken`."""
        seen, self._seen = self._seen, self._taken() if self._taken else -1
        return self._taken is None or seen != self._seen

    def _held_before_scene(self, next_s: float) -> float:
        """Return the film's time, held where the first scene begins whose file is missing."""
        for scene, (_name, start_s, _end_s) in zip(self._script.scenes, self._script.timetable(), strict=True):
            waits = scene.start_when_path is not None and not scene.start_when_path.exists()
            if waits and (self._film_s or 0.0) <= start_s <= next_s:
                return start_s
        return next_s

    def _may_start(self) -> bool:
        return self._script.start_when_path is None or self._script.start_when_path.exists()
