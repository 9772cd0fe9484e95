"""Error rates of a pack on a folder of photos, and the figures its manifest entry needs.

The folder has `people/<name>/*.jpg` (the first photo of each is the reference, the others are mated probes) and
`strangers/*.jpg` (one photo per person, enrolled nowhere: non-mated probes). Terms: ISO/IEC 19795-1.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.config import MatcherConfig
from edge.domain import Face, Image, Vector
from edge.matcher.engine import FaceEngine
from edge.matcher.models import ImpostorTail
from edge.matcher.quality import measure, objection
from edge.matcher.threshold import fit_tail, threshold_for


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`fnir` and `fpir` are shares of the usable mated and non-mated probes, one frame each, no vote."""

    photos: int
    unusable: int
    tail: ImpostorTail
    gallery: int
    threshold: float
    mated: int
    fnir: float
    non_mated: int
    fpir: float


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """A usable photo: whose (`name` is a person's folder, or a stranger's file), and its vector."""

    name: str
    enrolled: bool
    vector: Vector


def evaluate(
    engine: FaceEngine, config: MatcherConfig, folder: Path, progress: Callable[[int, int], None] | None = None
) -> Evaluation:
    """Look at every photo in `folder` and compare all with all. `progress` gets photos done and in all.

    Raises:
        ValueError: the folder has too few photos.
    """
    photos = list(_photos(folder))
    probes = []
    for done, (path, name, enrolled) in enumerate(photos, start=1):
        vector = _embed(engine, config, path)
        if vector is not None:
            probes.append(Probe(name, enrolled, vector))
        if progress:
            progress(done, len(photos))
    return summarise(probes, config, len(photos))


def _photos(folder: Path) -> Iterator[tuple[Path, str, bool]]:
    for path in sorted((folder / "people").glob("*/*.jpg")):
        yield path, path.parent.name, True
    for path in sorted((folder / "strangers").glob("*.jpg")):
        yield path, path.stem, False


def _embed(engine: FaceEngine, config: MatcherConfig, path: Path) -> Vector | None:
    """The vector of the face nearest to the middle of the photo; None if it is no usable one."""
    image: Image | None = cv2.imread(str(path))  # type: ignore[assignment]
    faces = engine.detect(image) if image is not None else []
    if image is None or not faces:
        return None
    middle = np.array([image.shape[1], image.shape[0]]) / 2

    def distance(face: Face) -> float:
        x, y, width, height = face.box
        return float(np.abs(np.array([x + width / 2, y + height / 2]) - middle).sum())

    face = min(faces, key=distance)
    aligned = engine.align(image, face)
    return None if objection(measure(face, aligned), config) else engine.embed(aligned)


def summarise(probes: list[Probe], config: MatcherConfig, photos: int) -> Evaluation:
    """The rates of `probes`, the usable ones of `photos`. Raises ValueError if they are too few."""
    if not probes:
        raise ValueError("no usable photo was found; the folder needs people/<name>/*.jpg and strangers/*.jpg")
    vectors = np.stack([probe.vector for probe in probes])
    names = np.array([probe.name for probe in probes])
    scores = vectors @ vectors.T
    tail = fit_tail(scores[np.triu(names[:, np.newaxis] != names[np.newaxis, :], k=1)])
    first = {probe.name: i for i, probe in reversed(list(enumerate(probes))) if probe.enrolled}
    reference = np.array(sorted(first.values()))
    mated = np.array([i for i, p in enumerate(probes) if p.enrolled and i != first[p.name]])
    strangers = np.array([i for i, p in enumerate(probes) if not p.enrolled])
    threshold = config.threshold or threshold_for(tail, len(reference))
    return Evaluation(
        photos=photos,
        unusable=photos - len(probes),
        tail=tail,
        gallery=len(reference),
        threshold=threshold,
        mated=len(mated),
        fnir=1 - _identified(scores, names, mated, reference, threshold),
        non_mated=len(strangers),
        fpir=float(np.mean(scores[np.ix_(strangers, reference)].max(axis=1) >= threshold)),
    )


def _identified(
    scores: NDArray[np.float32],
    names: NDArray[np.str_],
    probes: NDArray[np.intp],
    reference: NDArray[np.intp],
    threshold: float,
) -> float:
    """The share of mated probes whose own reference scores best, and at least `threshold`."""
    compared = scores[np.ix_(probes, reference)]
    right = names[reference][compared.argmax(axis=1)] == names[probes]
    return float(np.mean(right & (compared.max(axis=1) >= threshold)))
