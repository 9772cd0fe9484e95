"""SFace: an aligned face to a unit vector. The cosine of two vectors is their comparison score."""

import numpy as np

from edge.core.domain import Image, Vector
from edge.matcher.engine.onnx_session import OnnxSession, Tensor
from edge.matcher.weights.manifest import ModelError


def preprocess(aligned: Image) -> Tensor:
    """Convert (112, 112, 3) BGR to (1, 3, 112, 112) RGB, 0-255. The graph itself subtracts the mean and scales."""
    return np.ascontiguousarray(aligned[:, :, ::-1].transpose(2, 0, 1)[np.newaxis], dtype=np.float32)


def postprocess(raw: Tensor) -> Vector:
    """Normalise the network's output to a unit vector.

    Raises:
        ValueError: not finite, or zero.
    """
    vector = raw.reshape(-1)
    norm = float(np.linalg.norm(vector))
    if not np.isfinite(norm) or norm == 0:
        raise ValueError("the embedder's output is not finite or zero")
    return vector / np.float32(norm)


class Embedder:
    def __init__(self, session: OnnxSession, dimension: int) -> None:
        """Raises ModelError if the graph gives vectors of another dimension."""
        self._session = session
        found = self.embed(np.full((112, 112, 3), 127, dtype=np.uint8)).size
        if found != dimension:
            raise ModelError(f"the embedder gives {found} numbers, the manifest says {dimension}; correct the manifest")

    def embed(self, aligned: Image) -> Vector:
        """Compute the unit vector of a (112, 112, 3) BGR picture."""
        (raw,) = self._session.run(preprocess(aligned)).values()
        return postprocess(raw)
