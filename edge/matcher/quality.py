"""Is this face good enough to be compared? Pure measurements, and the first one that is out of bounds."""

from dataclasses import dataclass

import cv2
import numpy as np

from edge.config import MatcherConfig
from edge.domain import Face, Image, Points, Sight


@dataclass(frozen=True, slots=True)
class Quality:
    """`eye_distance_px` in the frame; `brightness` mean grey 0-255 and `sharpness` variance of the Laplacian, both on the
    aligned face; `turn` 0 = straight ahead, 1 = the nose above one eye."""

    eye_distance_px: float
    brightness: float
    sharpness: float
    turn: float


def turn(landmarks: Points) -> float:
    """How far the nose is from the middle of the eyes, along the line of the eyes, in half eye distances.

    Measured along that line, so a tilted head is not a turned one.
    """
    right, left, nose = (landmarks[i].astype(np.float64) for i in range(3))
    line = left - right
    length = float(np.linalg.norm(line))
    if length == 0:
        return float("inf")
    return abs(float(np.dot(nose - (right + left) / 2, line))) / length / (length / 2)


def measure(face: Face, aligned: Image) -> Quality:
    """The quality of a face from its landmarks and its (112, 112, 3) BGR aligned picture."""
    grey = cv2.cvtColor(aligned, cv2.COLOR_BGR2GRAY)
    sharpness = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    return Quality(face.eye_distance_px, float(grey.mean()), sharpness, turn(face.landmarks))


def objection(quality: Quality, limits: MatcherConfig) -> Sight | None:
    """What keeps the face from being compared, the most fundamental first; None if it is usable."""
    if quality.turn > limits.turn_max:
        return Sight.TURNED_AWAY  # first: the eyes of a turned head are close together without being far away
    if quality.eye_distance_px < limits.eye_distance_min_px:
        return Sight.TOO_FAR
    if quality.brightness < limits.face_brightness_min:
        return Sight.TOO_DARK
    if quality.sharpness < limits.sharpness_min:
        return Sight.BLURRED
    return None
