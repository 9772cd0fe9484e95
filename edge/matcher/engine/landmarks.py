"""Refine a face's five points: find them again in a crop that shows the face upright at one fixed size.

The first detection sees the face at any size. Points found at a fixed, larger size are finer. Every other search uses
the mirror image, which averages out the detector's bias to one side. Each search's crop follows the mean of the points
found before, so the result hardly depends on the first detection. Alignment, and with it every score, depends on these
points more than on anything else that is cheap to improve.
"""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from edge.core.domain import Face, Image, Points
from edge.matcher.engine.align import centred_reference, similarity_transform

SIDE_PX = 288
"""Side of the crop; a multiple of the detector's coarsest stride."""
EYE_DISTANCE_PX = 80
"""Eye distance in the crop."""
_MIRRORED = [1, 0, 2, 4, 3]
"""The right eye in a mirror image is the left one."""

Detect = Callable[[Image], list[Face]]


def refine_landmarks(detect: Detect, image: Image, face: Face, repeats: int) -> Face:
    """Find the five points again; the face as it was if no search finds it.

    Args:
        detect: finds faces in a picture, best first (`Detector.detect`); called `repeats` times, on (SIDE_PX, SIDE_PX,
            3).
        image: the BGR frame.
        repeats: every other one is mirrored. The points are the mean of all.

    Raises:
        ValueError: the face's points are all the same.
    """
    found: list[Points] = []
    for number in range(repeats):
        points = _detect_in_crop(detect, image, face.landmarks, mirrored=number % 2 == 1)
        if points is not None:
            found.append(points)
            face = replace(face, landmarks=np.mean(found, axis=0, dtype=np.float32))
    return face


def _detect_in_crop(detect: Detect, image: Image, points: Points, mirrored: bool) -> Points | None:
    matrix = similarity_transform(points, centred_reference(SIDE_PX, EYE_DISTANCE_PX))
    if mirrored:  # mirror: x becomes SIDE_PX - 1 - x
        matrix = np.array([[-1, 0], [0, 1]]) @ matrix + [[0, 0, SIDE_PX - 1], [0, 0, 0]]
    crop: Image = cv2.warpAffine(image, matrix, (SIDE_PX, SIDE_PX), flags=cv2.INTER_LINEAR)  # type: ignore[assignment]
    seen = _middle_face(detect(crop))
    if seen is None:
        return None
    found: Points = ((seen - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T).astype(np.float32)
    return found[_MIRRORED] if mirrored else found


def _middle_face(faces: list[Face]) -> Points | None:
    """Choose the points of the face in the middle of the crop, never those of a neighbour at its edge."""
    middle = [f for f in faces if float(np.abs(f.landmarks.mean(axis=0) - SIDE_PX / 2).max()) < EYE_DISTANCE_PX / 2]
    return middle[0].landmarks if middle else None
