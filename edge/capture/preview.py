"""Makes small pictures of the person who approaches, in a thread beside the gate's loop.

The loop only hands over a frame that it has already used. A picture is made at most `rate_hz` times a second. A frame
that comes meanwhile replaces the one that waits.
"""

import os
import threading
import time
from contextlib import suppress
from typing import Protocol

import cv2
import structlog

from edge.core.domain import Frame, Image

WIDTH_PX = 320
QUALITY = 70
"""Of the JPEG: about 12 KB a picture."""
NICENESS = 10
"""The loop goes first."""
TOLD_EVERY_S = 60.0


class PictureFile(Protocol):
    """Where the newest picture is kept. `edge.app.preview_file.PreviewFile` has this shape."""

    def put(self, jpeg: bytes) -> None:
        """Replace the picture. Raises OSError."""

    def remove(self) -> None:
        """Remove the picture, if there is one."""


class PreviewThread:
    """Implements the port `edge.core.ports.Preview`."""

    def __init__(self, file: PictureFile, rate_hz: float) -> None:
        self._file, self._pause_s = file, 1 / rate_hz
        self._changed = threading.Condition()
        self._waiting: Image | None = None
        self._hidden, self._closed, self._written = True, False, False
        self._told_s = -TOLD_EVERY_S
        self._thread = threading.Thread(target=self._run, name="preview", daemon=True)
        self._thread.start()

    def show(self, frame: Frame) -> None:
        """Offer a frame. Never waits for the picture."""
        with self._changed:
            self._waiting, self._hidden = frame.image, False
            self._changed.notify()

    def hide(self) -> None:
        """Remove the picture soon."""
        if self._hidden:
            return
        with self._changed:
            self._waiting, self._hidden = None, True
            self._changed.notify()

    def close(self) -> None:
        """Remove the picture and end the thread. May be called twice."""
        with self._changed:
            self._closed, self._waiting = True, None
            self._changed.notify()
        self._thread.join(2)
        self._file.remove()

    def _run(self) -> None:
        with suppress(OSError):  # a niceness of one thread: Linux
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        while not self._closed:
            with self._changed:
                self._changed.wait_for(self._has_work)
                image, self._waiting = self._waiting, None
            if image is None:
                self._file.remove()
                self._written = False
                continue
            began_s = time.monotonic()
            self._written = True
            self._write(image)
            left_s = began_s + self._pause_s - time.monotonic()
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._hidden, max(0.0, left_s))

    def _has_work(self) -> bool:
        return self._closed or self._waiting is not None or (self._hidden and self._written)

    def _write(self, image: Image) -> None:
        height = max(1, round(image.shape[0] * WIDTH_PX / image.shape[1]))
        small = cv2.resize(image, (WIDTH_PX, height), interpolation=cv2.INTER_AREA)
        done, jpeg = cv2.imencode(".jpg", small, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))
        try:
            if done:
                self._file.put(jpeg.tobytes())
        except OSError as error:
            now_s = time.monotonic()
            if now_s - self._told_s >= TOLD_EVERY_S:
                self._told_s = now_s
                structlog.get_logger().warning("preview_not_written", error=error.strerror)
