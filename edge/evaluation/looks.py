"""Look at every photo as the gate looks at a frame, on all cores."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from edge.config import MatcherConfig
from edge.domain import Face, Image
from edge.evaluation.cache import Look, LookCache, key_of
from edge.evaluation.photos import Photo
from edge.matcher.engine import FaceEngine, open_engine
from edge.matcher.models import load_manifest, model_id
from edge.matcher.quality import measure, objection

NO_FACE = "no_face"
Progress = Callable[[int, int], None]

_engine: tuple[FaceEngine, MatcherConfig] | None = None
"""One engine per worker process, set by `_start_worker`; the only state there, and never in the parent."""


def look_at(engine: FaceEngine, config: MatcherConfig, photo: bytes) -> Look:
    """The face nearest to the middle of a photo, with what the gate would object to it."""
    image = _decoded(photo)
    face = middle_face(engine, image) if image is not None else None
    if image is None or face is None:
        return Look(NO_FACE, None)
    aligned = engine.align(image, face)
    sight = objection(measure(face, aligned), config)
    return Look(sight.value if sight else "", engine.embed(aligned))


def middle_face(engine: FaceEngine, image: Image) -> Face | None:
    """The face nearest to the middle of a photo; None if it shows none."""
    middle = np.array([image.shape[1], image.shape[0]]) / 2

    def distance(face: Face) -> float:
        x, y, width, height = face.box
        return float(np.abs(np.array([x + width / 2, y + height / 2]) - middle).sum())

    return min(engine.detect(image), key=distance, default=None)


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
    # Threads do not change what is seen; everything else in the configuration might.
    settings = model_id(config.pack, pack.embedder) + pack.detector.sha256 + config.model_dump_json(exclude={"threads"})
    contents = [key_of(photo.path.read_bytes(), settings) for photo in photos]
    missing = [i for i, key in enumerate(contents) if cache.get(key) is None]
    done = len(photos) - len(missing)
    paths = [photos[i].path for i in missing]
    for i, look in zip(missing, _looks(paths, config, models_dir, workers), strict=True):
        cache.put(contents[i], look)
        done += 1
        if progress:
            progress(done, len(photos))
    found = [cache.get(key) for key in contents]
    return [look for look in found if look is not None]


def _looks(paths: Sequence[Path], config: MatcherConfig, models_dir: Path, workers: int) -> Iterator[Look]:
    if not paths:
        return
    config = config.model_copy(update={"threads": 1})
    if workers == 1:
        engine = open_engine(config, models_dir)
        yield from (look_at(engine, config, path.read_bytes()) for path in paths)
        return
    # Spawned, not forked: a fork would copy locks that other threads of this process hold.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _start_worker, (config, models_dir)) as pool:
        yield from pool.map(_look_in_worker, paths, chunksize=4)


def _start_worker(config: MatcherConfig, models_dir: Path) -> None:
    global _engine
    cv2.setNumThreads(1)
    _engine = open_engine(config, models_dir), config


def _look_in_worker(path: Path) -> Look:
    assert _engine is not None
    return look_at(*_engine, path.read_bytes())


def _decoded(photo: bytes) -> Image | None:
    data = np.frombuffer(photo, dtype=np.uint8)
    return cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None  # type: ignore[return-value]
