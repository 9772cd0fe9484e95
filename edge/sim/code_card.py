"""Draw a QR code on a white card, held by a person in the film."""

import cv2
import numpy as np

from common.libraries import extra, loading
from edge.core.domain import Image
from edge.sim.walk_up_script import ScriptError

MODULE_PX = 8
TILT_DEG = 5.0


class CodeCard:
    """The card of one text, drawn at any size."""

    def __init__(self, text: str) -> None:
        """Raises ScriptError if segno, which draws QR codes, is not installed."""
        with loading("segno", extra("tools"), ScriptError):
            import segno
        rows = segno.make(text, error="m", micro=False).matrix_iter(scale=MODULE_PX, border=4)
        dark = np.array([bytearray(row) for row in rows], np.uint8)
        self._card = cv2.cvtColor(np.where(dark != 0, 25, 235).astype(np.uint8), cv2.COLOR_GRAY2BGR)

    def draw(self, frame: Image, x: float, y: float, size_px: float, blur_px: float) -> None:
        """Draw the card into the frame, its middle at (x, y), `size_px` wide with its white margin, in place."""
        half = self._card.shape[0] / 2
        if size_px < half / 2:  # by area first: the warp below would alias
            small = cv2.resize(self._card, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        else:
            small = cv2.resize(self._card, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        side = small.shape[0]
        place = cv2.getRotationMatrix2D((side / 2, side / 2), TILT_DEG, size_px / side)
        place[:, 2] += (x - side / 2, y - side / 2)
        size = frame.shape[1], frame.shape[0]
        card = cv2.warpAffine(small, place, size, flags=cv2.INTER_AREA)
        mask = cv2.warpAffine(np.full((side, side), 255, np.uint8), place, size)
        reach = round(blur_px * size_px / 120)
        if reach > 1:
            card = cv2.blur(card, (reach | 1, reach // 2 | 1))
        np.copyto(frame, card, where=mask[..., None] > 127)
