"""Run the camera for the loop: a thread keeps the newest picture, and no source can block the gate.

`CaptureThread` watches a reader thread that owns one opened source. A source that raises, delivers nothing, hangs, or
freezes on one picture is given up. A new one is opened after a pause that doubles. A hanging reader cannot be stopped,
only abandoned: it is a daemon thread, and what it still delivers is dropped.
"""

import random
import threading
from collections.abc import Callable
from functools import partial

import numpy as np
import structlog

from common.backoff import Backoff
from edge.capture.freeze_detector import WHOLE, FreezeDetector, LaneEdges, PictureCells
from edge.capture.reader import NewestFrame, SourceReader
from edge.capture.source import CameraFault, Source, letterbox
from edge.core.config import CameraConfig
from edge.core.domain import CameraStatus, Frame, Image
from edge.core.ports import Clock

log = structlog.get_logger()

OPEN_PATIENCE = 3
"""Opening may take this many times hang_timeout_ms: a network camera waits for its next key frame."""
STUCK_MAX = 3
"""Maximum number of hung readers; a further one would only leak memory."""
CLOSE_WITHIN_S = 2.0


class CaptureThread:
    """Implements the port `edge.core.ports.Camera` on any source. `make_source` constructs one without opening it.

    Pictures of another size than the configured one are letterboxed. `lane`: the columns that must not be frozen. Times
    are taken when a picture arrives.
    """

    def __init__(
        self, make_source: Callable[[], Source], config: CameraConfig, clock: Clock, lane: LaneEdges = WHOLE
    ) -> None:
        self._lane = lane
        self._make_source, self._config, self._clock = make_source, config, clock
        self._hang_s = config.hang_timeout_ms / 1000
        self._slot = NewestFrame(clock, config.stale_after_ms / 1000)
        self._closing = threading.Event()
        self._wake = threading.Event()
        self._problem = "not started"
        self._name = ""
        self._opened = 0
        self._stuck: list[SourceReader] = []
        self._thread = threading.Thread(target=self._supervise, name="camera", daemon=True)

    def start(self) -> None:
        """Start to open the source; returns at once. Raises: RuntimeError at the second call."""
        self._thread.start()

    def wait(self, after: int, timeout_s: float) -> Frame | None:
        """Wait for the newest frame numbered above `after`, not older than stale_after_ms; None after `timeout_s`."""
        return self._slot.wait(after, timeout_s)

    def taken(self) -> int:
        """Return the number of the frame that was taken last; 0 before the first."""
        return self._slot.taken

    def status(self) -> CameraStatus:
        """Report whether there are pictures now, and what to do if not."""
        age_s, rate_hz = self._slot.age_and_rate()
        problem = "" if self._slot.live else self._problem
        if not problem and age_s is not None and age_s * 1000 > self._config.stale_after_ms:
            problem = f"{self._name}: no picture for {age_s:.1f} s"
        return CameraStatus(not problem, problem or self._name, round(rate_hz, 1), max(0, self._opened - 1))

    def close(self) -> None:
        """Stop and release the source, within about `CLOSE_WITHIN_S` even if it hangs."""
        self._closing.set()
        self._slot.close()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_WITHIN_S + 0.5)
        self._problem = "closed"

    def _supervise(self) -> None:
        backoff = Backoff(self._config.reopen_min_ms / 1000, self._config.reopen_max_ms / 1000)
        suspect: tuple[PictureCells, ...] = ()
        while not self._closing.is_set():
            reader = self._open(suspect)
            self._watch(reader)
            self._slot.retire()
            reader.stop()
            if self._closing.is_set():
                self._abandon(reader)
            elif reader.ended:
                self._problem = f"{reader.source.name}: ended"
                log.info("camera_ended", camera=reader.source.name)
                return
            else:
                if reader.delivered:
                    backoff.reset()
                suspect = tuple(reader.freeze.scene) if reader.freeze.frozen else ()
                self._recover(reader, backoff)

    def _open(self, suspect: tuple[PictureCells, ...]) -> SourceReader:
        source = self._make_source()
        freeze = FreezeDetector(self._hang_s, self._config.frozen_after_ms / 1000, suspect, self._lane)
        reader = SourceReader(
            source, self._clock, freeze, partial(self._deliver, self._slot.generation), self._wake.set
        )
        self._name = source.name
        self._opened += 1
        if self._opened == 1:
            self._problem = f"{source.name}: opening"
        reader.thread.start()
        return reader

    def _deliver(self, generation: int, image: Image, now_s: float) -> None:
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
            raise CameraFault(
                f"{self._name} delivers {image.dtype} {image.shape}, not 8-bit colour pictures: check its pixel format"
            )
        image = letterbox(image, self._config.width_px, self._config.height_px)
        if self._slot.put(generation, image, now_s):
            log.info("camera_ok", camera=self._name, reopened=self._opened - 1)

    def _watch(self, reader: SourceReader) -> None:
        """Wait until the reader is done, hangs, or the camera is closing."""
        while not (self._closing.is_set() or reader.done):
            limit_s = self._hang_s if reader.opened else self._hang_s * OPEN_PATIENCE
            left_s = reader.sign_of_life_s + limit_s - self._clock.monotonic()
            if left_s <= 0:
                return
            self._wake.wait(left_s)
            self._wake.clear()

    def _recover(self, reader: SourceReader, backoff: Backoff) -> None:
        """Report what is wrong and pause before the next attempt."""
        if not reader.done:
            self._stuck.append(reader)
        why = reader.why or f"{reader.source.name} hangs: nothing for {self._hang_s:.1f} s"
        pause_s = backoff.next_s() * random.uniform(0.75, 1.0)
        self._problem = why
        log.warning(
            "camera_lost", camera=reader.source.name, why=why, failures=backoff.failures, next_try_s=round(pause_s, 2)
        )
        self._closing.wait(pause_s)
        while self._hung() >= STUCK_MAX and not self._closing.is_set():
            self._problem = (
                f"{reader.source.name} hung {STUCK_MAX} times and did not release its device: restart the gate service"
            )
            self._closing.wait(pause_s)

    def _hung(self) -> int:
        self._stuck = [r for r in self._stuck if not r.done]
        return len(self._stuck)

    def _abandon(self, reader: SourceReader) -> None:
        reader.thread.join(CLOSE_WITHIN_S)
        if not reader.done:
            log.warning(
                "camera_abandoned",
                camera=reader.source.name,
                why="it hangs; the device stays taken until this process ends",
            )
