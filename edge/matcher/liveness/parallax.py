"""Measure how far the nose stands out of the face's plane: plane and parallax for five landmarks. Pure.

The eyes and the mouth corners of a face lie in one plane: two pairs, parallel in a symmetric face. Two views of a moved
plane differ by one homography (Hartley & Zisserman, Multiple View Geometry, 2nd ed., 13.1). Four points determine it
(4.1). The homography of the other four points carries over the fifth, the nose, which therefore

- falls on its place in every view of a flat photo, held, waved or tilted in any way;
- is displaced, for a head, by the parallax p = h · tan(turn) (plane and parallax, 13.3 there; distant camera).
  Here h is the nose's height above the plane, about 0.4 eye distances.

With five points and an affine camera this is the rank test of Tomasi & Kanade (1992). A plane gives rank 2, a head rank
3. Here it is exact for near cameras, and reduced to the one point that can show it.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge.core.domain import Points

Matrix = NDArray[np.float64]
NOSE = 2
PLANE = [0, 1, 3, 4]
"""Landmarks of the plane: right eye, left eye, right and left mouth corner."""


@dataclass(frozen=True, slots=True)
class Relief:
    """One view compared with the frontal view, in the frontal view's eye distances.

    `x` is the nose's parallax along the line from the right eye to the left one. It is positive when the person turns
    to the person's own left. `y` is across it, downwards. `cosine` is the foreshortening of the plane since the frontal
    view, 0-1. `closer` is the growth of the face, 1 = as before.
    """

    x: float
    y: float
    cosine: float
    closer: float


def nose_offset(landmarks: Points) -> float:
    """Measure the nose's signed distance from the middle of the eyes along their line, in eye distances."""
    right, left, nose = (landmarks[i].astype(np.float64) for i in range(3))
    line = left - right
    square = float(line @ line)
    return float((nose - (right + left) / 2) @ line) / square if square > 0 else float("inf")


@dataclass(frozen=True, slots=True, eq=False)
class FrontalView:
    """The five landmarks while the face looks at the camera; (5, 2), eye distance 1, eyes level."""

    shape: Matrix
    eye_distance_px: float
    basis: Matrix

    @classmethod
    def of(cls, views: list[Points]) -> Self:
        """Average several views. Raises ValueError if a view has its eyes in one point or its plane in a line."""
        levelled, sizes = zip(*(_levelled(view) for view in views), strict=True)
        shape = np.mean(levelled, axis=0)
        return cls(shape, float(np.mean(sizes)), _basis(shape[PLANE]))

    def compare(self, landmarks: Points) -> Relief:
        """Compare one view with this one. Raises ValueError if its plane is seen as a line."""
        points = landmarks.astype(np.float64)
        try:
            back = self.basis @ np.linalg.inv(_basis(points[PLANE]))
        except np.linalg.LinAlgError as error:
            raise ValueError("the eyes and the mouth lie on one line") from error
        x, y, w = back @ (*points[NOSE], 1.0)
        if w == 0:
            raise ValueError("the nose lies on the plane's horizon")
        there = np.array((x, y)) / w
        away = there - self.shape[NOSE]
        large, small = _singular_values((back[:2, :2] - np.outer(there, back[2, :2])) / w)
        if small <= 0:
            raise ValueError("the plane is seen from its edge")
        return Relief(float(away[0]), float(away[1]), small / large, 1 / (small * self.eye_distance_px))


def _levelled(landmarks: Points) -> tuple[Matrix, float]:
    """Turn, shift and scale landmarks so that the eyes are at (-0.5, 0) and (0.5, 0). Returns the eye distance too."""
    points = landmarks[:, 0].astype(np.float64) + 1j * landmarks[:, 1]
    line = points[1] - points[0]
    if line == 0:
        raise ValueError("the eyes are in one point")
    level = (points - (points[0] + points[1]) / 2) / line
    return np.stack((level.real, level.imag), axis=1), float(abs(line))


def _basis(points: Matrix) -> Matrix:
    """The (3, 3) matrix that takes the projective basis (1,0,0), (0,1,0), (0,0,1), (1,1,1) to four points (4, 2).

    No three of the points may lie in line.
    """
    corners = np.vstack((points.T, np.ones(4)))
    try:
        weights = np.linalg.solve(corners[:, :3], corners[:, 3])
    except np.linalg.LinAlgError as error:
        raise ValueError("the eyes and the mouth lie on one line") from error
    found: Matrix = corners[:, :3] * weights
    return found


def _singular_values(matrix: Matrix) -> tuple[float, float]:
    """The singular values of a (2, 2) matrix, the larger first."""
    (a, b), (c, d) = matrix
    whole, half = np.hypot((a + d) / 2, (c - b) / 2), np.hypot((a - d) / 2, (c + b) / 2)
    return float(whole + half), float(abs(whole - half))
