"""Paint workers' equipment on a photo by its landmarks: helmet, mask, glasses, sunglasses.

Coordinates in the face's own measure: x along the line of the eyes, y down to the mouth. 1 is the distance of the eyes,
0 the middle between them. The mouth is at y = 1.156 (`MOUTH_Y`, the proportion of the ArcFace reference face).
"""

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.domain import Face, Image

MOUTH_Y = 1.156
Shape = NDArray[np.float64]
"""(n, 2), x and y in the face's measure."""
Colour = tuple[int, int, int]
Painter = Callable[[Image, Face], Image]
"""Returns a copy of the picture in which this face wears something."""

_YELLOW, _BLUE, _FOLD, _BLACK = (40, 185, 235), (215, 190, 150), (190, 165, 125), (25, 22, 20)


def helmet(image: Image, face: Face) -> Image:
    """Paint a yellow helmet down to the brows, and its shadow on the forehead."""
    canvas = _Canvas(image, face)
    canvas.fill(_ellipse(0, -0.55, 1.2, 0.3, 0, 180), _BLACK, 0.35)
    canvas.fill(_ellipse(0, -0.6, 1.3, 1.35, 180, 360), _YELLOW)
    canvas.fill(_ellipse(0, -0.6, 1.45, 0.15, 0, 360), tuple(int(c * 0.85) for c in _YELLOW))  # type: ignore[arg-type]
    return canvas.image


def mask(image: Image, face: Face) -> Image:
    """Paint a surgical mask over nose, mouth and chin."""
    canvas = _Canvas(image, face)
    outline = [
        [-0.9, 0.4],
        [-0.3, 0.32],
        [0, 0.25],
        [0.3, 0.32],
        [0.9, 0.4],
        [0.82, 1.3],
        [0.4, 1.75],
        [-0.4, 1.75],
        [-0.82, 1.3],
    ]
    canvas.fill(np.array(outline), _BLUE)
    for y in (0.7, 0.95, 1.2):
        canvas.line(np.array([[-0.85, y], [0.85, y]]), _FOLD, 0.03)
    for side in (-1, 1):
        canvas.line(np.array([[0.9 * side, 0.42], [1.15 * side, 0.2]]), _BLUE, 0.04)
    return canvas.image


def glasses(image: Image, face: Face) -> Image:
    """Paint a dark frame with clear lenses."""
    canvas = _Canvas(image, face)
    for x in (-0.5, 0.5):
        canvas.line(_ellipse(x, 0.05, 0.38, 0.3, 0, 360), _BLACK, 0.06)
    _bridge_and_temples(canvas)
    return canvas.image


def sunglasses(image: Image, face: Face) -> Image:
    """Paint dark lenses that hide the eyes."""
    canvas = _Canvas(image, face)
    for x in (-0.5, 0.5):
        canvas.fill(_ellipse(x, 0.05, 0.42, 0.33, 0, 360), _BLACK)
    _bridge_and_temples(canvas)
    return canvas.image


def worn(*painters: Painter) -> Painter:
    """Combine several painters."""

    def paint(image: Image, face: Face) -> Image:
        for painter in painters:
            image = painter(image, face)
        return image

    return paint


PAINTERS: Mapping[str, Painter] = {
    "nothing": lambda image, face: image,
    "glasses": glasses,
    "sunglasses": sunglasses,
    "helmet": helmet,
    "mask": mask,
    "helmet and glasses": worn(helmet, glasses),
    "helmet and mask": worn(helmet, mask),
}


class _Canvas:
    """A copy of a picture, to draw on in the face's measure."""

    def __init__(self, image: Image, face: Face) -> None:
        """Raises ValueError if the landmarks are all at one point."""
        self.image: Image = image.copy()
        points = face.landmarks.astype(np.float64)
        self._origin = (points[0] + points[1]) / 2
        self._x = points[1] - points[0]
        self._y = ((points[3] + points[4]) / 2 - self._origin) / MOUTH_Y
        self._unit_px = float(np.linalg.norm(self._x))
        if self._unit_px == 0:
            raise ValueError("the eyes are at one point")

    def fill(self, shape: Shape, colour: Colour, opacity: float = 1.0) -> None:
        painted = self.image.copy()
        cv2.fillPoly(painted, [self._pixels(shape)], colour, cv2.LINE_AA)
        self.image = np.asarray(cv2.addWeighted(painted, opacity, self.image, 1 - opacity, 0), np.uint8)

    def line(self, shape: Shape, colour: Colour, width: float) -> None:
        thick_px = max(1, round(width * self._unit_px))
        cv2.polylines(self.image, [self._pixels(shape)], False, colour, thick_px, cv2.LINE_AA)

    def _pixels(self, shape: Shape) -> NDArray[np.int32]:
        points = self._origin + shape[:, :1] * self._x + shape[:, 1:] * self._y
        return np.asarray(np.round(points), dtype=np.int32)


def _ellipse(x: float, y: float, half_width: float, half_height: float, start_deg: float, end_deg: float) -> Shape:
    angle = np.radians(np.linspace(start_deg, end_deg, 37))
    return np.stack((x + half_width * np.cos(angle), y + half_height * np.sin(angle)), axis=1)


def _bridge_and_temples(canvas: _Canvas) -> None:
    canvas.line(np.array([[-0.14, 0.0], [0, -0.06], [0.14, 0.0]]), _BLACK, 0.06)
    for side in (-1, 1):
        canvas.line(np.array([[0.88 * side, 0.0], [1.15 * side, -0.05]]), _BLACK, 0.06)
