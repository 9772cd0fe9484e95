"""Detect a frozen camera. It repeats a picture, perhaps with a running clock or a codec's noise on it.

The picture is cut into small cells. Each cell gets a number that changes with any byte of it. Sensor noise changes
cells all over the picture, in every frame. A clock, a changing byte or a damaged line changes a few cells in one place.
A codec that gets one picture changes many cells, but returns to earlier pictures, because nothing new comes in. So a
picture is new if, against each remembered one, more zones have changed than a line of text covers.
"""

from collections import deque
from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.capture.source import CameraFault
from edge.core.domain import Image

CELL_PX = 16
"""Codecs use blocks of this size. A picture of 640 x 480 has 40 x 30 cells."""
ZONES = 4
"""Number of zones across, and down. A line of text at the upper or lower edge lies in one row of them."""
CELLS_MIN = 2
"""From this many changed cells on, a zone has changed."""
COMPARE_EVERY_S = 0.2
REMEMBERED = 64
"""New pictures of one scene that are remembered: at least 13 s, longer than a codec's cycle of key frames."""
SCENE_CHANGE = 6.0
"""The mean of a zone changes by this many grey levels when something large moves in it."""
SCENE_ZONES = 4
"""If this many zones change at once, it is another scene, and only that is remembered.

A film that is played in a loop is therefore not taken for a frozen camera.
"""
BLACK_MAX, WHITE_MIN = 8, 250
"""A zone that is darker or lighter everywhere is clipped: a sensor's noise does not show in it."""
ROWS_MAX = 480
"""Of larger pictures only every second, third… pixel is used."""

Cells = NDArray[np.uint64]
LaneEdges = tuple[float, float]
"""Left and right edge of the lane, as parts of the picture's width."""
WHOLE: LaneEdges = (0.0, 1.0)
_WORD_BYTES = 8
"""Bytes that are multiplied in one step: a quarter of the time of single ones."""
_DRAWN = np.random.default_rng(1).integers(0, 2**63, (CELL_PX, CELL_PX // _WORD_BYTES), np.uint64)
_WEIGHTS: Cells = _DRAWN * np.uint64(2) + np.uint64(1)
"""Odd, so that a change of a single byte always changes the sum."""


class PictureCells:
    """One picture as cells, with what its zones show."""

    def __init__(self, image: Image, lane: LaneEdges = WHOLE) -> None:
        """`image`: (height, width, 3). Only the columns of the lane count, and the green channel: most of a sensor's
        pixels."""
        wide, step = image.shape[1], max(1, image.shape[0] // ROWS_MAX)
        left, right = (round(edge * wide) for edge in lane)
        green = np.ascontiguousarray(image[::step, left : max(right, left + 1) : step, 1])
        rows, columns = (max(ZONES, length // CELL_PX) for length in green.shape)
        if green.shape != (rows * CELL_PX, columns * CELL_PX):  # cut off less than a cell, or fill up a tiny picture
            high, wide = rows * CELL_PX, columns * CELL_PX
            filled = np.zeros((max(high, green.shape[0]), max(wide, green.shape[1])), np.uint8)
            filled[: green.shape[0], : green.shape[1]] = green
            green = filled[:high, :wide]
        self._down = np.arange(ZONES) * rows // ZONES
        self._across = np.arange(ZONES) * columns // ZONES
        words = np.ascontiguousarray(green).view(np.uint64).reshape(rows, CELL_PX, columns, CELL_PX // _WORD_BYTES)
        self.cells: Cells = (words * _WEIGHTS[None, :, None, :]).sum(axis=(1, 3), dtype=np.uint64)
        self.means = cv2.resize(green, (ZONES, ZONES), interpolation=cv2.INTER_AREA).astype(np.int16)
        down, across = self._down * CELL_PX, self._across * CELL_PX
        lightest = np.maximum.reduceat(np.maximum.reduceat(green, down, axis=0), across, axis=1)
        darkest = np.minimum.reduceat(np.minimum.reduceat(green, down, axis=0), across, axis=1)
        self.shows: NDArray[np.bool_] = (lightest > BLACK_MAX) & (darkest < WHITE_MIN)
        """(ZONES, ZONES): True where a sensor's noise would show."""

    def zones_changed(self, before: "PictureCells") -> NDArray[np.bool_]:
        """(ZONES, ZONES): True where enough cells have changed. Both pictures have the same size."""
        changed = (self.cells != before.cells).astype(np.int32)
        count = np.add.reduceat(np.add.reduceat(changed, self._down, axis=0), self._across, axis=1)
        enough: NDArray[np.bool_] = count >= CELLS_MIN
        return enough

    def same_scene(self, before: "PictureCells") -> bool:
        """True if nothing large moved. Only then can the camera be frozen."""
        if self.cells.shape != before.cells.shape:
            return False
        moved = np.count_nonzero(np.abs(self.means - before.means) >= SCENE_CHANGE)
        return bool(moved < SCENE_ZONES)

    def shows_change(self, before: "PictureCells") -> bool:
        """True if more has changed than a clock changes.

        That is more than a row of zones, or than half of those that show anything. Where too few zones show anything (a
        night clipped to black), a single changed cell is enough.
        """
        shows = self.shows | before.shows
        if np.count_nonzero(shows) < ZONES:
            return bool((self.cells != before.cells).any())
        changed = self.zones_changed(before) & shows
        return int(np.count_nonzero(changed)) > min(ZONES, int(np.count_nonzero(shows)) // 2)


class FreezeDetector:
    """Watches one live source between its opening and its end. `suspect`: the scene on which it froze before.

    `limit_s`: after this long with identical bytes the picture is frozen. `tolerant_s`: after this long with nothing
    new but a clock, few bytes or codec noise it is frozen too.
    """

    def __init__(
        self, limit_s: float, tolerant_s: float, suspect: Iterable[PictureCells] = (), lane: LaneEdges = WHOLE
    ) -> None:
        self._limit_s, self._tolerant_s, self._lane = limit_s, max(limit_s, tolerant_s), lane
        self.scene: deque[PictureCells] = deque(suspect, maxlen=REMEMBERED)
        """The new pictures of the present scene."""
        self._proven = not self.scene
        self._last: Image | None = None
        self._same_since_s = self._old_since_s = float("nan")
        self._due_s = float("-inf")
        self.frozen = False

    def check(self, image: Image, now_s: float) -> bool:
        """Check one picture. False while a reopened source still shows the scene on which it froze.

        Raises: CameraFault after a limit.
        """
        if image.ndim != 3 or image.dtype != np.uint8 or not image.size:
            return True  # not a picture: the receiver reports it
        if self._last is None:
            self._same_since_s = self._old_since_s = now_s
        if self._last is None or not _same(self._last, image):
            self._last, self._same_since_s = image, now_s
        elif now_s - self._same_since_s > self._limit_s:
            self._give_up(f"identical for {now_s - self._same_since_s:.1f} s")
        if now_s >= self._due_s:
            self._due_s = now_s + COMPARE_EVERY_S
            self._compare(image, now_s)
        return self._proven

    def _compare(self, image: Image, now_s: float) -> None:
        cells = PictureCells(image, self._lane)
        if self.scene and not cells.same_scene(self.scene[-1]):
            self.scene.clear()
        if all(cells.shows_change(before) for before in self.scene):
            self._proven = True
            self.scene.append(cells)
            self._old_since_s = now_s
        elif now_s - self._old_since_s > self._tolerant_s:
            self._give_up(
                f"nothing new in it for {now_s - self._old_since_s:.0f} s but a clock or the noise of a codec"
            )

    def _give_up(self, why: str) -> None:
        self.frozen = True
        raise CameraFault(f"the picture is frozen: {why}")


def _same(one: Image, other: Image) -> bool:
    """Compare byte for byte. Every 16th row first: two different pictures nearly always differ there already."""
    return one.shape == other.shape and np.array_equal(one[::16], other[::16]) and np.array_equal(one, other)
