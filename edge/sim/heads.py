"""Simulate heads, photos and screens in front of a camera, as five landmarks without pictures.

Coordinates in millimetres, x to the image's right, y down, z away from the camera. Face order as `Face.landmarks`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.messages import Advice
from edge.core.domain import Points

Matrix = NDArray[np.float64]
FOCAL_PX = 560.0
CENTRE_PX = (320.0, 240.0)
FRAMES_PER_S = 15.0

EYES_MM, MOUTH_MM, EYES_TO_MOUTH_MM, NOSE_BELOW_EYES_MM, NOSE_HEIGHT_MM = 63.0, 52.0, 70.0, 42.0, 25.0
"""Means of adults.

Distance of the pupils 63: Dodgson (2004), "Variation and extrema of human interpupillary distance". Width of the mouth
(ch-ch) 52: between the norms for men and women in Farkas (1994), "Anthropometry of the Head and Face".

Heights, and the nose's 25 before the plane of eyes and mouth: as in the generic model widely used for head pose. Its
nose tip is 135 and 125 units before eye and mouth corners. Its outer eye corners are 450 units or about 90 mm apart. No
norm states this depth, so it varies most (`head`).
"""


def head(rng: np.random.Generator, nose_mm: float | None = None) -> Matrix:
    """Draw one person, (5, 3). Each measure is normally distributed about its mean, the nose's height with 3.5 mm."""
    eyes, mouth = rng.normal(EYES_MM, 3.5), rng.normal(MOUTH_MM, 4)
    down, nose_y = rng.normal(EYES_TO_MOUTH_MM, 4), rng.normal(NOSE_BELOW_EYES_MM, 3)
    height = rng.normal(NOSE_HEIGHT_MM, 3.5) if nose_mm is None else nose_mm
    points = [
        (-eyes / 2, 0, 0),
        (eyes / 2, 0, 0),
        (rng.normal(0, 1), nose_y, -height),
        (-mouth / 2, down, 0),
        (mouth / 2, down, 0),
    ]
    shape: Matrix = np.array(points) - (0, down / 2, 0)
    return shape


def rotation(yaw: float, pitch: float, roll: float) -> Matrix:
    """Return the rotation (3, 3) for angles in degrees. Positive yaw turns the nose to the image's right, the
    person's own left."""
    a, b, c = (math.radians(v) for v in (-yaw, pitch, roll))
    about_y = np.array([[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, math.cos(b), -math.sin(b)], [0, math.sin(b), math.cos(b)]])
    about_z = np.array([[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]])
    turned: Matrix = about_z @ about_x @ about_y
    return turned


def project(points: Matrix) -> Matrix:
    """Project (n, 3) in millimetres to (n, 2) in pixels of a 640 × 480 camera with 60° of view."""
    seen: Matrix = points[:, :2] / points[:, 2:] * FOCAL_PX + CENTRE_PX
    return seen


def bent(flat: Matrix, radius_mm: float) -> Matrix:
    """Wrap a sheet (n, 2) around an upright cylinder, (n, 3). The middle comes towards the camera."""
    angle = flat[:, 0] / radius_mm
    sheet: Matrix = np.stack((radius_mm * np.sin(angle), flat[:, 1], radius_mm * (1 - np.cos(angle))), axis=1)
    return sheet


def printed(shape: Matrix, yaw: float, pitch: float) -> Matrix:
    """Return the face (5, 2) on a photo taken from 1 m at this pose, in millimetres at natural size."""
    seen = project(shape @ rotation(yaw, pitch, 0).T + np.array((0, 0, 1000)))
    sheet: Matrix = (seen - CENTRE_PX) * 1000 / FOCAL_PX
    return sheet


class Wander:
    """A value that drifts smoothly about 0: an Ornstein-Uhlenbeck process with a moving average."""

    def __init__(self, rng: np.random.Generator, deviation: float, memory_s: float = 0.8) -> None:
        self._rng, self._deviation, self._keep = rng, deviation, math.exp(-1 / FRAMES_PER_S / memory_s)
        self._value = self._smooth = rng.normal(0, deviation)

    def next(self) -> float:
        kick = self._deviation * math.sqrt(1 - self._keep**2)
        self._value = self._keep * self._value + self._rng.normal(0, kick)
        self._smooth += 0.4 * (self._value - self._smooth)
        return float(self._smooth)


@dataclass(slots=True)
class Follow:
    """Follows the prompts after a delay: a minimum-jerk move to the angle asked for, and back for "look at the
    camera"."""

    rng: np.random.Generator
    amplitude: float
    move_s: float
    swapped: bool = False
    angle: float = 0.0
    lean: float = 0.0
    _asked: Advice | None = None
    _start_s: float = 0.0
    _from: tuple[float, float] = (0.0, 0.0)
    _to: tuple[float, float] = (0.0, 0.0)

    def at(self, now_s: float, asked: Advice | None) -> tuple[float, float]:
        """Return yaw in degrees, and the fraction of the way closer."""
        if asked is not self._asked:
            self._asked = asked
            self._start_s = now_s + float(self.rng.lognormal(math.log(0.6), 0.35))
            self._from, self._to = (self.angle, self.lean), self._goal(asked)
        part = min(max((now_s - self._start_s) / self.move_s, 0.0), 1.0)
        smooth = part**3 * (10 - 15 * part + 6 * part**2)
        self.angle, self.lean = (a + (b - a) * smooth for a, b in zip(self._from, self._to, strict=True))
        return self.angle, self.lean

    def _goal(self, asked: Advice | None) -> tuple[float, float]:
        sign = -1 if self.swapped else 1
        if asked is Advice.TURN_LEFT:
            return sign * self.amplitude, self.lean
        if asked is Advice.TURN_RIGHT:
            return -sign * self.amplitude, self.lean
        if asked is Advice.COME_CLOSER:
            return self.angle, self.lean + float(self.rng.uniform(0.15, 0.28))
        return 0.0, self.lean


Actor = Callable[[float, Advice | None], Points]
"""Returns what the camera sees at a time (seconds), given the prompt at that moment."""


class Stand:
    """Position of a held object: it walks up, then stands, with the detector's tremor of the landmarks."""

    def __init__(self, rng: np.random.Generator, noise: float) -> None:
        self._rng, self._noise = rng, noise
        self._far, self._near = rng.uniform(950, 1300), rng.uniform(600, 850)
        self._x, self._y = Wander(rng, 25), Wander(rng, 15)

    def see(self, points: Matrix, now_s: float, lean: float) -> Points:
        part = min(now_s / 1.5, 1.0)
        distance = (self._far + (self._near - self._far) * part) * (1 - lean)
        seen = project(points + np.array((self._x.next(), self._y.next(), distance)))
        eye_px = float(np.linalg.norm(seen[0] - seen[1]))
        return (seen + self._rng.normal(0, self._noise * eye_px, seen.shape)).astype(np.float32)


def person(rng: np.random.Generator, noise: float, obeys: bool = True, swapped: bool = False) -> Actor:
    """Simulate a live head with small movements of its own."""
    shape, stand = head(rng), Stand(rng, noise)
    follow = Follow(rng, float(np.clip(rng.normal(32, 7), 15, 60)), float(rng.uniform(0.45, 0.9)), swapped)
    rest = rng.normal(0, (2.5, 6, 3))
    wander = [Wander(rng, d) for d in (2.0, 2.0, 1.5)]

    def see(now_s: float, asked: Advice | None) -> Points:
        yaw, lean = follow.at(now_s, asked if obeys else None)
        own = [r + w.next() for r, w in zip(rest, wander, strict=True)]
        return stand.see(shape @ rotation(own[0] + yaw, own[1], own[2]).T, now_s, lean)

    return see


def photo(
    rng: np.random.Generator, noise: float, radius_mm: tuple[float, float] | None = None, face_yaw: float = 0.0
) -> Actor:
    """Simulate a moving photo that turns as the gate asks. It is bent if radii are given, and changes between them."""
    sheet, stand = printed(head(rng), face_yaw + rng.normal(0, 2.5), rng.normal(0, 6)), Stand(rng, noise)
    sheet = sheet - sheet[[0, 1, 3, 4]].mean(axis=0)
    follow = Follow(rng, float(rng.uniform(15, 55)), float(rng.uniform(0.3, 0.9)))
    wave = [Wander(rng, d, 0.5) for d in (10.0, 10.0, 5.0)]
    bend = Wander(rng, 1.0, 1.0)

    def see(now_s: float, asked: Advice | None) -> Points:
        yaw, lean = follow.at(now_s, asked)
        own = [w.next() for w in wave]
        if radius_mm is None:
            solid = np.column_stack((sheet, np.zeros(5)))
        else:
            part = 0.5 + 0.5 * math.tanh(bend.next())
            solid = bent(sheet, 1 / (part / radius_mm[0] + (1 - part) / radius_mm[1]))
        return stand.see(solid @ rotation(own[0] + yaw, own[1], own[2]).T, now_s, lean)

    return see


def swapped_photos(rng: np.random.Generator, noise: float) -> Actor:
    """Simulate a straight photo and two of the turned head, exchanged at once as the gate asks."""
    shape, stand = head(rng), Stand(rng, noise)
    turned = float(rng.uniform(15, 35))
    sheets = {yaw: printed(shape, yaw, 0) for yaw in (-turned, 0.0, turned)}
    follow, wave = Follow(rng, turned, 0.05), [Wander(rng, 3.0) for _ in range(3)]

    def see(now_s: float, asked: Advice | None) -> Points:
        yaw, lean = follow.at(now_s, asked)
        sheet = sheets[min(sheets, key=lambda shown: abs(shown - yaw))]
        own = [w.next() for w in wave]
        return stand.see(np.column_stack((sheet, np.zeros(5))) @ rotation(*own).T, now_s, lean)

    return see


def replay(rng: np.random.Generator, noise: float) -> Actor:
    """Simulate a film of a live head that turns in its own random order, on a screen held nearly still. The screen
    moves closer when asked."""
    shape, stand = head(rng), Stand(rng, noise)
    film = Follow(rng, float(np.clip(rng.normal(32, 7), 15, 60)), float(rng.uniform(0.45, 0.9)))
    hand, wave = Follow(rng, 0.0, 0.7), [Wander(rng, 2.0) for _ in range(3)]
    cue, next_s = Advice.LOOK_AT_CAMERA, float(rng.uniform(0, 3))

    def see(now_s: float, asked: Advice | None) -> Points:
        nonlocal cue, next_s
        if now_s >= next_s:
            turning = cue is Advice.LOOK_AT_CAMERA
            cue = (Advice.TURN_LEFT, Advice.TURN_RIGHT)[rng.integers(2)] if turning else Advice.LOOK_AT_CAMERA
            next_s = now_s + float(rng.uniform(1.4, 2.4))
        yaw, _ = film.at(now_s, cue)
        _, lean = hand.at(now_s, asked if asked is Advice.COME_CLOSER else None)
        sheet = printed(shape, yaw, 0)
        own = [w.next() for w in wave]
        return stand.see(np.column_stack((sheet, np.zeros(5))) @ rotation(*own).T, now_s, lean)

    return see
