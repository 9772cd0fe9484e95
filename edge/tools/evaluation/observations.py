"""Observe every photo as the gate observes a frame, on all cores."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from common.processes import worker_pool
from edge.core.config import MatcherConfig
from edge.core.domain import Face, Image
from edge.matcher import FaceEngine, load_manifest, open_engine
from edge.matcher.engine.engine import FRAME_EFFORT, PHOTO_EFFORT, Effort, nearest_to_middle
from edge.matcher.engine.quality import measure, objection
from edge.matcher.weights.manifest import FRAMES, model_id
from edge.system.photo_file import PhotoError, decode_photo, read_bytes
from edge.tools.evaluation.observation_cache import Observation, ObservationCache, key_of
from edge.tools.evaluation.photos import EvaluationPhoto

NO_FACE = "no_face"
UNREADABLE = "unreadable"
FRAME_PX = (640, 480)
"""Width and height of the gate's frame in which the photo is shown: in a larger picture the search is coarser."""
_UNSEEN = {"threads", "threshold", "fpir_target", "self_calibrate"}
Progress = Callable[[int, int], None]

_engine: tuple[FaceEngine, MatcherConfig] | None = None
"""One engine per worker process, set by `_start_worker`; the only global state, and never in the parent."""


def observe(engine: FaceEngine, config: MatcherConfig, photo: bytes, enrolled: bool = False) -> Observation:
    """Observe the face nearest to the middle of a photo as the gate would see it, with its problem.

    `enrolled`: also as enrolment sees the photo, whose problems then count too.
    """
    try:
        image = decode_photo(photo)
    except PhotoError:
        return Observation(UNREADABLE, None)
    frame = in_frame(image)
    faces = engine.detect_large(frame, config.eye_distance_min_px)  # as coarsely as the gate ever does
    seen = _observe_middle(engine, config, frame, faces, FRAME_EFFORT)
    if not enrolled or seen.vector is None:
        return seen
    template = _observe_middle(engine, config, image, engine.detect(image), PHOTO_EFFORT)
    return Observation(
        template.problem or seen.problem, seen.vector if template.vector is not None else None, template.vector
    )


def in_frame(image: Image) -> Image:
    """Place the photo in the middle of a black FRAME_PX frame, at its size. One that does not fit is returned
    unchanged."""
    height, width = image.shape[:2]
    top, left = (FRAME_PX[1] - height) // 2, (FRAME_PX[0] - width) // 2
    if top < 0 or left < 0:
        return image
    frame = np.zeros((FRAME_PX[1], FRAME_PX[0], 3), np.uint8)
    frame[top : top + height, left : left + width] = image
    return frame


def _observe_middle(
    engine: FaceEngine, config: MatcherConfig, image: Image, faces: list[Face], effort: Effort
) -> Observation:
    face = nearest_to_middle(faces, image)
    if face is None:
        return Observation(NO_FACE, None)
    face = engine.refine(image, face, effort)
    aligned = engine.align_refined(image, face)
    fault = objection(measure(face, aligned), config)
    return Observation(fault.value if fault else "", engine.embed(aligned, effort))


def observe_all(
    photos: Sequence[EvaluationPhoto],
    config: MatcherConfig,
    models_dir: Path,
    cache: ObservationCache,
    workers: int,
    progress: Progress | None = None,
) -> list[Observation]:
    """Observe all photos, in order; cached ones are not observed again. `progress` gets the numbers done and in all.

    Raises:
        ModelError: a weight is missing or altered.
    """
    pack = load_manifest().pack(config.pack)
    # These do not change what is seen; everything else in the configuration might.
    settings = model_id(config.pack, pack.embedder) + FRAMES + pack.detector.sha256
    settings += config.model_dump_json(exclude=_UNSEEN)
    contents = [key_of(_content(photo.path), f"{settings} {photo.stranger}") for photo in photos]
    missing = [i for i, key in enumerate(contents) if cache.get(key) is None]
    done = len(photos) - len(missing)
    unseen = [photos[i] for i in missing]
    for i, observation in zip(missing, _observe_missing(unseen, config, models_dir, workers), strict=True):
        cache.put(contents[i], observation)
        done += 1
        if progress:
            progress(done, len(photos))
    found = [cache.get(key) for key in contents]
    return [observation for observation in found if observation is not None]


def _observe_missing(
    photos: Sequence[EvaluationPhoto], config: MatcherConfig, models_dir: Path, workers: int
) -> Iterator[Observation]:
    if not photos:
        return
    config = config.model_copy(update={"threads": 1})
    if workers == 1:
        engine = open_engine(config, models_dir)
        yield from (observe(engine, config, _content(photo.path), not photo.stranger) for photo in photos)
        return
    with worker_pool(workers, _start_worker, (config, models_dir)) as pool:
        yield from pool.map(_observe_in_worker, photos, chunksize=4)


def _start_worker(config: MatcherConfig, models_dir: Path) -> None:
    global _engine
    cv2.setNumThreads(1)
    _engine = open_engine(config, models_dir), config


def _observe_in_worker(photo: EvaluationPhoto) -> Observation:
    assert _engine is not None
    return observe(*_engine, _content(photo.path), not photo.stranger)


def _content(path: Path) -> bytes:
    """Read the file; empty if it cannot be read, so that nothing is seen in it."""
    try:
        return read_bytes(path)
    except PhotoError:
        return b""
