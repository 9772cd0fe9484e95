"""Run an operator's own SCRFD and ArcFace weights with insightface's classes. The only file that knows insightface.

`matcher.pack = "insightface:/folder"`. The folder holds the weights and a `pack.toml` that names them by hash
(`edge.matcher.weights.manifest.OwnPack`). Nothing is ever downloaded. insightface gets our own verified sessions.
"""

from pathlib import Path
from typing import Any

import numpy as np

from common.libraries import extra, loading
from edge.core.config import MatcherConfig
from edge.core.domain import Face, Image, Vector
from edge.matcher.engine.embedder import postprocess
from edge.matcher.engine.onnx_session import OnnxSession
from edge.matcher.weights.manifest import ModelError, OwnModel, load_own_pack, read_verified

DETECT_PX = (640, 640)
"""The input size of a detector whose size is free. One with a fixed size keeps its own."""


class ScrfdDetector:
    """insightface's SCRFD as `edge.matcher.engine.engine.FaceDetector`."""

    def __init__(self, path: Path, session: OnnxSession, score_min: float) -> None:
        """Raises ModelError if the graph is no SCRFD with landmarks."""
        scrfd, _ = _classes()
        # One session for every size: insightface would otherwise load others from the unverified file.
        self._scrfd: Any = scrfd(model_file=str(path), session=session.raw, static_shape_sessions=False)
        if not self._scrfd.use_kps:
            raise ModelError(
                f"{path} is not an SCRFD detector with five landmarks; use one whose name ends in _bnkps or _kps"
            )
        self._size = self._scrfd.static_input_size or DETECT_PX
        self._score_min = score_min

    def detect(self, image: Image, scale_max: float = 1.0) -> list[Face]:
        """Find every face in a BGR picture, best score first. `scale_max` is not used: the input size is set."""
        boxes, landmarks = self._scrfd.detect(image, input_size=self._size, det_thresh=self._score_min)
        return [_face(box, points) for box, points in zip(boxes, landmarks, strict=True)]


class ArcFaceEmbedder:
    """insightface's ArcFaceONNX as `edge.matcher.engine.engine.FaceEmbedder`. It finds mean and scale in the graph."""

    def __init__(self, path: Path, session: OnnxSession, dimension: int) -> None:
        """Raises ModelError if the graph gives vectors of another dimension."""
        _, arcface = _classes()
        self._arcface: Any = arcface(model_file=str(path), session=session.raw)
        found = self.embed(np.full((112, 112, 3), 127, dtype=np.uint8)).size
        if found != dimension:
            raise ModelError(f"{path} gives {found} numbers, pack.toml says {dimension}; correct pack.toml")

    def embed(self, aligned: Image) -> Vector:
        """Compute the unit vector of a (112, 112, 3) BGR picture."""
        return postprocess(np.asarray(self._arcface.get_feat(aligned), dtype=np.float32))


def open_own(config: MatcherConfig, folder: Path) -> tuple[ScrfdDetector, ArcFaceEmbedder]:
    """Open detector and embedder of the pack in `folder`, verified by hash.

    Raises:
        ModelError: no such pack, a missing or altered weight, a missing provider, or insightface is missing.
    """
    pack = load_own_pack(folder)

    def session(model: OwnModel) -> OnnxSession:
        return OnnxSession(read_verified(model, folder), config.providers, config.threads)

    detector = ScrfdDetector(folder / pack.detector.file, session(pack.detector), config.detector_score_min)
    embedder = ArcFaceEmbedder(folder / pack.embedder.file, session(pack.embedder), pack.embedder.dimension)
    return detector, embedder


def _classes() -> tuple[Any, Any]:
    with loading("insightface", extra("insightface"), ModelError):
        from insightface.model_zoo import SCRFD, ArcFaceONNX
    return SCRFD, ArcFaceONNX


def _face(box: Vector, landmarks: Vector) -> Face:
    """Convert insightface's (left, top, right, bottom, score) and five points, whose order is that of `Face`."""
    left, top, right, bottom, score = (float(value) for value in box)
    return Face((left, top, right - left, bottom - top), np.asarray(landmarks, np.float32), score)
