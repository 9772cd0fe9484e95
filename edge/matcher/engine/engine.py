"""Run a pack's models: detect, align, embed. Holds no state about people."""

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
"""Faces with this distance between the eyes are found as surely as large ones (docs/SPEED.md)."""


@dataclass(frozen=True, slots=True)
class Effort:
    """The work a face is worth: number of refinements of its points, and embedding of its mirror image too."""

    refinements: int
    mirrored: bool


PHOTO_EFFORT = Effort(refinements=4, mirrored=True)
"""A photo is enrolled once and compared every day, so everything that helps is done."""
FRAME_EFFORT = Effort(refinements=2, mirrored=False)
"""The next frame comes in 33 ms. Against a mirrored template, a mirrored frame gains little (docs/ACCURACY.md)."""


class FaceDetector(Protocol):
    def detect(self, image: Image, scale_max: float = 1.0) -> list[Face]: ...


class FaceEmbedder(Protocol):
    def embed(self, aligned: Image) -> Vector: ...


def nearest_to_middle(faces: Sequence[Face], image: Image) -> Face | None:
    """Choose the face nearest to the middle of a photo, which may show bystanders; None if there is none."""
    middle = np.array([image.shape[1], image.shape[0]]) / 2

    def distance(face: Face) -> float:
        x, y, width, height = face.box
        return float(np.abs(np.array([x + width / 2, y + height / 2]) - middle).sum())

    return min(faces, key=distance, default=None)


class FaceEngine:
    """The stages of one pack. Each may be called and timed alone."""

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
        """Find the faces with at least `least_px` between the eyes, and perhaps smaller ones; best first.

        The larger the faces, the faster than `detect`. The points are rougher: call `refine` next.
        """
        return self._detector.detect(frame, min(1.0, EYES_FOUND_PX / least_px))

    def refine(self, image: Image, face: Face, effort: Effort = PHOTO_EFFORT) -> Face:
        """Find the face's points again at a larger size. Quality and alignment become finer too."""
        return refine_landmarks(self._detector.detect, image, face, effort.refinements)

    def align(self, image: Image, face: Face, effort: Effort = PHOTO_EFFORT) -> Image:
        """Refine the points, then cut out the face as a (112, 112, 3) BGR picture."""
        return self.align_refined(image, self.refine(image, face, effort))

    def align_refined(self, image: Image, refined: Face) -> Image:
        """Cut out the face by its points as they are."""
        return align(image, refined)

    def vector_is_rotated(self, vector: Vector) -> bool:
        """True if this vector is that of a face upside down. Costs nothing; see `edge.matcher.engine.upright`."""
        return self._upright is not None and bool(rotated_vectors(vector[np.newaxis], self._upright)[0])

    def image_is_rotated(self, image: Image, refined: Face) -> bool:
        """True if this face is found as well or better in a rotated picture. Costs four small searches.

        Always False for a pack without an `upright` measurement: its detector may find rotated faces with true points.
        """
        return self._upright is not None and is_rotated(self._detector.detect, image, refined.landmarks)

    def best_rotated_score(self, photo: Image) -> float:
        """The best detection score in the photo rotated by 90°, 180° or 270°; 0 if there is none, or no measurement."""
        if self._upright is None:
            return 0.0
        turned = (self.detect(np.ascontiguousarray(np.rot90(photo, turns))) for turns in (1, 2, 3))
        return max((face.score for faces in turned for face in faces), default=0.0)

    def embed(self, aligned: Image, effort: Effort = PHOTO_EFFORT) -> Vector:
        """Compute the unit vector of an aligned face, together with its mirror image if `effort` says so.

        The two are one person to us, but not quite to a network. Their sum halves the effect of light from one side and
        of a turned head. They are embedded one by one. The graph's batch size is fixed, and on a CPU two take twice the
        time.
        """
        vector = self._embedder.embed(aligned)
        if not effort.mirrored:
            return vector
        return postprocess(vector + self._embedder.embed(np.ascontiguousarray(aligned[:, ::-1])))


def open_engine(config: MatcherConfig, models_dir: Path) -> FaceEngine:
    """Open the engine of `config.pack`, its weights verified by hash.

    Raises:
        ModelError: unknown pack, a missing or altered weight, or an execution provider that is missing or fails.
    """
    folder = own_folder(config.pack)
    if folder is not None:
        from edge.matcher.engine.insightface_engine import open_own  # an optional extra, loaded only when configured

        return FaceEngine(config.pack, load_own_pack(folder), *open_own(config, folder))
    pack = load_manifest().pack(config.pack)
    sessions = [OnnxSession(read_verified(m, models_dir), config.providers, config.threads) for m in pack.models]
    detector = Detector(sessions[0], config.detector_score_min)
    return FaceEngine(config.pack, pack, detector, Embedder(sessions[1], pack.embedder.dimension))
