"""Look at every photo as the gate looks at a frame, on all cores."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from edge.core.config import MatcherConfig
from edge.core.domain import Face, Image
from edge.matcher.engine.engine import FRAME, PHOTO, Care, FaceEngine, nearest_to_middle, open_engine
from edge.matcher.engine.quality import measure, objection
from edge.matcher.weights.manifest import FRAMES, load_manifest, model_id
from edge.system.photo_file import PhotoError, decode_photo, read_bytes
from edge.tools.evaluation.cache import Look, LookCache, key_of
from edge.tools.evaluation.photos import Photo

NO_FACE = "no_face"
UNREADABLE = "unreadable"
FRAME_PX = (640, 480)
"""Width and height of the frame in which a gate would see the photo: its search is coarser in a larger picture."""
_UNSEEN = {"threads", "threshold", "fpir_target", "self_calibrate"}
Progress = Callable[[int, int], None]

_engine: tuple[FaceEngine, MatcherConfig] | None = None
"""One engine per worker process, set by `_start_worker`; the only state there, and never in the parent."""


def look_at(engine: FaceEngine, config: MatcherConfig, photo: bytes, enrolled: bool = False) -> Look:
    """The face nearest to the middle of a photo as the gate would see it in a frame, with what it would object to it; and
    `enrolled`, as enrolment sees the photo, whose objections then count too."""
    try:
        image = decode_photo(photo)
    except PhotoError:
        return Look(UNREADABLE, None)
    frame = in_frame(image)
    faces = engine.find(frame, config.eye_distance_min_px)  # as coarsely as the gate ever does
    seen = _middle_look(engine, config, frame, faces, FRAME)
    if not enrolled or seen.vector is None:
        return seen
    template = _middle_look(engine, config, image, engine.detect(image), PHOTO)
    return Look(template.problem or seen.problem, seen.vector if template.vector is not None else None, template.vector)


def in_frame(image: Image) -> Image:
    """The photo in the middle of a black FRAME_PX frame, as large as it is; one that does not fit is returned as it is."""
    height, width = image.shape[:2]
    top, left = (FRAME_PX[1] - height) // 2, (FRAME_PX[0] - width) // 2
    if top < 0 or left < 0:
        return image
    frame = np.zeros((FRAME_PX[1], FRAME_PX[0], 3), np.uint8)
    frame[top : top + height, left : left + width] = image
    return frame


def _middle_look(engine: FaceEngine, config: MatcherConfig, image: Image, faces: list[Face], care: Care) -> Look:
    face = nearest_to_middle(faces, image)
    if face is None:
        return Look(NO_FACE, None)
    face = engine.refine(image, face, care)
    aligned = engine.cut(image, face)
    fault = objection(measure(face, aligned), config)
    return Look(fault.value if fault else "", engine.embed(aligned, care))


def look_at_all(
    photos: Sequence[Photo],
    config: MatcherConfig,
    models_dir: Path,
    cache: LookCache,
    workers: int,
    progress: Progress | None = None,
) -> list[Look]:
    """A look per photo, in order; what the cache knows is not looked at again. `progress` gets photos done and in all.

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
    for i, look in zip(missing, _looks(unseen, config, models_dir, workers), strict=True):
        cache.put(contents[i], look)
        done += 1
        if progress:
            progress(done, len(photos))
    found = [cache.get(key) for key in contents]
    return [look for look in found if look is not None]


def _looks(photos: Sequence[Photo], config: MatcherConfig, models_dir: Path, workers: int) -> Iterator[Look]:
    if not photos:
        return
    config = config.model_copy(update={"threads": 1})
    if workers == 1:
        engine = open_engine(config, models_dir)
        yield from (look_at(engine, config, _content(photo.path), not photo.stranger) for photo in photos)
        return
    # Spawned, not forked: a fork would copy locks that other threads of this process hold.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _start_worker, (config, models_dir)) as pool:
        yield from pool.map(_look_in_worker, photos, chunksize=4)


def _start_worker(config: MatcherConfig, models_dir: Path) -> None:
    global _engine
    cv2.setNumThreads(1)
    _engine = open_engine(config, models_dir), config


def _look_in_worker(photo: Photo) -> Look:
    assert _engine is not None
    return look_at(*_engine, _content(photo.path), not photo.stranger)


def _content(path: Path) -> bytes:
    """What is in the file; nothing, of which nothing can be seen, if it cannot be read."""
    try:
        return read_bytes(path)
    except PhotoError:
        return b""
