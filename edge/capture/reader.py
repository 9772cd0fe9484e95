"""The slot for the newest frame, and the thread that reads one source."""

import threading
from collections import deque
from collections.abc import Callable

import structlog

from edge.capture.freeze_detector import FreezeDetector
from edge.capture.source import CameraFault, Source
from edge.core.domain import Frame, Image
from edge.core.ports import Clock

log = structlog.get_logger()


class NewestFrame:
    """Holds the newest frame. A frame of a retired generation is dropped: an abandoned reader cannot deliver any
    more."""

    def __init__(self, clock: Clock, stale_after_s: float) -> None:
        self._clock, self._stale_after_s = clock, stale_after_s
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._number = self.taken = 0
        self._closed = False
        self._stamps: deque[float] = deque(maxlen=256)
        self.generation = 0
        self._seen_generation = -1

    def put(self, generation: int, image: Image, monotonic_s: float) -> bool:
        """Store a picture. True if it is the first one of its generation."""
        with self._changed:
            if generation != self.generation or self._closed:
                return False
            first, self._seen_generation = self._seen_generation != generation, generation
            self._number += 1
            self._frame = Frame(image, monotonic_s, self._number)
            self._stamps.append(monotonic_s)
            self._changed.notify_all()
            return first

    @property
    def live(self) -> bool:
        """True once the present generation has delivered a picture."""
        return self._seen_generation == self.generation

    def retire(self) -> None:
        """End the present generation and drop its picture."""
        with self._changed:
            self.generation += 1
            self._frame = None

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._frame = None
            self._changed.notify_all()

    def wait(self, after: int, timeout_s: float) -> Frame | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._fresh(after) is not None, max(0.0, timeout_s))
            if frame := self._fresh(after):
                self.taken = frame.number
            return frame

    def _fresh(self, after: int) -> Frame | None:
        frame = self._frame
        if frame is None or frame.number <= after:
            return None
        return frame if self._clock.monotonic() - frame.monotonic_s <= self._stale_after_s else None

    def age_and_rate(self) -> tuple[float | None, float]:
        """Seconds since the newest picture (None before the first), and pictures per second over three seconds."""
        now = self._clock.monotonic()
        with self._changed:
            recent = [s for s in self._stamps if now - s <= 3.0]
            age = now - self._stamps[-1] if self._stamps else None
        span = recent[-1] - recent[0] if recent else 0.0
        return age, (len(recent) - 1) / span if span > 0 else 0.0


class SourceReader:
    """Reads one source in a daemon thread: open it, read until it fails or `stop` is called, close it."""

    def __init__(
        self,
        source: Source,
        clock: Clock,
        freeze: FreezeDetector,
        deliver: Callable[[Image, float], None],
        on_done: Callable[[], None],
    ) -> None:
        self.source, self.freeze = source, freeze
        self._clock, self._deliver, self._on_done = clock, deliver, on_done
        self._stop = threading.Event()
        self.opened = self.delivered = self.ended = self.done = False
        self.why = ""
        self.sign_of_life_s = clock.monotonic()
        self.thread = threading.Thread(target=self._run, name=f"reader {source.name}", daemon=True)

    def stop(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        try:
            self._live()
        except EOFError:
            self.ended = True
        except Exception as error:  # noqa: BLE001 - this thread supervises an SDK that may raise anything
            self.why = str(error) if isinstance(error, CameraFault) else f"{type(error).__name__}: {error}"
        try:
            self.source.close()
        except Exception as error:  # noqa: BLE001 - as above; the source is given up anyway
            log.warning("camera_close_failed", camera=self.source.name, error=type(error).__name__)
        self.done = True
        self._on_done()

    def _live(self) -> None:
        self.source.open()
        due_s = self.sign_of_life_s = self._clock.monotonic()
        self.opened = True
        while not self._stop.is_set():
            image = self.source.read()
            now_s = self._clock.monotonic()
            if image is None:
                raise CameraFault(f"{self.source.name} delivered no picture")
            rate_hz = self.source.rate_hz
            if rate_hz is not None or self.freeze.check(image, now_s):
                self._deliver(image, now_s)
                self.delivered = True
            if rate_hz is None:
                self.sign_of_life_s = now_s
            else:
                due_s = max(due_s + 1 / rate_hz, now_s)  # late: continue from now, never in a burst
                self.sign_of_life_s = due_s  # a planned pause is not a hang
                self._stop.wait(due_s - now_s)
