"""A pack's models at work: detect, align, embed. Holds no state about people."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from edge.core.config import MatcherConfig
from edge.core.domain import Face, Image, Vector
from edge.matcher.engine.align import align
from edge.matcher.engine.detector import Detector
from edge.matcher.engine.embedder import Embedder, postprocess
from edge.matcher.engine.landmarks import refine_landmarks
from edge.matcher.engine.onnx_session import OnnxSession
from edge.matcher.engine.upright import is_rotated, rotated_vectors
from edge.matcher.weights.manifest import (
    OwnPack,
    Pack,
    load_manifest,
    load_own_pack,
    model_id,
    own_folder,
    read_verified,
)

EYES_FOUND_PX = 14
"""Faces with so many pixels between the eyes are found as surely as large ones (docs/SPEED.md)."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much work a face is worth: closer looks at its points, and whether its mirror image is embedded too."""

    refinements: int
    mirrored: bool


PHOTO_EFFORT = Effort(refinements=4, mirrored=True)
"""Enrolled once and compared every day: all that helps."""
FRAME_EFFORT = Effort(refinements=2, mirrored=False)
"""The next frame is 33 ms away. Against a mirrored template, a mirrored frame gains little (docs/ACCURACY.md)."""


class FaceDetector(Protocol):
    def detect(self, image: Image, scale_max: float = 1.0) -> list[Face]: ...


class FaceEmbedder(Protocol):
    def embed(self, aligned: Image) -> Vector: ...


def nearest_to_middle(faces: Sequence[Face], image: Image) -> Face | None:
    """The face nearest to the middle of a photo, which may show bystanders; None if there is none."""
    middle = np.array([image.shape[1], image.shape[0]]) / 2

    def distance(face: Face) -> float:
        x, y, width, height = face.box
        return float(np.abs(np.array([x + width / 2, y + height / 2]) - middle).sum())

    return min(faces, key=distance, default=None)


class FaceEngine:
    """The stages of one pack; each may be called and timed on its own."""

    def __init__(self, pack_name: str, pack: Pack | OwnPack, detector: FaceDetector, embedder: FaceEmbedder) -> None:
        self.pack = pack
        self._upright = pack.upright if isinstance(pack, Pack) else None
        self.model_id = model_id(pack_name, pack.embedder)
        self._detector = detector
        self._embedder = embedder

    def detect(self, image: Image) -> list[Face]:
        """Every face in a BGR picture, best score first."""
        return self._detector.detect(image)

    def detect_large(self, frame: Image, least_px: float) -> list[Face]:
        """The faces in a frame with at least so many pixels between the eyes, and perhaps smaller ones; best first.

        Faster than `detect` in the measure that they are large. The points are rougher: look closer with `refine`.
        """
        return self._detector.detect(frame, min(1.0, EYES_FOUND_PX / least_px))

    def refine(self, image: Image, face: Face, effort: Effort = PHOTO_EFFORT) -> Face:
        """The face with its points found afresh by a closer look: what is measured and aligned by them is finer too."""
        return refine_landmarks(self._detector.detect, image, face, effort.refinements)

    def align(self, image: Image, face: Face, effort: Effort = PHOTO_EFFORT) -> Image:
        """The face as a (112, 112, 3) BGR picture, aligned after a closer look at its points."""
        return self.align_refined(image, self.refine(image, face, effort))

    def align_refined(self, image: Image, refined: Face) -> Image:
        """The same, aligned by the points as they are."""
        return align(image, refined)

    def vector_is_rotated(self, vector: Vector) -> bool:
        """Whether this vector is that of a face upside down. Costs nothing; see `edge.matcher.engine.upright`."""
        return self._upright is not None and bool(rotated_vectors(vector[np.newaxis], self._upright)[0])

    def image_is_rotated(self, image: Image, refined: Face) -> bool:
        """Whether this face is found as well or better in a turned picture: another measurement, of four small searches.

        Not for packs that nobody measured: a detector that finds turned faces as well, with true points, needs no such check.
        """
        return self._upright is not None and is_rotated(self._detector.detect, image, refined.landmarks)

    def best_rotated_score(self, photo: Image) -> float:
        """The best detection score in the whole photo turned by 90°, 180° or 270°; 0 if there is no face in any, or nobody measured."""
        if self._upright is None:
            return 0.0
        turned = (self.detect(np.ascontiguousarray(np.rot90(photo, turns))) for turns in (1, 2, 3))
        return max((face.score for faces in turned for face in faces), default=0.0)

    def embed(self, aligned: Image, effort: Effort = PHOTO_EFFORT) -> Vector:
        """The unit vector of an aligned face, together with its mirror image where the care is worth it.

        They are the same person to us and not quite to a network: the sum halves what light from one side and the turn
        of the head add. One by one: the graph's batch size is fixed, and on a CPU two take twice the time anyway.
        """
        vector = self._embedder.embed(aligned)
        if not effort.mirrored:
            return vector
        return postprocess(vector + self._embedder.embed(np.ascontiguousarray(aligned[:, ::-1])))


def open_engine(config: MatcherConfig, models_dir: Path) -> FaceEngine:
    """The engine of `config.pack`, its weights verified by hash.

    Raises:
        ModelError: unknown pack, a missing or altered weight, or an execution provider that is not there or fails.
    """
    folder = own_folder(config.pack)
    if folder is not None:
        from edge.matcher.engine.insightface_engine import open_own  # an optional extra, loaded only by who asks for it

        return FaceEngine(config.pack, load_own_pack(folder), *open_own(config, folder))
    pack = load_manifest().pack(config.pack)
    sessions = [OnnxSession(read_verified(m, models_dir), config.providers, config.threads) for m in pack.models]
    detector = Detector(sessions[0], config.detector_score_min)
    return FaceEngine(config.pack, pack, detector, Embedder(sessions[1], pack.embedder.dimension))
