"""Decide whether a frame is searched for faces. Most of the day nobody is in view.

The frame is shrunk to a small grey picture and compared with the last searched one that held nobody. After any change
every frame is searched for a while. A frame without a change is searched at least every RECHECK_S. A lamp, a cloud or a
noisy night cause extra searches: every mistake is towards searching.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.domain import Image

WIDTH_PX, HEIGHT_PX = 32, 24
"""The small picture. A cell of a 640 x 480 frame is 20 x 20 pixels; the smallest usable face covers ten."""
CHANGE_MIN = 3.0
"""A cell, the mean of its pixels, must change by this many grey levels. Sensor noise of 8 levels moves it by 0.4."""
CELLS_MIN = 2
"""From this many changed cells on, the frame is searched."""
AWAKE_S = 2.0
"""After a change or a face, every frame is searched for this long: people stop in front of a gate."""
RECHECK_S = 0.5
"""The lane is searched at least this often."""


class MotionDetector:
    """Decides for every frame whether it is searched. Call `searched` after each search. Times are monotonic."""

    def __init__(self) -> None:
        self._empty: NDArray[np.float32] | None = None
        self._now = np.empty((0, 0), dtype=np.float32)
        self._awake_until_s = 0.0
        self._searched_s = 0.0

    def should_search(self, image: Image, now_s: float) -> bool:
        """False if the lane is as it was when it was last found empty."""
        self._now = shrink(image)
        if self._empty is None or changed(self._empty, self._now):
            self._awake_until_s = now_s + AWAKE_S
        return now_s < self._awake_until_s or now_s - self._searched_s >= RECHECK_S

    def searched(self, nobody: bool, now_s: float) -> None:
        """Note the result of searching the last frame. `nobody` means no face of any size."""
        self._empty = self._now if nobody else None
        self._searched_s = now_s


def shrink(image: Image) -> NDArray[np.float32]:
    """Shrink to (HEIGHT_PX, WIDTH_PX) grey levels 0-255, each the mean of its pixels."""
    small = cv2.resize(image, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.float32)


def changed(before: NDArray[np.float32], now: NDArray[np.float32]) -> bool:
    """True if enough cells of two small pictures differ by enough."""
    return int(np.count_nonzero(np.abs(now - before) >= CHANGE_MIN)) >= CELLS_MIN
