"""Is this face good enough to be compared? Pure measurements, and the first one that is out of bounds."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.config import MatcherConfig
from edge.core.domain import Face, Image, Points, Sight
from edge.matcher.engine.occlusion import measure_occlusion
from edge.matcher.engine.upright import ROLL_MAX_DEG, roll_deg

BLUR_PX = 1.0
"""Sensor noise is no sharpness: it is smoothed away first."""
FLAT_VARIANCE = 20.0
"""Grey levels, squared; a part with less shows nothing, and its noise must not pass for detail. Faces have hundreds."""
GLARE_GREY = 250
"""From this level on in all three colours, a pixel is white and says nothing."""
_FACE, _UPPER, _LOWER = np.s_[24:108, 18:94], np.s_[24:70, 18:94], np.s_[62:108, 18:94]
"""Of the aligned picture: without hair, collar and background."""


@dataclass(frozen=True, slots=True)
class Quality:
    """`eye_distance_px` in the frame; `brightness` mean grey 0-255 and `sharpness` (see `sharpness`), both on the aligned
    face; `turn` 0 = straight ahead, 1 = the nose above one eye; `nod` how far down the nose is from the eyes to the mouth, 0-1;
    `glare` the share 0-1 of the face that is white; `occluded`: something hides the mouth or the eyes; `roll_deg` how far the line of the
    eyes is from level, 0-180, if the points can be believed (edge/matcher/engine/upright.py)."""

    eye_distance_px: float
    brightness: float
    sharpness: float
    turn: float
    nod: float = 0.57
    glare: float = 0.0
    occluded: bool = False
    roll_deg: float = 0.0


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


def nod(landmarks: Points) -> float:
    """How far down the nose is from the line of the eyes to the mouth, 0-1: about 0.57 straight ahead, less for a face that
    looks up, more for one that looks down. A degenerate face gives 0.57: `turn` objects to it."""
    right, left, nose, *mouth = landmarks.astype(np.float64)
    line = left - right
    down = np.array((-line[1], line[0]))
    middle = (right + left) / 2
    height = float(((mouth[0] + mouth[1]) / 2 - middle) @ down)
    return float((nose - middle) @ down) / height if height else 0.57


def sharpness(grey: NDArray[np.float32]) -> float:
    """How much detail an aligned face (112, 112) shows, of its sharper half: eyes and brows, or nose and mouth.

    Energy of the second derivative, along whichever axis has less of it, in thousandths of the half's own variance. A motion
    blur takes the detail along its way and leaves the rest, so the weaker axis tells it; the variance makes a dim or flat light
    no blur; and a mask or dark lenses take the detail of one half alone.
    """
    smooth = cv2.GaussianBlur(grey, (0, 0), BLUR_PX)
    return max(_detail(np.asarray(smooth[half], np.float32)) for half in (_UPPER, _LOWER))


def _detail(part: NDArray[np.float32]) -> float:
    kernel = np.array([[1, 0, -2, 0, 1]], np.float32)
    second = [np.asarray(cv2.filter2D(part, -1, k), np.float32)[3:-3, 3:-3] for k in (kernel, kernel.T)]
    return 1000 * min(float(np.square(values).mean()) for values in second) / (float(part.var()) + FLAT_VARIANCE)


def measure(face: Face, aligned: Image) -> Quality:
    """The quality of a face from its landmarks and its (112, 112, 3) BGR aligned picture."""
    grey = np.asarray(cv2.cvtColor(aligned, cv2.COLOR_BGR2GRAY), np.float32)
    return Quality(
        face.eye_distance_px,
        float(grey.mean()),
        sharpness(grey),
        turn(face.landmarks),
        nod(face.landmarks),
        float((aligned[_FACE].min(axis=2) >= GLARE_GREY).mean()),
        measure_occlusion(aligned).occluded,
        roll_deg(face.landmarks),
    )


def objection(quality: Quality, limits: MatcherConfig) -> Sight | None:
    """What keeps the face from being compared, the most fundamental first; None if it is usable.

    A covered face is compared: covered, it may still be known (measured, it is nobody else's more often for it), but the
    matcher never takes it for a stranger's. What is worn spoils the measures of nod and glare, so they are not asked.
    """
    if quality.roll_deg > ROLL_MAX_DEG:
        return Sight.TILTED
    if quality.turn > limits.turn_max:
        return Sight.TURNED_AWAY  # first: the eyes of a turned head are close together without being far away
    if quality.eye_distance_px < limits.eye_distance_min_px:
        return Sight.TOO_FAR
    if quality.brightness < limits.face_brightness_min:
        return Sight.TOO_DARK
    if quality.glare > limits.glare_max and not quality.occluded:
        return Sight.TOO_BRIGHT
    if quality.sharpness < limits.sharpness_min:
        return Sight.BLURRED
    if not quality.occluded and not limits.nod_min <= quality.nod <= limits.nod_max:
        return Sight.LOOKING_UP if quality.nod < limits.nod_min else Sight.LOOKING_DOWN
    return None


def objection_to_reference(quality: Quality, limits: MatcherConfig) -> Sight | None:
    """What keeps the face from being enrolled: a reference must be bare as well, for it is compared every day."""
    return objection(quality, limits) or (Sight.OCCLUDED if quality.occluded else None)
