"""Check whether a face is really upright, or only its points say so.

Beyond 60° of roll, a detector trained on upright faces puts upright points even on a face upside down. So no measure on
the points can tell. The embedder then sees such faces as nearly one person, and they would all match each other. Two
other measurements tell, and need only the pack:

- **The vector.** They share a direction: a linear discriminant (Fisher 1936), fitted once per pack
  (`sitegate models upright`). It costs nothing, so every frame and every stored template is checked.
- **The rotated picture.** The same small crop is searched as it is and rotated by 90°, 180° and 270°. An upright face
  scores clearly best upright. Four searches of 96 × 96 pixels: done before somebody is named, and at enrolment.
"""

import base64
from collections.abc import Callable, Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.config import MatcherConfig
from edge.core.domain import Face, Image, Points, Template
from edge.matcher.engine.align import centred_reference, similarity_transform
from edge.matcher.weights.manifest import Upright, find_pack, model_id

ROLL_MAX_DEG = 50.0
"""Points with more roll are not believed. A head at such an angle is not held straight either."""
SIDE_PX, EYE_DISTANCE_PX = 96, 24
"""Of the crop. The side is a multiple of the detector's coarsest stride. Faces are found at that eye distance as surely
as larger ones."""
MARGIN = 0.01
"""The best score of the rotated crops may come this near to the upright one's (docs/ACCURACY.md)."""
SURE_MIN = 0.93
"""No face with wrong points reaches this upright score (1,330 faces: 0.922 at most). Nearly half of the others do, and
need no more searches."""
OFFSET_MAX = 1.5
"""In eye distances. Wrong points may be this far from the middle of the true ones, which are then found there."""

Detect = Callable[[Image], list[Face]]


def roll_deg(points: Points) -> float:
    """Measure the angle of the eyes' line from level, 0 to 180°; 180° if the eyes are at one point."""
    across, down = (points[1] - points[0]).astype(np.float64)
    return abs(float(np.degrees(np.arctan2(down, across)))) if across or down else 180.0


def is_rotated(detect: Detect, image: Image, points: Points) -> bool:
    """True if this face is found at least as well in a rotated crop. False if it is found in none.

    Raises:
        ValueError: the points are all the same.
    """
    matrix = similarity_transform(points, centred_reference(SIDE_PX, EYE_DISTANCE_PX))
    crop = cv2.warpAffine(image, matrix, (SIDE_PX, SIDE_PX), flags=cv2.INTER_LINEAR)
    upright = _score(detect(np.asarray(crop, np.uint8)))
    if upright >= SURE_MIN:
        return False
    turned = [_score(detect(np.ascontiguousarray(np.rot90(crop, k), np.uint8))) for k in (1, 2, 3)]
    return max(turned) > 0 and max(turned) >= upright - MARGIN


def _score(faces: list[Face]) -> float:
    """The best score of a face near the middle of a crop; 0 if there is none."""
    reach = OFFSET_MAX * EYE_DISTANCE_PX
    near = (f.score for f in faces if float(np.abs(f.landmarks.mean(axis=0) - SIDE_PX / 2).max()) <= reach)
    return max(near, default=0.0)


def rotated_vectors(vectors: NDArray[np.float32], upright: Upright) -> NDArray[np.bool_]:
    """True for those of these unit vectors, (n, dimension), that are of faces upside down."""
    turned: NDArray[np.bool_] = vectors @ decode_direction(upright.direction) >= upright.turned_min
    return turned


@cache
def decode_direction(text: str) -> NDArray[np.float32]:
    """Decode the unit vector in a manifest: float16, little endian, in base64."""
    return np.frombuffer(base64.b64decode(text), "<f2").astype(np.float32)


def encode_direction(direction: NDArray[np.float32]) -> str:
    """Encode a unit vector for `decode_direction`."""
    return base64.b64encode(direction.astype("<f2").tobytes()).decode()


def rotated_workers(templates: Sequence[tuple[str, Template]], config: MatcherConfig) -> set[str]:
    """Find the workers whose templates earlier software made of faces upside down: these match nobody.

    Needs no weights. Raises ModelError.
    """
    pack = find_pack(config.pack)
    upright = getattr(pack, "upright", None)
    wanted = model_id(config.pack, pack.embedder)
    own = [(worker_id, t.vector) for worker_id, t in templates if t.model_id == wanted]
    if upright is None or not own:
        return set()
    turned = rotated_vectors(np.stack([vector for _, vector in own]).astype(np.float32), upright)
    return {worker_id for (worker_id, _), is_turned in zip(own, turned.tolist(), strict=True) if is_turned}
