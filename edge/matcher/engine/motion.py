"""Is it worth looking for a face in this frame? Nobody in view is what a gate sees most of the day.

The frame is shrunk to a small grey picture and compared with the one that was last searched and held nobody. Whatever
changed is reason to look, and for a while afterwards every frame is searched; so is, at least every RECHECK_S, one that
did not change. A lamp that comes on, a cloud or a noisy night cost looks: every mistake is towards looking.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.domain import Image

WIDTH_PX, HEIGHT_PX = 32, 24
"""The small picture. A cell of a 640 x 480 frame is then 20 x 20 pixels; the smallest usable face covers ten."""
CHANGE_MIN = 3.0
"""Grey levels by which a cell, the mean of its pixels, must change. Sensor noise of 8 levels moves it by 0.4."""
CELLS_MIN = 2
"""So many changed cells are reason to look."""
AWAKE_S = 2.0
"""After a change, and after a face, every frame is searched for so long: people stop in front of a gate."""
RECHECK_S = 0.5
"""The lane is searched at least so often, whatever the small picture says."""


class MotionDetector:
    """Ask it about every frame; when it says yes, search the frame and tell it what was found. Times are monotonic."""

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
        """What the search of the frame just asked about found; `nobody` means no face of any size."""
        self._empty = self._now if nobody else None
        self._searched_s = now_s


def shrink(image: Image) -> NDArray[np.float32]:
    """(HEIGHT_PX, WIDTH_PX) grey levels 0-255, each the mean of the pixels it stands for."""
    small = cv2.resize(image, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.float32)


def changed(before: NDArray[np.float32], now: NDArray[np.float32]) -> bool:
    """True if enough cells of two small pictures differ by enough."""
    return int(np.count_nonzero(np.abs(now - before) >= CHANGE_MIN)) >= CELLS_MIN
