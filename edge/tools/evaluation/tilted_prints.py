"""Tilt printed real photos before the camera, through the real detector: is a flat face taken for a head?

The simulator supposes that a detector errs at random. A real one has also learnt what faces look like, and may see
depth in a tilted photo. Only the tilting is simulated: each photo is seen in perspective at natural size.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.core.domain import Image, Points
from edge.matcher import FaceEngine
from edge.matcher.liveness.challenge import REFERENCE_VIEWS, STRAIGHT_MAX, WINDOW, mean_relief, turned_head
from edge.matcher.liveness.parallax import FrontalView, nose_offset
from edge.sim.heads import CENTRE_PX, EYES_MM, FOCAL_PX, rotation
from edge.system.photo_file import try_photo

TILTS = (0, 15, 25, 35, 45)
DISTANCE_MM = 700.0
SENSOR_NOISE = 4.0
"""Grey levels of 255, so that no two frames are the same."""


@dataclass(frozen=True, slots=True)
class Tilt:
    """All photos at one tilt (degrees, both ways). Parallax in eye distances, positive = as a head would."""

    degrees: int
    trials: int
    taken_for_heads: int
    parallax_mean: float
    parallax_deviation: float
    parallax_largest: float


def tilt(image: Image, width_mm: float, yaw: float, pitch: float, rng: np.random.Generator) -> Image:
    """Show a photo `width_mm` wide, turned about its middle, as a (480, 640, 3) frame on grey with sensor noise."""
    height, width = image.shape[:2]
    half = np.array((width_mm / 2, width_mm / 2 * height / width))
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    place = np.array((rng.normal(0, 10), rng.normal(0, 10), DISTANCE_MM))
    solid = np.column_stack((corners, np.zeros(4))) @ rotation(yaw, pitch, 0).T + place
    seen = (solid[:, :2] / solid[:, 2:] * FOCAL_PX + CENTRE_PX).astype(np.float32)
    sheet = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    frame = cv2.warpPerspective(image, cv2.getPerspectiveTransform(sheet, seen), (640, 480), borderValue=(110,) * 3)
    noisy: Image = np.clip(frame + rng.normal(0, SENSOR_NOISE, frame.shape), 0, 255).astype(np.uint8)
    return noisy


def measure(engine: FaceEngine, photos: Iterable[Path], seed: int) -> list[Tilt]:
    """Measure every photo with a straight face at every tilt; the others are left out."""
    rng = np.random.default_rng(seed)
    found: dict[int, list[tuple[float, bool]]] = {degrees: [] for degrees in TILTS}
    for path in photos:
        image = try_photo(path)
        if image is None:
            continue
        faces = engine.detect(image)
        if not faces:
            continue
        width_mm = EYES_MM / faces[0].eye_distance_px * image.shape[1]
        straight = _views(engine, image, width_mm, 0, REFERENCE_VIEWS, rng)
        if len(straight) < REFERENCE_VIEWS or abs(nose_offset(np.mean(straight, axis=0))) > STRAIGHT_MAX:
            continue
        reference = FrontalView.of(straight)
        for yaw in sorted({side * degrees for degrees in TILTS for side in (-1, 1)}):
            views = _views(engine, image, width_mm, yaw, WINDOW, rng)
            if len(views) == WINDOW:
                mean = mean_relief([reference.compare(view) for view in views])
                parallax = -mean.x if yaw < 0 else mean.x
                found[abs(yaw)].append((parallax, turned_head(mean) is not None))
    return [_tilt(degrees, results) for degrees, results in found.items() if results]


def _views(
    engine: FaceEngine, image: Image, width_mm: float, yaw: float, count: int, rng: np.random.Generator
) -> list[Points]:
    """Find the landmarks of the largest face in `count` frames; fewer if it is not found."""
    seen = []
    for _ in range(count):
        frame = tilt(image, width_mm, yaw + rng.normal(0, 1), rng.normal(0, 1), rng)
        if faces := engine.detect(frame):
            seen.append(max(faces, key=lambda face: face.box[3]).landmarks)
    return seen


def _tilt(degrees: int, results: Sequence[tuple[float, bool]]) -> Tilt:
    parallax = np.array([value for value, _ in results])
    heads = sum(head for _, head in results)
    return Tilt(
        degrees, len(results), heads, float(parallax.mean()), float(parallax.std()), float(np.abs(parallax).max())
    )
