"""A pack's models at work: detect, align, embed. Holds no state about people."""

from pathlib import Path
from typing import Protocol

import numpy as np

from edge.config import MatcherConfig
from edge.domain import Face, Image, Vector
from edge.matcher.align import align
from edge.matcher.detector import Detector
from edge.matcher.embedder import Embedder, postprocess
from edge.matcher.landmarks import closer_look
from edge.matcher.models import OwnPack, Pack, load_manifest, model_id, own_folder, own_pack, read_verified
from edge.matcher.session import Session


class FaceDetector(Protocol):
    def detect(self, image: Image) -> list[Face]: ...


class FaceEmbedder(Protocol):
    def embed(self, aligned: Image) -> Vector: ...


class FaceEngine:
    """The stages of one pack; each may be called and timed on its own."""

    def __init__(self, pack_name: str, pack: Pack | OwnPack, detector: FaceDetector, embedder: FaceEmbedder) -> None:
        self.pack = pack
        self.model_id = model_id(pack_name, pack.embedder)
        self._detector = detector
        self._embedder = embedder

    def detect(self, image: Image) -> list[Face]:
        """Every face in a BGR picture, best score first."""
        return self._detector.detect(image)

    def align(self, image: Image, face: Face) -> Image:
        """The face as a (112, 112, 3) BGR picture, aligned after a closer look at its points."""
        return align(image, closer_look(self._detector.detect, image, face))

    def embed(self, aligned: Image) -> Vector:
        """The unit vector of an aligned face and its mirror image together.

        They are the same person to us and not quite to a network: the sum halves what light from one side and the turn
        of the head add. One by one: the graph's batch size is fixed, and on a CPU two take twice the time anyway.
        """
        mirrored = np.ascontiguousarray(aligned[:, ::-1])
        return postprocess(self._embedder.embed(aligned) + self._embedder.embed(mirrored))


def open_engine(config: MatcherConfig, models_dir: Path) -> FaceEngine:
    """The engine of `config.pack`, its weights verified by hash.

    Raises:
        ModelError: unknown pack, a missing or altered weight, or an execution provider that is not there or fails.
    """
    folder = own_folder(config.pack)
    if folder is not None:
        from edge.matcher.insightface_engine import open_own  # an optional extra, loaded only by who asks for it

        return FaceEngine(config.pack, own_pack(folder), *open_own(config, folder))
    pack = load_manifest().pack(config.pack)
    sessions = [Session(read_verified(m, models_dir), config.providers, config.threads) for m in pack.models]
    detector = Detector(sessions[0], config.detector_score_min)
    return FaceEngine(config.pack, pack, detector, Embedder(sessions[1], pack.embedder.dimension))
