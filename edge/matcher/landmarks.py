"""A closer look: find a face's five points again, in a crop that shows it upright and at one fixed size.

The first detection sees the face at whatever size it has in the frame. Points found at a fixed, larger size are finer, and
two looks (the crop and its mirror image) average out the detector's own leaning to one side. The second round's crop follows
the first round's better points, so that what is seen hardly depends on the first detection any more. The alignment, and with
it every score, depends on these points more than on anything else that is cheap to improve.
"""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from edge.domain import Face, Image, Points
from edge.matcher.align import REFERENCE, similarity

SIDE_PX = 288
"""Side of the crop; a multiple of the detector's coarsest stride."""
EYE_DISTANCE_PX = 80
"""Eye distance in the crop."""
ROUNDS = 2
_MIRRORED = [1, 0, 2, 4, 3]
"""What is the right eye in a mirror image is the left one."""

Detect = Callable[[Image], list[Face]]


def _target() -> Points:
    size = EYE_DISTANCE_PX / float(np.linalg.norm(REFERENCE[1] - REFERENCE[0]))
    target: Points = ((REFERENCE - REFERENCE.mean(axis=0)) * size + SIDE_PX / 2).astype(np.float32)
    return target


def closer_look(detect: Detect, image: Image, face: Face) -> Face:
    """The face with its five points found afresh; as it was if the closer look does not show it.

    Args:
        detect: finds faces in a picture, best first (`Detector.detect`); called twice a round, on (SIDE_PX, SIDE_PX, 3).
        image: the BGR frame.

    Raises:
        ValueError: the face's points are all the same.
    """
    for _ in range(ROUNDS):
        face = _round(detect, image, face)
    return face


def _round(detect: Detect, image: Image, face: Face) -> Face:
    matrix = similarity(face.landmarks, _target())
    crop: Image = cv2.warpAffine(image, matrix, (SIDE_PX, SIDE_PX), flags=cv2.INTER_LINEAR)  # type: ignore[assignment]
    looks = [_middle_face(detect(crop)), _unmirrored(_middle_face(detect(np.ascontiguousarray(crop[:, ::-1]))))]
    found = [points for points in looks if points is not None]
    if not found:
        return face
    points = np.mean(found, axis=0, dtype=np.float64) - matrix[:, 2]
    return replace(face, landmarks=(points @ np.linalg.inv(matrix[:, :2]).T).astype(np.float32))


def _middle_face(faces: list[Face]) -> Points | None:
    """The points of the face in the middle of the crop; a neighbour's face at its edge is none of ours."""
    middle = [f for f in faces if float(np.abs(f.landmarks.mean(axis=0) - SIDE_PX / 2).max()) < EYE_DISTANCE_PX / 2]
    return middle[0].landmarks if middle else None


def _unmirrored(points: Points | None) -> Points | None:
    if points is None:
        return None
    return np.stack((SIDE_PX - 1 - points[:, 0], points[:, 1]), axis=1)[_MIRRORED]
