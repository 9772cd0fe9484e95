"""Cut a person out of a photo and dress them for the site, ready to draw at any size into a frame."""

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.domain import Image

Layer = NDArray[np.uint8]
"""(height, width, 4): BGR multiplied by alpha, and alpha; 0-255."""

BEYOND = 1.7
"""The cut-out extends this many face widths to each side of the face's centre, and face heights above it."""
TALL = 7.0
"""The cut-out extends this many face heights below the face's centre: to the feet."""
ORANGE, SILVER, TROUSERS = (20, 110, 235), (205, 205, 200), (70, 55, 45)
"""Hi-vis jacket, reflective band and trousers, BGR."""


class _Level(NamedTuple):
    layer: Layer
    face_px: float
    centre: tuple[float, float]


class Cutout:
    """A pyramid of the same person; each level is half as large as the one before."""

    def __init__(self, layer: Layer, face_px: float, centre: tuple[float, float]) -> None:
        self._levels = [_Level(layer, face_px, centre)]
        while self._levels[-1].face_px > 16:
            big = self._levels[-1]
            half = np.asarray(cv2.resize(big.layer, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
            fx, fy = half.shape[1] / big.layer.shape[1], half.shape[0] / big.layer.shape[0]
            # Pixel centres, not corners, keep their place when a picture is halved.
            centre = (big.centre[0] + 0.5) * fx - 0.5, (big.centre[1] + 0.5) * fy - 0.5
            self._levels.append(_Level(half, big.face_px * fx, centre))

    @classmethod
    def from_photo(cls, photo: Image, face: tuple[float, float, float, float], largest_px: float) -> "Cutout":
        """Cut the person out around a face box (x, y, width, height in photo pixels), for faces up to `largest_px`
        wide.

        Raises ValueError if the face is not in the photo.
        """
        x, y, w, h = face
        rows, columns = photo.shape[:2]
        if x + w <= 0 or y + h <= 0 or x >= columns or y >= rows:
            raise ValueError(f"the face {list(face)} lies outside of the photo, which is {columns} x {rows} pixels")
        scale = min(1.0, largest_px / w)
        if scale < 1:  # by area first: the warp below would alias
            photo = np.asarray(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        layer, centre = _dressed(photo, x * scale, y * scale, w * scale, h * scale)
        return cls(layer, w * scale, centre)

    def draw(self, frame: Image, x: float, y: float, face_px: float, opacity: float, blur_px: float) -> None:
        """Draw the person into the frame with the face's centre at (x, y), in place."""
        level = next((v for v in reversed(self._levels) if v.face_px >= face_px), self._levels[0])
        scale = face_px / level.face_px
        rows, columns = frame.shape[:2]
        height, width = level.layer.shape[:2]
        left, top = x - level.centre[0] * scale, y - level.centre[1] * scale
        x0, y0 = max(0, math.floor(left)), max(0, math.floor(top))
        x1, y1 = min(columns, math.ceil(left + width * scale)), min(rows, math.ceil(top + height * scale))
        if x0 >= x1 or y0 >= y1:
            return
        place = np.array([[scale, 0, left - x0], [0, scale, top - y0]], np.float64)
        person = cv2.warpAffine(level.layer, place, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
        reach = round(blur_px * face_px / 120)  # blur is a motion in the world: small for a distant person
        if reach > 1:
            person = cv2.blur(person, (reach | 1, reach // 2 | 1))
        if opacity < 1:
            person = cv2.convertScaleAbs(person, alpha=opacity)
        part = frame[y0:y1, x0:x1]
        behind = cv2.cvtColor(cv2.bitwise_not(cv2.extractChannel(person, 3)), cv2.COLOR_GRAY2BGR)
        cv2.multiply(part, behind, part, scale=1 / 255)
        cv2.add(part, cv2.cvtColor(person, cv2.COLOR_BGRA2BGR), part)


def _dressed(photo: Image, x: float, y: float, w: float, h: float) -> tuple[Layer, tuple[float, float]]:
    """Put head and neck of the photo, with soft edges, on a body in working clothes. Return also the face's centre."""
    above, beside = round(BEYOND * h), round(BEYOND * w)
    height, width = above + round(TALL * h), 2 * beside
    centre = float(beside), float(above)
    shift = np.array([[1, 0, beside - (x + w / 2)], [0, 1, above - (y + h / 2)]], np.float64)
    bust = cv2.warpAffine(photo, shift, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(np.full(photo.shape[:2], 255, np.uint8), shift, (width, height))
    bust_mask = cv2.min(_head_and_neck(width, height, centre, w, h), cv2.erode(inside, np.ones((5, 5), np.uint8)))
    body, body_mask = _body(width, height, centre, w, h)
    soft = max(1.0, 0.06 * w)
    front = cv2.GaussianBlur(bust_mask, (0, 0), soft).astype(np.float32)[..., None] / 255
    back = cv2.GaussianBlur(body_mask, (0, 0), max(0.7, 0.02 * w)).astype(np.float32)[..., None] / 255
    alpha = front + back * (1 - front)
    colour = bust * front + body * back * (1 - front)
    return np.rint(np.concatenate([colour, 255 * alpha], axis=2)).astype(np.uint8), centre


def _head_and_neck(width: int, height: int, centre: tuple[float, float], w: float, h: float) -> Layer:
    """Mask the visible part of the photo: an ellipse for head and hair, and the opening of the jacket."""
    mask = np.zeros((height, width), np.uint8)
    cx, cy = centre
    _ellipse(mask, (cx, cy - 0.1 * h), (0.66 * w, 0.8 * h))
    _ellipse(mask, (cx, cy + 0.7 * h), (0.46 * w, 0.5 * h))
    _polygon(mask, [(cx - 0.62 * w, cy + 0.85 * h), (cx + 0.62 * w, cy + 0.85 * h), (cx, cy + 2.0 * h)])
    return mask


def _body(width: int, height: int, centre: tuple[float, float], w: float, h: float) -> tuple[Image, Layer]:
    """Draw jacket with reflective bands, and trousers: a face without a body would float over the ground."""
    colour: Image = np.full((height, width, 3), ORANGE, np.uint8)
    mask = np.zeros((height, width), np.uint8)
    cx, cy = centre
    hip, foot = cy + 3.9 * h, cy + (TALL - 0.1) * h
    _ellipse(mask, (cx, cy + 1.5 * h), (1.3 * w, 0.68 * h))
    _polygon(
        mask, [(cx - 1.3 * w, cy + 1.6 * h), (cx + 1.3 * w, cy + 1.6 * h), (cx + 1.1 * w, hip), (cx - 1.1 * w, hip)]
    )
    for side in (-1, 1):
        leg = [
            (cx + side * 0.12 * w, hip),
            (cx + side * 0.95 * w, hip),
            (cx + side * 0.75 * w, foot),
            (cx + side * 0.2 * w, foot),
        ]
        _polygon(mask, leg)
    colour[round(hip) :] = TROUSERS
    for band in (2.5, 3.2):
        colour[round(cy + band * h) : round(cy + (band + 0.25) * h)] = SILVER
    return colour, mask


def _ellipse(mask: Layer, centre: tuple[float, float], axes: tuple[float, float]) -> None:
    cv2.ellipse(mask, (round(centre[0]), round(centre[1])), (round(axes[0]), round(axes[1])), 0, 0, 360, 255, -1)


def _polygon(mask: Layer, corners: list[tuple[float, float]]) -> None:
    cv2.fillPoly(mask, [np.array(corners, np.float64).round().astype(np.int32)], (255,))
