"""Measure rotated photos: in a frame at any angle, and as a file that is enrolled; and what detects them.

Each photo is placed in the middle of a black frame and rotated, as the gate sees a frame. It is also read as a file at
each right angle, as enrolment sees it. The true angle is known, and so is the error of the points, `wrong_deg`. A face
rotated by 40° and aligned with true points does no harm. A face whose points are wrong by more than WRONG_DEG must not
be accepted.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from common.processes import worker_pool
from edge.core.config import MatcherConfig
from edge.core.domain import Image, Points, Template, Vector
from edge.matcher import EnrolmentError, FaceEngine, open_engine
from edge.matcher.engine.engine import FRAME_EFFORT, nearest_to_middle
from edge.matcher.engine.quality import TILTED, measure, objection
from edge.matcher.engine.upright import encode_direction, is_rotated, rotated_vectors
from edge.matcher.enrolment.templates import templates_from_photos
from edge.matcher.weights.manifest import Upright
from edge.system.photo_file import try_photo
from edge.tools.evaluation.observations import in_frame
from edge.tools.evaluation.photos import EvaluationPhoto

WRONG_DEG = 60
UPRIGHT_DEG = 30
"""People hold their heads within this angle of upright."""
TURNED_DEG = 135
"""Points wrong by this angle were put on a face upside down."""
SHRINKAGE = 0.3
"""Shrinkage of the covariance towards a multiple of the identity: there are few faces for 128 dimensions."""
FACES_MIN = 50
FILES = (0, 90, 180, 270)
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class RotatedFace:
    """One photo at one angle, in degrees against the clock.

    `vector` is None unless the face was usable apart from its rotation. `by_points`, `by_picture` and `by_vector` say
    what refused it for that.
    """

    person: str
    angle: int
    found: bool = False
    wrong_deg: float = 0.0
    vector: Vector | None = None
    by_points: bool = False
    by_picture: bool = False
    by_vector: bool = False

    @property
    def refused(self) -> bool:
        return self.by_points or self.by_picture or self.by_vector


@dataclass(frozen=True, slots=True)
class RotatedFile:
    """What enrolment said of a photo file at this angle; "" if it was accepted.

    `wrong`: accepted, and unlike the template of the upright photo.
    """

    person: str
    angle: int
    said: str
    wrong: bool = False


def rotate(image: Image, angle: float) -> Image:
    """Rotate a frame about its middle, against the clock; the new corners are black."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    return np.asarray(cv2.warpAffine(image, matrix, (width, height)), np.uint8)


def observe_rotated(engine: FaceEngine, config: MatcherConfig, person: str, frame: Image, angle: int) -> RotatedFace:
    """Observe a rotated frame as the gate does, with all checks before it names somebody."""
    shown = rotate(frame, angle)
    face = nearest_to_middle(engine.detect_large(shown, config.eye_distance_min_px), shown)
    if face is None:
        return RotatedFace(person, angle)
    face = engine.refine(shown, face, FRAME_EFFORT)
    aligned = engine.align_refined(shown, face)
    wrong_deg = abs((_down_deg(face.landmarks) - angle + 180) % 360 - 180)
    quality = measure(face, aligned)
    seen = RotatedFace(person, angle, True, wrong_deg)
    by_points = objection(quality, config) is TILTED
    if objection(replace(quality, roll_deg=0), config):
        return seen
    vector = engine.embed(aligned, FRAME_EFFORT)
    by_picture = is_rotated(engine.detect, shown, face.landmarks)
    return replace(seen, vector=vector, by_points=by_points, by_picture=by_picture)


def enrol_rotated(engine: FaceEngine, config: MatcherConfig, person: str, photo: Image) -> list[RotatedFile]:
    """Enrol the photo as a file at each right angle; none if it cannot be enrolled upright."""
    found: list[RotatedFile] = []
    upright: Template | None = None
    for angle in FILES:
        said, wrong = "", False
        try:
            (template,) = templates_from_photos(engine, config, [np.ascontiguousarray(np.rot90(photo, angle // 90))])
            upright = upright or template
            wrong = float(upright.vector @ template.vector) < engine.pack.impostor_tail.plain_start
        except EnrolmentError as error:
            said = str(error)
            if upright is None:
                return []
        found.append(RotatedFile(person, angle, said, wrong))
    return found


def fit(upright: NDArray[np.float32], turned: NDArray[np.float32]) -> Upright:
    """Fit the direction in which faces upside down differ most from upright ones (Fisher's linear discriminant).

    The limit lies midway between nearly all upright and nearly all rotated faces.

    Raises:
        ValueError: too few faces.
    """
    if min(len(upright), len(turned)) < FACES_MIN:
        raise ValueError(f"{min(len(upright), len(turned))} faces are too few; {FACES_MIN} of each are needed")
    spread = (np.cov(upright.T) + np.cov(turned.T)) / 2
    spread += np.eye(len(spread)) * SHRINKAGE * np.trace(spread) / len(spread)
    direction = np.linalg.solve(spread, turned.mean(axis=0) - upright.mean(axis=0))
    direction = (direction / np.linalg.norm(direction)).astype(np.float32)
    limit = (np.quantile(upright @ direction, 0.999) + np.quantile(turned @ direction, 0.01)) / 2
    return Upright(
        direction=encode_direction(direction),
        turned_min=round(max(float(limit), 0.001), 3),
        faces=len(upright) + len(turned),
    )


def fitted(seen: Sequence[RotatedFace]) -> Upright:
    """Apply `fit` to what was observed. Raises ValueError."""
    return fit(*_apart(seen))


def judged(seen: Sequence[RotatedFace], upright: Upright) -> list[RotatedFace]:
    """Add the judgement by vectors."""
    return [
        t if t.vector is None else replace(t, by_vector=bool(rotated_vectors(t.vector[np.newaxis], upright)[0]))
        for t in seen
    ]


def by_halves(seen: Sequence[RotatedFace], halves: int = 10, seed: int = 1) -> tuple[int, int, int, int]:
    """Fit on half of the people and try on the others, `halves` times.

    Returns four counts: upright faces refused, upright faces, rotated faces accepted, rotated faces.
    """
    people = np.array(sorted({t.person for t in seen}))
    random = np.random.default_rng(seed)
    wrong = np.zeros(4, np.int64)
    for _ in range(halves):
        half = set(random.permutation(people)[: len(people) // 2].tolist())
        limits = fitted([t for t in seen if t.person in half])
        upright, turned = _apart([t for t in seen if t.person not in half])
        refused, rejected = rotated_vectors(upright, limits), rotated_vectors(turned, limits)
        wrong += (refused.sum(), len(upright), (~rejected).sum(), len(turned))
    return int(wrong[0]), int(wrong[1]), int(wrong[2]), int(wrong[3])


def _apart(seen: Iterable[RotatedFace]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The vectors of upright faces, and of faces upside down."""
    upright = [t.vector for t in seen if t.vector is not None and t.wrong_deg < UPRIGHT_DEG]
    turned = [t.vector for t in seen if t.vector is not None and t.wrong_deg >= TURNED_DEG]
    if not upright or not turned:
        raise ValueError("no face was seen upright and upside down")
    return np.stack(upright), np.stack(turned)


def observe_all_rotated(
    photos: Sequence[EvaluationPhoto],
    config: MatcherConfig,
    models_dir: Path,
    angles: Sequence[int],
    workers: int,
    progress: Progress = lambda done, of: None,
) -> tuple[list[RotatedFace], list[RotatedFile]]:
    """Observe every photo at every angle, and as a file. Raises ModelError."""
    seen: list[RotatedFace] = []
    files: list[RotatedFile] = []
    with worker_pool(workers, _start, (config, models_dir, angles)) as pool:
        for done, (turned, enrolled) in enumerate(pool.map(_observe_in_worker, photos), 1):
            seen += turned
            files += enrolled
            progress(done, len(photos))
    return seen, files


def first_photos(photos: Sequence[EvaluationPhoto], people: int) -> list[EvaluationPhoto]:
    """Choose one photo of each person and stranger in turn, evenly drawn."""
    first = list({photo.person: photo for photo in reversed(photos)}.values())
    chosen = np.linspace(0, len(first) - 1, min(people, len(first))).astype(np.intp)
    return [first[i] for i in chosen]


_here: tuple[FaceEngine, MatcherConfig, Sequence[int]] | None = None
"""Set by `_start` in a worker process; never in the parent."""


def _start(config: MatcherConfig, models_dir: Path, angles: Sequence[int]) -> None:
    global _here
    cv2.setNumThreads(1)
    config = config.model_copy(update={"threads": 1})
    _here = open_engine(config, models_dir), config, angles


def _observe_in_worker(photo: EvaluationPhoto) -> tuple[list[RotatedFace], list[RotatedFile]]:
    assert _here is not None
    engine, config, angles = _here
    image = try_photo(photo.path)
    if image is None:
        return [], []
    frame = in_frame(image)
    turned = [observe_rotated(engine, config, photo.person, frame, angle) for angle in angles]
    return turned, enrol_rotated(engine, config, photo.person, image)


def _down_deg(points: Points) -> float:
    """Direction of the mouth from the eyes: 0° below them, against the clock."""
    x, y = (points[3] + points[4] - points[0] - points[1]).astype(np.float64)
    return float(np.degrees(np.arctan2(x, y)))
