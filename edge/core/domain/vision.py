"""Pictures, faces and templates."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""(height, width, 3), BGR, 0-255."""

Points = NDArray[np.float32]
"""(n, 2), x and y in pixels."""

Vector = NDArray[np.float32]
"""(dimension,), unit length."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One camera picture. `monotonic_s` is when it was captured; `number` grows by one per captured frame."""

    image: Image = field(repr=False)
    monotonic_s: float
    number: int


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A detected face. `box` = x, y, width, height in pixels; `landmarks` = the person's right eye, left eye, nose,
    right and left mouth corner, (5, 2); `score` 0-1."""

    box: tuple[float, float, float, float]
    landmarks: Points
    score: float

    @property
    def eye_distance_px(self) -> float:
        return float(np.linalg.norm(self.landmarks[0] - self.landmarks[1]))


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A biometric reference or probe. Never compare templates of different `model_id`."""

    vector: Vector = field(repr=False)
    model_id: str
