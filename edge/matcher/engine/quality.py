"""Measure whether a face is good enough to be compared, and name the first measure out of bounds. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.messages import Advice
from edge.core.config import MatcherConfig
from edge.core.domain import Face, Image, Points, QualityFault
from edge.matcher.engine.occlusion import measure_occlusion
from edge.matcher.engine.upright import ROLL_MAX_DEG, roll_deg

BLUR_PX = 1.0
"""Blur that removes sensor noise, which would otherwise count as sharpness."""
FLAT_VARIANCE = 20.0
"""Variance in squared grey levels. A part with less shows nothing, so its noise must not count as detail. Faces have
hundreds."""
GLARE_GREY = 250
"""A pixel at or above this level in all three colours is white and holds no information."""
_FACE, _UPPER, _LOWER = np.s_[24:108, 18:94], np.s_[24:70, 18:94], np.s_[62:108, 18:94]
"""Parts of the aligned picture, without hair, collar and background."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures of one face; all but `eye_distance_px` (in the frame) on the aligned face.

    - `brightness`: mean grey 0-255; `sharpness`: see the function.
    - `turn`: 0 = straight ahead, 1 = the nose above one eye.
    - `nod`: how far down the nose is from the eyes to the mouth, 0-1.
    - `glare`: the share 0-1 of the face that is white.
    - `occluded`: something hides the mouth or the eyes.
    - `roll_deg`: angle of the eyes' line from level, 0-180, if the points are right (edge/matcher/engine/upright.py).
    """

    eye_distance_px: float
    brightness: float
    sharpness: float
    turn: float
    nod: float = 0.57
    glare: float = 0.0
    occluded: bool = False
    roll_deg: float = 0.0


def turn(landmarks: Points) -> float:
    """Measure how far the nose is from the middle of the eyes, in half eye distances.

    Measured along the line of the eyes, so that a tilted head does not count as turned.
    """
    right, left, nose = (landmarks[i].astype(np.float64) for i in range(3))
    line = left - right
    length = float(np.linalg.norm(line))
    if length == 0:
        return float("inf")
    return abs(float(np.dot(nose - (right + left) / 2, line))) / length / (length / 2)


def nod(landmarks: Points) -> float:
    """Measure how far down the nose is from the line of the eyes to the mouth, 0-1.

    About 0.57 straight ahead, less for a face that looks up, more for one that looks down. A degenerate face gives
    0.57: `turn` rejects it.
    """
    right, left, nose, *mouth = landmarks.astype(np.float64)
    line = left - right
    down = np.array((-line[1], line[0]))
    middle = (right + left) / 2
    height = float(((mouth[0] + mouth[1]) / 2 - middle) @ down)
    return float((nose - middle) @ down) / height if height else 0.57


def sharpness(grey: NDArray[np.float32]) -> float:
    """Measure the detail of an aligned face (112, 112), of its sharper half: eyes and brows, or nose and mouth.

    Energy of the second derivative, along the axis that has less of it, in thousandths of the half's own variance. A
    motion blur removes detail along its direction only, so the weaker axis shows it. Dividing by the variance keeps dim
    or flat light from counting as blur. A mask or dark lenses remove the detail of one half alone.
    """
    smooth = cv2.GaussianBlur(grey, (0, 0), BLUR_PX)
    return max(_detail(np.asarray(smooth[half], np.float32)) for half in (_UPPER, _LOWER))


def _detail(part: NDArray[np.float32]) -> float:
    kernel = np.array([[1, 0, -2, 0, 1]], np.float32)
    second = [np.asarray(cv2.filter2D(part, -1, k), np.float32)[3:-3, 3:-3] for k in (kernel, kernel.T)]
    return 1000 * min(float(np.square(values).mean()) for values in second) / (float(part.var()) + FLAT_VARIANCE)


def measure(face: Face, aligned: Image) -> Quality:
    """Measure a face from its landmarks and its (112, 112, 3) BGR aligned picture."""
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


TILTED = QualityFault(
    "tilted",
    Advice.HOLD_UPRIGHT,
    photo="the face is not upright; turn the photo, so that the forehead is above the chin",
    prompt="hold your head straight",
)
"""A head laid on the shoulder, or a picture upside down."""
TURNED_AWAY = QualityFault(
    "turned_away", Advice.LOOK_AT_CAMERA, "the face is turned away; look at the camera", "look at the camera"
)
TOO_FAR = QualityFault("too_far", Advice.COME_CLOSER, "the face is too small; use a closer photo", "come closer")
TOO_DARK = QualityFault(
    "too_dark", Advice.MORE_LIGHT, "the face is too dark; use more light", "too dark: turn to the light"
)
TOO_BRIGHT = QualityFault(
    "too_bright",
    Advice.LESS_LIGHT,
    photo="the face is too bright; step out of the glare",
    prompt="too bright: step out of the glare",
)
BLURRED = QualityFault("blurred", Advice.HOLD_STILL, "the face is blurred; hold still and focus", "hold still")
LOOKING_UP = QualityFault(
    "looking_up", Advice.LOOK_DOWN, "the face looks up; look straight at the camera", "look down a little"
)
LOOKING_DOWN = QualityFault(
    "looking_down", Advice.LOOK_UP, "the face looks down; look straight at the camera", "look up"
)
OCCLUDED = QualityFault(
    "occluded",
    Advice.UNCOVER_FACE,
    photo="the mouth or the eyes are covered; take off the mask or the dark glasses",
    prompt="take off the mask or the dark glasses",
)
"""Not recognised, and the mouth or the eyes are covered: no stranger yet."""

_CHECKS: tuple[tuple[QualityFault, Callable[[Quality, MatcherConfig], bool]], ...] = (
    (TILTED, lambda face, limits: face.roll_deg > ROLL_MAX_DEG),
    # Before TOO_FAR: the eyes of a turned head are close together without being far away.
    (TURNED_AWAY, lambda face, limits: face.turn > limits.turn_max),
    (TOO_FAR, lambda face, limits: face.eye_distance_px < limits.eye_distance_min_px),
    (TOO_DARK, lambda face, limits: face.brightness < limits.face_brightness_min),
    (TOO_BRIGHT, lambda face, limits: face.glare > limits.glare_max and not face.occluded),
    (BLURRED, lambda face, limits: face.sharpness < limits.sharpness_min),
    (LOOKING_UP, lambda face, limits: face.nod < limits.nod_min and not face.occluded),
    (LOOKING_DOWN, lambda face, limits: not face.nod <= limits.nod_max and not face.occluded),
)
"""Each fault with how it is found, the most fundamental first. What is worn spoils the measures of nod and glare, so a
covered face is not asked for them."""
FAULTS: dict[str, QualityFault] = {fault.value: fault for fault in (*(fault for fault, _ in _CHECKS), OCCLUDED)}
"""All faults by name."""


def objection(quality: Quality, limits: MatcherConfig) -> QualityFault | None:
    """Find the first fault that keeps the face from being compared; None if it is usable.

    An occluded face is compared: it may still be recognised, and measured, it is not mistaken more often. But the
    matcher never takes it for a stranger's.
    """
    return next((fault for fault, found in _CHECKS if found(quality, limits)), None)


def objection_to_reference(quality: Quality, limits: MatcherConfig) -> QualityFault | None:
    """Name what keeps the face from being enrolled. A reference must be bare as well: it is compared every day."""
    return objection(quality, limits) or (OCCLUDED if quality.occluded else None)
